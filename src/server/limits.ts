/** Every limit of the servers, with where it comes from. Times in milliseconds, sizes in bytes. */

const SECOND = 1_000;
const MEBIBYTE = 1024 * 1024;

/**
 * An UPDATE carries two objects of at most 3 MiB each (apiserver server/config.go MaxRequestBodyBytes) and 1 MiB of
 * envelope: controller-runtime's limit too (pkg/webhook/admission/http.go). A smaller one would refuse objects that
 * the API server takes.
 */
export const BODY_LIMIT = 7 * MEBIBYTE;

/**
 * Idle time after an answer. The API server keeps idle connections for 90 s (net/http DefaultTransport) and does not
 * repeat a POST on a connection that the server closed, so the server keeps them for longer.
 */
export const KEEP_ALIVE_TIMEOUT = 150 * SECOND;

/**
 * A connection on which no byte moves for this long is ended: its client does not send the rest of its request, or does
 * not read its answer. Idle connections between two requests have KEEP_ALIVE_TIMEOUT instead.
 */
export const CONNECTION_TIMEOUT = 10 * SECOND;

/** Headers of the API server come at once; 32 s is controller-runtime's limit (pkg/internal/httpserver/server.go). */
export const HEADERS_TIMEOUT = 32 * SECOND;

/** The largest `timeoutSeconds` of a webhook (admissionregistration.k8s.io/v1). */
export const MAX_REVIEW_TIMEOUT = 30 * SECOND;

/** No caller waits for longer than MAX_REVIEW_TIMEOUT for a request to arrive. */
export const REQUEST_TIMEOUT = 35 * SECOND;

/** The API server gives up a handshake after 10 s (apiserver pkg/util/webhook: net/http TLSHandshakeTimeout). */
export const HANDSHAKE_TIMEOUT = 10 * SECOND;

/**
 * The API server keeps 25 idle connections per host and one more for each review under way; there are few API servers.
 * With some 50 kB for each (an estimate: TLS buffers and sockets) these take 100 MB of the 250 MiB beside the heap. A
 * quarter of them is for connections that have not sent a request yet.
 */
export const MAX_CONNECTIONS = 2_000;

/** Share of the connections of a server that is for those that have sent a request. */
export const ASKED_SHARE = 3 / 4;

/** Requests of a connection that wait for their answers. API servers, probes and scrapers send one at a time. */
export const MAX_PIPELINED = 10;

/** Probes, scrapes, and people. */
export const MAX_OPS_CONNECTIONS = 200;

/** File descriptors for all else: standard streams, the event loop, connections to the API server, files being read. */
export const OTHER_FILES = 100;

/** How often Node looks for connections over the limits of headers and requests. */
export const CONNECTIONS_CHECKING_INTERVAL = 5 * SECOND;

/** The default of `timeoutSeconds`, where the URL of a review has no timeout. */
export const DEFAULT_REVIEW_TIMEOUT = 10 * SECOND;

/** A live read takes about a millisecond; a review waits no longer than this for it. */
export const LIVE_READ_BUDGET = SECOND / 2;

/** Share of the caller's timeout that is kept for the way of the answer; at most MAX_MARGIN. */
export const MARGIN_SHARE = 1 / 10;

/** A busy network delivers an answer in less. */
export const MAX_MARGIN = SECOND / 4;

/** Share of the caller's timeout that live reads may use: several webhooks may share those seconds. */
export const LIVE_READ_SHARE = 1 / 3;

/** Seconds until the API server calls again after a 503; it repeats up to 10 times within its timeout. */
export const RETRY_AFTER_SECONDS = 1;

/**
 * Reviews under way at the same time: an API server has 200 writes in flight at most (--max-mutating-requests-inflight)
 * and a cluster has three, which may all ask one replica. At less than a millisecond each they are all answered within
 * the shortest timeout of a webhook, a second.
 */
export const MAX_REVIEWS = 600;

/**
 * Bodies of reviews under way, as announced, and answers that their clients have not taken yet: what 18 of the largest
 * bodies take. Beside the heap (640 MiB) and the program (130 MiB) 250 MiB are left of the container's memory; half of
 * that.
 */
export const MAX_REVIEW_BYTES = 128 * MEBIBYTE;

/**
 * A client that takes longer to send its body, or to read its answer, gives up its room where another review needs it:
 * 7 MiB take 60 ms at 1 Gbit/s.
 */
export const SLOW_CLIENT = SECOND;

/**
 * A request that the API server repeats keeps its place there for RETRY_AFTER_SECONDS: at most half of the 200 places
 * that it has for all writes of the cluster. Other rejected reviews are answered without Retry-After.
 */
export const MAX_RETRIES = 100;

/** A review that waits longer for its turn, and twice with a live read, comes close to a timeout of a second. */
export const MAX_LAG = SECOND / 2;

/** How often the lag is measured: more often than the limit is long. */
export const LAG_INTERVAL = SECOND / 10;

/** After SIGTERM the port closes once no request has come for this long. */
export const QUIET_PERIOD = SECOND;

/** The longest wait for that, beyond `--shutdown-delay`: a client that still sends will not notice the shutdown. */
export const MAX_WAIT_FOR_QUIET = 5 * SECOND;

/**
 * A connection that was made just before the port closed may still send its first request for this long: on a busy
 * machine a handshake takes seconds.
 */
export const LAST_REQUEST_WAIT = 5 * SECOND;

/** From the closing of the port to the end of the process: no shorter than the longest review under way. */
export const SHUTDOWN_DEADLINE = 30 * SECOND;

/** A client's text in a log line or in a one-line answer, in characters. Not cut: response.uid and the patch. */
export const MAX_CLIENT_TEXT = 256;
