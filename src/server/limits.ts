/** The limits of the servers, each with its source. Times are in milliseconds, sizes in bytes. */

const SECOND = 1_000;
const MEBIBYTE = 1024 * 1024;

/**
 * An UPDATE has two objects of at most 3 MiB each (apiserver server/config.go MaxRequestBodyBytes) and an envelope of at
 * most 1 MiB. controller-runtime has the same limit (pkg/webhook/admission/http.go). A smaller limit would refuse objects
 * that the API server accepts.
 */
export const BODY_LIMIT = 7 * MEBIBYTE;

/**
 * Idle time after an answer. The API server keeps idle connections for 90 s (net/http DefaultTransport), and does not
 * repeat a POST when the server closes the connection. So the server keeps connections for longer.
 */
export const KEEP_ALIVE_TIMEOUT = 150 * SECOND;

/**
 * A connection on which no byte moves for this long is closed: its client does not send the rest of its request, or does
 * not read its answer. Between two requests KEEP_ALIVE_TIMEOUT applies instead.
 */
export const CONNECTION_TIMEOUT = 10 * SECOND;

/** controller-runtime's limit (pkg/internal/httpserver/server.go). The API server sends its headers at once. */
export const HEADERS_TIMEOUT = 32 * SECOND;

/** The largest `timeoutSeconds` of a webhook (admissionregistration.k8s.io/v1). */
export const MAX_REVIEW_TIMEOUT = 30 * SECOND;

/** A request that takes longer than MAX_REVIEW_TIMEOUT to arrive has no caller any more. */
export const REQUEST_TIMEOUT = 35 * SECOND;

/** The API server aborts a handshake after 10 s (apiserver pkg/util/webhook: net/http TLSHandshakeTimeout). */
export const HANDSHAKE_TIMEOUT = 10 * SECOND;

/**
 * An API server keeps 25 idle connections per host and one more for each review under way, and a cluster has few API
 * servers. At about 50 kB each (an estimate: TLS buffers and sockets), these take 100 MB of the 250 MiB beside the heap.
 */
export const MAX_CONNECTIONS = 2_000;

/** Share of the connections of a server that is for those that have sent a request. */
export const USED_SHARE = 3 / 4;

/** Requests of one connection that wait for their answers. API servers, probes and scrapers send one at a time. */
export const MAX_PIPELINED = 10;

/** Probes, scrapes and people need far fewer. */
export const MAX_OPS_CONNECTIONS = 200;

/** File descriptors for the rest: standard streams, the event loop, connections to the API server, files being read. */
export const OTHER_FILES = 100;

/** How often Node checks connections for HEADERS_TIMEOUT and REQUEST_TIMEOUT. */
export const CONNECTIONS_CHECKING_INTERVAL = 5 * SECOND;

/** Where the URL of a review has no timeout: the default of `timeoutSeconds`. */
export const DEFAULT_REVIEW_TIMEOUT = 10 * SECOND;

/** How long a review waits for a live read, which takes about a millisecond. */
export const LIVE_READ_BUDGET = SECOND / 2;

/** Share of the caller's timeout that is reserved for the answer's way back, up to MAX_MARGIN. */
export const MARGIN_SHARE = 1 / 10;

/** Even a busy network delivers an answer in less. */
export const MAX_MARGIN = SECOND / 4;

/** Share of the caller's timeout that live reads may use. The API server may call several webhooks within its deadline. */
export const LIVE_READ_SHARE = 1 / 3;

/** Seconds until the API server calls again after a 503. It repeats a call up to 10 times within its timeout. */
export const RETRY_AFTER_SECONDS = 1;

/**
 * Reviews under way at the same time. An API server has at most 200 writes in flight (--max-mutating-requests-inflight),
 * and the three of a cluster may all call one replica. At less than a millisecond each, they are all answered within the
 * shortest timeout of a webhook, which is a second.
 */
export const MAX_REVIEWS = 600;

/**
 * Bodies of reviews under way, as announced, and answers that their clients have not read yet: room for 18 of the largest
 * bodies. Beside the heap (640 MiB) and the program (130 MiB), 250 MiB of the container's memory are left. This is half
 * of them.
 */
export const MAX_REVIEW_BYTES = 128 * MEBIBYTE;

/**
 * A client that takes longer to send its body, or to read its answer, is slow: its review is evicted where another review
 * needs the room. 7 MiB take 60 ms at 1 Gbit/s.
 */
export const SLOW_CLIENT = SECOND;

/**
 * Answers with Retry-After within RETRY_AFTER_SECONDS. Until the API server repeats such a request, it keeps one of the
 * 200 places for all writes in flight. This is half of them. Other rejected reviews are answered without Retry-After.
 */
export const MAX_RETRIES = 100;

/** A review waits for the event loop once, and twice with a live read. Any longer would come close to a timeout of 1 s. */
export const MAX_LAG = SECOND / 2;

/** How often the lag is measured. It must be well below MAX_LAG. */
export const LAG_INTERVAL = SECOND / 10;

/** After SIGTERM, the port closes once no request came for this long. */
export const QUIET_PERIOD = SECOND;

/** How long that may take beyond `--shutdown-delay`. A client that still sends then will not notice the shutdown. */
export const MAX_WAIT_FOR_QUIET = 5 * SECOND;

/**
 * How long a connection that was made just before the port closed may still send its first request: on a busy machine a
 * handshake takes seconds.
 */
export const LAST_REQUEST_WAIT = 5 * SECOND;

/** From the closing of the port to the end of the process. No review takes longer. */
export const SHUTDOWN_DEADLINE = 30 * SECOND;

/** Characters of a client's text in a log line or in a one-line answer. response.uid and the patch are not cut. */
export const MAX_CLIENT_TEXT = 256;
