import { describe, expect, test } from "vitest";
import { traceIdOf } from "../../src/server/trace-context.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const PARENT_ID = "b7ad6b7169203331";

describe("the trace ID of a traceparent", () => {
  test.each([
    [`00-${TRACE_ID}-${PARENT_ID}-01`, "of version 00"],
    [`00-${TRACE_ID}-${PARENT_ID}-00`, "that is not sampled"],
    [`cc-${TRACE_ID}-${PARENT_ID}-01`, "of a later version"],
    [`cc-${TRACE_ID}-${PARENT_ID}-01-what.comes`, "of a later version with more fields"],
  ])("is read from %s, %s", (header) => {
    expect(traceIdOf(header)).toBe(TRACE_ID);
  });

  test.each([
    { header: undefined, fault: "missing" },
    { header: "", fault: "empty" },
    { header: `ff-${TRACE_ID}-${PARENT_ID}-01`, fault: "of the invalid version" },
    { header: `00-${TRACE_ID}-${PARENT_ID}-01-more`, fault: "of version 00 with more fields" },
    { header: `00-${TRACE_ID.toUpperCase()}-${PARENT_ID}-01`, fault: "in upper case" },
    { header: `00-${"0".repeat(32)}-${PARENT_ID}-01`, fault: "with a trace ID of zeros" },
    { header: `00-${TRACE_ID}-${"0".repeat(16)}-01`, fault: "with a parent ID of zeros" },
    { header: `00-${TRACE_ID}-${PARENT_ID}`, fault: "without flags" },
    { header: `00-${TRACE_ID}-${PARENT_ID}-01, 00-${TRACE_ID}-${PARENT_ID}-01`, fault: "sent twice" },
    { header: `00-${TRACE_ID}\n-${PARENT_ID}-01`, fault: "with a line break" },
  ])("is none for $header, $fault", ({ header }) => {
    expect(traceIdOf(header)).toBeUndefined();
  });
});
