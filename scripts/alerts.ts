import { METRICS } from "../src/metrics/metric-table.ts";
import { HEALTHY_STATES } from "../src/sources/kind-status.ts";

/** A Prometheus alerting rule. */
export interface AlertRule {
  readonly alert: string;
  /** PromQL. */
  readonly expr: string;
  readonly for?: string;
  readonly annotations: { readonly summary: string };
}

const { requests, failed, state, age, ambiguous, certificate, ca, renewals, overwritings, build } = METRICS;

const HEALTHY = HEALTHY_STATES.join("|");

/** The examples of docs/metrics.md. */
export const ALERTS: readonly AlertRule[] = [
  {
    alert: "VmImageWebhookIndexStale",
    expr: `${age.name} > 180`,
    annotations: { summary: "The index of {{ $labels.kind }}s was last proven {{ $value }} s ago" },
  },
  {
    alert: "VmImageWebhookIndexNotLive",
    expr: `${state.name}{state!~"${HEALTHY}"} == 1`,
    for: "5m",
    annotations: { summary: "The index of {{ $labels.kind }}s is {{ $labels.state }}; /readyz?verbose says why" },
  },
  {
    alert: "VmImageWebhookAmbiguousNames",
    expr: `max by (kind) (${ambiguous.name}) > 0`,
    for: "15m",
    annotations: { summary: "{{ $value }} display names of {{ $labels.kind }}s mean several images" },
  },
  {
    alert: "VmImageWebhookReviewsFailed",
    expr: `sum by (webhook, reason) (increase(${failed.name}[10m])) > 0`,
    annotations: { summary: "Reviews at {{ $labels.webhook }} failed ({{ $labels.reason }})" },
  },
  {
    alert: "VmImageWebhookNoDecisions",
    expr: `sum by (webhook) (rate(${requests.name}{webhook=~"/mutate|/validate",code=~"5.."}[5m])) / sum by (webhook) (rate(${requests.name}{webhook=~"/mutate|/validate"}[5m])) > 0.01`,
    for: "5m",
    annotations: { summary: "More than 1 % of the reviews at {{ $labels.webhook }} get no decision" },
  },
  {
    alert: "VmImageWebhookCertificateExpires",
    expr: `${certificate.name} - time() < 7 * 24 * 3600`,
    annotations: { summary: "The serving certificate expires in {{ $value | humanizeDuration }}" },
  },
  {
    alert: "VmImageWebhookCaExpires",
    expr: `${ca.name} - time() < 30 * 24 * 3600`,
    annotations: { summary: "The CA of the serving certificate expires in {{ $value | humanizeDuration }}" },
  },
  {
    alert: "VmImageWebhookCertificateKept",
    expr: `increase(${renewals.name}{outcome="kept"}[1h]) > 0`,
    annotations: { summary: "A new certificate cannot be used; the last good one stays" },
  },
  {
    alert: "VmImageWebhookCaBundleContested",
    expr: `increase(${overwritings.name}[1h]) > 3`,
    annotations: { summary: "Somebody else writes caBundle of the webhook configurations again and again" },
  },
  {
    alert: "VmImageWebhookAway",
    expr: `absent(${build.name})`,
    for: "5m",
    annotations: { summary: "No replica is scraped" },
  },
];
