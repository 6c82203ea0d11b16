/**
 * The header `traceparent` of W3C Trace Context (https://www.w3.org/TR/trace-context/#traceparent-header): version, trace
 * ID, parent ID and flags, in hexadecimal. Version ff and IDs of zeros are invalid. A version after 00 may append more to
 * these 55 characters.
 */
const TRACEPARENT =
  /^(?!ff|00.{54})[\da-f]{2}-(?!0{32})(?<traceId>[\da-f]{32})-(?!0{16})[\da-f]{16}-[\da-f]{2}(?:-.*)?$/;

/** The trace ID of a `traceparent`, 32 hexadecimal digits. Undefined for an invalid header, as the rule wants it. */
export function traceIdOf(traceparent: string | readonly string[] | undefined): string | undefined {
  return typeof traceparent === "string" ? TRACEPARENT.exec(traceparent)?.groups?.["traceId"] : undefined;
}
