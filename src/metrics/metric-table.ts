import { CHECK_IDS } from "../admission/systems.ts";
import { RENEWAL_OUTCOMES } from "../certs/certificate-source.ts";
import { IMAGE_KINDS } from "../images/image.ts";
import { STATES } from "../sources/kind-status.ts";
import { LIVE_READ_OUTCOMES } from "../sources/live-read-outcomes.ts";
import { ENDPOINT_PATHS } from "../server/admission-server.ts";

/** The values of a label: these and no other, or a text that no caller can influence. */
export type LabelValues = readonly string[] | { readonly text: string };

export interface MetricRow {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  /** What the metric counts, and what an operator does about it. */
  readonly help: string;
  readonly labels: Readonly<Record<string, LabelValues>>;
  /** Upper bounds, of a histogram only. */
  readonly buckets?: readonly number[];
}

const WEBHOOKS = Object.values(ENDPOINT_PATHS);
const KINDS = IMAGE_KINDS;

export const DECISIONS = ["allowed", "patched", "refused", "undecided"] as const;
/** A check, `type` (a value of the wrong JSON type) or `limit` (too many references). */
export const COUNTED_CHECKS = [...CHECK_IDS, "type", "limit"] as const;
export const EFFECTS = ["deny", "warn"] as const;
export const OUTCOMES = ["resolved", "ambiguous", "notFound", "unsupportedKind", "nameless", "notSynced"] as const;
/** Why the API server got no usable answer to a review, by HTTP status. */
export const FAILURES = { 500: "error", 504: "late", 408: "slow", 499: "gone" } as const;

/** From 0.1 ms, which a review takes, to 1 s, which no review should take. */
const LATENCY_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

