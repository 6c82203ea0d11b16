import { decider } from "../../src/admission/decide.ts";
import { describe, expect, test } from "vitest";
import type { Levels } from "../../src/references/policy.ts";
import type { ImageQuery } from "../../src/images/image-index.ts";
import { admissionServer } from "../../src/server/admission-server.ts";
import { createReview, type Json, responseOf, virtualMachine } from "../support/admission-review.ts";
import { indexOf, vmi } from "../support/catalogue.ts";
import { LogLines } from "../support/log-lines.ts";
import { DEFAULT_POLICY } from "../support/webhook.ts";

interface Asked {
  readonly misses: ImageQuery[];
  readonly budgets: number[];
  readonly status: number;
  readonly response: Json;
  readonly headers: Record<string, unknown>;
  readonly logged: LogLines;
}

/** The answer to a review of a machine with this spec, by a server with this confirmation. */
async function ask(
  spec: unknown,
  confirm: (index: ReturnType<typeof indexOf>) => Promise<boolean>,
  {
    timeout = "10s",
    levels = DEFAULT_POLICY.levels,
    path = "/mutate",
    groups = [],
  }: { timeout?: string; levels?: Levels; path?: string; groups?: readonly string[] } = {},
): Promise<Asked> {
  const index = indexOf([vmi("vmi-a", "ubuntu"), vmi("vmi-p", "photon"), vmi("vmi-q", "photon")]);
  const misses: ImageQuery[] = [];
  const budgets: number[] = [];
  const logged = new LogLines();
  const server = admissionServer({
    index,
    decide: decider({ ...DEFAULT_POLICY, levels }),
    log: logged.log,
    confirm: (miss, budget) => {
      misses.push(miss);
      budgets.push(budget);
      return confirm(index);
    },
  });
  const answer = await server.inject({
    method: "POST",
    url: `${path}?timeout=${timeout}`,
    headers: { "content-type": "application/json" },
    payload: JSON.stringify(createReview({ object: virtualMachine(spec), userInfo: { username: "x", groups } })),
  });
  await server.close();
  const response = answer.statusCode === 200 ? responseOf(answer.body) : {};
  return { misses, budgets, status: answer.statusCode, response, headers: answer.headers, logged };
}

const CONFIRMED = (): Promise<boolean> => Promise.resolve(true);

describe("a name that the index does not know", () => {
  test("is read from the API server before it is refused", async () => {
    const { misses, status, response, logged } = await ask({ imageName: "rocky" }, CONFIRMED);
    expect(misses).toEqual([{ namespace: "dev", name: "rocky", kind: undefined }]);
    expect(status).toBe(200);
    expect(response["allowed"]).toBe(false);
    expect(logged.lines.filter(({ msg }) => msg === "review")).toHaveLength(1);
  });

  test("is admitted if a new image has it", async () => {
    const { response } = await ask({ imageName: "rocky" }, (index) => {
      index.apply(vmi("vmi-new", "rocky", { resourceVersion: "2" }));
      return CONFIRMED();
    });
    expect(response["allowed"]).toBe(true);
  });

  test("with a kind is read for that kind only", async () => {
    const spec = { image: { kind: "VirtualMachineImage", name: "rocky" } };
    const { misses } = await ask(spec, CONFIRMED);
    expect(misses).toEqual([{ namespace: "dev", name: "rocky", kind: "VirtualMachineImage" }]);
  });

  test("is answered 503 where the API server cannot be asked", async () => {
    const { status, headers, logged } = await ask({ imageName: "rocky" }, () => Promise.resolve(false));
    expect(status).toBe(503);
    expect(headers["retry-after"]).toBe("1");
    expect(logged.lines.at(-1)).toMatchObject({ msg: "review", decision: "undecided" });
  });

  test("is answered 500 where the read throws", async () => {
    const { status, logged } = await ask({ imageName: "rocky" }, () => Promise.reject(new Error("a bug")));
    expect(status).toBe(500);
    expect(logged.lines.at(-1)).toMatchObject({ msg: "review failed" });
  });

  test.each([
    ["30s", 500],
    ["1s", 1_000 / 3],
  ])("is read within a share of ?timeout=%s", async (timeout, most) => {
    const { budgets } = await ask({ imageName: "rocky" }, CONFIRMED, { timeout });
    expect(budgets).toHaveLength(1);
    expect(budgets[0]).toBeGreaterThan(0);
    expect(budgets[0]).toBeLessThanOrEqual(most);
  });
});

describe.each(["/mutate", "/validate"])(
  "an image that a privileged caller names and the index does not know, at %s",
  (path) => {
    const spec = { image: { kind: "VirtualMachineImage", name: "vmi-new" } };
    const asked = { path, groups: ["system:masters"] };

    test("is read from the API server before it is admitted unchanged", async () => {
      const { misses, response } = await ask(spec, CONFIRMED, asked);
      expect(misses).toEqual([{ namespace: "dev", name: "vmi-new", kind: "VirtualMachineImage" }]);
      expect(response).toMatchObject({ allowed: true });
      expect(response["patch"]).toBeUndefined();
      expect(response["warnings"] === undefined).toBe(path === "/mutate");
    });

    test("is answered 503 where the API server cannot be asked", async () => {
      expect((await ask(spec, () => Promise.resolve(false), asked)).status).toBe(503);
    });

    test("is resolved if a new image has it", async () => {
      const { response } = await ask(
        spec,
        (index) => {
          index.apply(vmi("vmi-new", "rocky", { resourceVersion: "2" }));
          return CONFIRMED();
        },
        asked,
      );
      expect(response).toMatchObject({ allowed: true });
      expect(response["warnings"]).toBeUndefined();
    });
  },
);

describe("no live read happens for", () => {
  test.each([
    ["a name that the index knows", { imageName: "ubuntu" }],
    ["an ambiguous name", { imageName: "photon" }],
    ["a kind that is no image kind", { image: { kind: "Secret", name: "x" } }],
    ["no name at all", {}],
  ])("%s", async (_, spec) => {
    const { misses } = await ask(spec, CONFIRMED);
    expect(misses).toEqual([]);
  });

  test("a name that exists=warn does not refuse", async () => {
    const levels = { ...DEFAULT_POLICY.levels, exists: "warn" } as const;
    expect((await ask({ imageName: "rocky" }, CONFIRMED, { levels })).misses).toEqual([]);
  });
});
