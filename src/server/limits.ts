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
 * From a connection's last request. The API server keeps idle connections for 90 s (net/http DefaultTransport) after an
 * answer, which comes 30 s after the request at most, and does not repeat a POST on one that we closed; so we hold them
 * for longer than it does.
 */
export const KEEP_ALIVE_TIMEOUT = 150 * SECOND;

/** Headers of the API server come at once; 32 s is controller-runtime's limit (pkg/internal/httpserver/server.go). */
export const HEADERS_TIMEOUT = 32 * SECOND;

/** A webhook's `timeoutSeconds` is at most 30: nobody waits for a request that takes longer to arrive. */
export const REQUEST_TIMEOUT = 35 * SECOND;

/** The API server gives up a handshake after 10 s (apiserver pkg/util/webhook: net/http TLSHandshakeTimeout). */
export const HANDSHAKE_TIMEOUT = 10 * SECOND;

/**
 * The API server keeps 25 idle connections per host and one more for each review under way; there are few API servers.
 * With some 50 kB for each (an estimate: TLS buffers and sockets) these take 100 MB of the 250 MiB beside the heap.
 */
export const MOST_CONNECTIONS = 2_000;

/** Probes, scrapes, and people. */
export const MOST_OPS_CONNECTIONS = 200;

/** How often Node looks for connections over the limits of headers and requests. */
export const CONNECTIONS_CHECKING_INTERVAL = 5 * SECOND;

/** What the API server waits for where the query says nothing: the default of `timeoutSeconds`. */
export const DEFAULT_REVIEW_TIMEOUT = 10 * SECOND;

/** A read beside the index takes about a millisecond; the person waits for no more than this. */
export const LIVE_READ_BUDGET = SECOND / 2;

/** Of the time that the caller waits, what stays for the answer to get there; no more than the next. */
export const MARGIN_SHARE = 1 / 10;

/** A busy network takes less to bring an answer. */
export const LONGEST_MARGIN = SECOND / 4;

/** Of the caller's time, so that the answer still comes in it: several webhooks may share those seconds. */
export const LIVE_READ_SHARE = 1 / 3;

/** Seconds until the API server calls again after a 503; it repeats up to 10 times within its timeout. */
export const RETRY_AFTER_SECONDS = 1;

/**
 * Reviews under way at the same time: an API server has 200 writes in flight at most (--max-mutating-requests-inflight)
 * and a cluster has three, which may all ask one replica. At less than a millisecond each they are all answered within
 * the shortest timeout of a webhook, a second.
 */
export const MOST_REVIEWS = 600;

/**
 * Bodies of reviews under way, as announced: what 18 of the largest take. Beside the heap (640 MiB) and the program
 * (130 MiB) 250 MiB are left of the container's memory; half of that.
 */
export const MOST_BODY_BYTES = 128 * MEBIBYTE;

/** A body that takes longer gives way where there is no room: one of 7 MiB takes 60 ms at 1 Gbit/s. */
export const SLOW_BODY = SECOND;

/**
 * Who is told to come back holds its place in the API server for RETRY_AFTER_SECONDS: half of the 200 that it has for all
 * writes of the cluster. Beyond that callers are told at once that it did not go well.
 */
export const MOST_HELD = 100;

/** Reviews that wait longer than this for their turn, twice for live reads too, come close to a timeout of a second. */
export const MOST_LAG = SECOND / 2;

/** How often the lag is measured: often enough to know of it within the limit. */
export const LAG_INTERVAL = SECOND / 10;

/** After SIGTERM nobody may have asked for so long before the port closes: a caller that lags has been seen by then. */
export const QUIET_PERIOD = SECOND;

/** Most that quiet is waited for, beyond `--shutdown-delay`: whoever still asks has not heard that we go, and will not. */
export const MOST_WAIT_FOR_QUIET = 5 * SECOND;

/**
 * A connection that was made in the last moment may still send its first request for so long: a busy machine takes
 * seconds for a handshake. Nobody waits for us meanwhile.
 */
export const LAST_REQUEST_WAIT = 5 * SECOND;

/** Between the closing of the port and the end of the process: no less than the longest review that may be under way. */
export const SHUTDOWN_DEADLINE = 30 * SECOND;