/** The metrics, without those of the process. The first three have controller-runtime's names and labels. */
export const METRICS = {
  requests: {
    name: "controller_runtime_webhook_requests_total",
    type: "counter",
    help: "Review requests by the HTTP status of their answer; 499: the caller had gone. A refusal is a 200. Alert on a share of 5xx: there the API server asks again, or applies failurePolicy.",
    labels: { webhook: WEBHOOKS, code: { text: "HTTP status" } },
  },
  inFlight: {
    name: "controller_runtime_webhook_requests_in_flight",
    type: "gauge",
    help: "Review requests under way now. Climbs where reviews come faster than they are answered: add replicas or CPU.",
    labels: { webhook: WEBHOOKS },
  },
  latency: {
    name: "controller_runtime_webhook_latency_seconds",
    type: "histogram",
    help: "Seconds from the headers of a review request to the end of its answer. Compare with apiserver_admission_webhook_admission_duration_seconds: what is not here is the network's.",
    labels: { webhook: WEBHOOKS },
    buckets: LATENCY_BUCKETS,
  },
  decisions: {
    name: "vm_image_webhook_decisions_total",
    type: "counter",
    help: "Reviews by what was decided. A sudden share of refused is a broken pipeline or a lost content library; undecided (503) is an index that cannot be trusted, or a live read that failed: look at index_state and live_reads_total.",
    labels: { webhook: WEBHOOKS, decision: DECISIONS },
  },
  problems: {
    name: "vm_image_webhook_check_problems_total",
    type: "counter",
    help: "Problems that checks found, by what they did. Before a check goes from warn to deny, this says how many objects it would refuse.",
    labels: { webhook: WEBHOOKS, check: COUNTED_CHECKS, level: EFFECTS },
  },
  resolutions: {
    name: "vm_image_webhook_resolutions_total",
    type: "counter",
    help: "References that were looked up, by how that ended; most come twice, at mutate and at validate. Much ambiguous or notFound: tell the people who name images.",
    labels: { webhook: WEBHOOKS, outcome: OUTCOMES },
  },
  failed: {
    name: "vm_image_webhook_reviews_failed_total",
    type: "counter",
    help: "Reviews without an answer that serves: error is a bug, with the review's uid in the log; late came after its timeout; slow sent its body so slowly that others needed its place; gone is a caller that did not wait. Any is worth a look.",
    labels: { webhook: WEBHOOKS, reason: Object.values(FAILURES) },
  },
  rejected: {
    name: "vm_image_webhook_reviews_shed_total",
    type: "counter",
    help: "Reviews sent away with 503 because there were too many at once. More than a few: add replicas or CPU.",
    labels: { webhook: WEBHOOKS },
  },
  state: {
    name: "vm_image_webhook_index_state",
    type: "gauge",
    help: "1 for the state that the images of a kind are in, 0 for all others. Alert on any but live, resyncing and absent; /readyz?verbose says why. A folder is live while it can be read, else stale.",
    labels: { kind: KINDS, state: Object.keys(STATES) },
  },
  age: {
    name: "vm_image_webhook_index_age_seconds",
    type: "gauge",
    help: "Seconds since the index was last known to be what the API server, or the folder, has; before the first time, since the start. Bookmarks renew it each minute: alert above 180.",
    labels: { kind: KINDS },
  },
  images: {
    name: "vm_image_webhook_index_images",
    type: "gauge",
    help: "Images in the index. Near --max-images raise that and the memory limit; a sudden drop is a content library that went away.",
    labels: { kind: KINDS },
  },
  ambiguous: {
    name: "vm_image_webhook_index_ambiguous_names",
    type: "gauge",
    help: "Display names that two or more images of one namespace, or of the cluster, have now; images being deleted do not count. An object that uses such a name is refused: rename an image.",
    labels: { kind: KINDS },
  },
  relists: {
    name: "vm_image_webhook_index_relists_total",
    type: "counter",
    help: "Complete lists after the first. Many an hour load the API server: look for what ends the watches.",
    labels: { kind: KINDS },
  },
  watchRestarts: {
    name: "vm_image_webhook_index_watch_restarts_total",
    type: "counter",
    help: "Watches opened after the first; one every five to ten minutes is usual. More: a proxy or load balancer cuts connections.",
    labels: { kind: KINDS },
  },
  badLines: {
    name: "vm_image_webhook_index_bad_lines_total",
    type: "counter",
    help: "Lines and pages that are not what an API server writes. Any: something between us and it answers in its place.",
    labels: { kind: KINDS },
  },
  badObjects: {
    name: "vm_image_webhook_index_bad_objects_total",
    type: "counter",
    help: "Image objects left out because they are no usable image, each time they were seen. Any: the log names one, and no object can use it by name.",
    labels: { kind: KINDS },
  },
  liveReads: {
    name: "vm_image_webhook_live_reads_total",
    type: "counter",
    help: "Looks at the API server before a name was refused, one a kind. Many refused: a loop asks for names that do not exist; any failed is a review with 503: the API server, or the right to get images.",
    labels: { outcome: Object.keys(LIVE_READ_OUTCOMES) },
  },
  certificate: {
    name: "vm_image_webhook_certificate_expiry_timestamp_seconds",
    type: "gauge",
    help: "Unix time at which the serving certificate in use expires (notAfter). After it the API server cannot call. Those of --cert-mode cluster have ten days left when they are renewed: alert a week before.",
    labels: {},
  },
  ca: {
    name: "vm_image_webhook_ca_expiry_timestamp_seconds",
    type: "gauge",
    help: "Unix time at which the CA that signed it expires, with --cert-mode cluster. It has four months left when the next one is made: alert a month before.",
    labels: {},
  },
  renewals: {
    name: "vm_image_webhook_certificate_renewals_total",
    type: "counter",
    help: "Certificates after the first: used is a renewal; kept is one that could not be used (half-written, another key, wrong name), so that the last good one stayed. Any kept: the log says why.",
    labels: { outcome: Object.keys(RENEWAL_OUTCOMES) },
  },
  overwritings: {
    name: "vm_image_webhook_ca_bundle_overwritten_total",
    type: "counter",
    help: "Times that somebody else wrote caBundle of our configurations, with --cert-mode cluster. Many: a GitOps tool fights for it; the log names the writer.",
    labels: {},
  },
  build: {
    name: "vm_image_webhook_build_info",
    type: "gauge",
    help: "Always 1. Two versions at once are an update under way, or one that got stuck; nodejs_version_info has Node's.",
    labels: { version: { text: "of this program" } },
  },
} as const satisfies Readonly<Record<string, MetricRow>>;

export type MetricId = keyof typeof METRICS;
