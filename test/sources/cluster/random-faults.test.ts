import { expect, it } from "vitest";
import { setTimeout as delay } from "node:timers/promises";
import {
  begin,
  broken,
  errorEvent,
  type Fault,
  lines,
  reset,
  status,
  text,
  type Verb,
} from "../../support/fake-api-server.ts";
import { KIND, Reflection, SHORT_LIMITS } from "../../support/reflection.ts";
import { SEED_VARIABLE, seeded, testSeed } from "../../support/seed.ts";

const EVENTS = 2_000;
/** Events before the event loop turns, at most about this many. */
const MAX_BURST = 12;

const FAULTS: readonly Fault[] = [
  status(401),
  status(403),
  status(404),
  status(408),
  status(410),
  status(429, "busy", { "retry-after": "1" }),
  status(500),
  status(503),
  status(504, "Too large resource version: 1"),
  text(502, "<html>"),
  text(200, "{}"),
  reset,
  begin('{"type":"ADDED","object":{"kind'),
  broken('{"type":"ADDED","object":{"kind'),
  lines(),
  lines("garbage"),
  lines("{}", "null"),
  lines(errorEvent(410)),
  lines(errorEvent(500)),
];
const VERBS: readonly Verb[] = ["discovery", "list", "watch", "watch"];

it("2,000 random events and faults end with the index equal to a fresh list", async () => {
  const seed = testSeed();
  const random = seeded(seed);
  const limits = { ...SHORT_LIMITS, pageSize: 7, pageDeadline: 20, watchSeconds: () => 0.03, watchGrace: 0 };
  const reflection = await new Reflection({ limits }).start();
  const { server } = reflection;
  const name = (): string => `vmi-${random(40)}`;
  const actions: readonly (() => void)[] = [
    ...Array<() => void>(12).fill(() => {
      server.write(name(), `name ${random(15)}`);
    }),
    ...Array<() => void>(5).fill(() => {
      server.delete(name());
    }),
    ...Array<() => void>(4).fill(() => {
      server.fail(VERBS[random(VERBS.length)] ?? "watch", FAULTS[random(FAULTS.length)] ?? reset);
    }),
    () => {
      server.bookmark();
    },
    () => {
      server.endWatches();
    },
    () => {
      server.cutWatches();
    },
    () => {
      server.compact();
    },
    () => {
      server.sendLine('{"type":"ADDED","object":');
    },
  ];
  for (let event = 0; event < EVENTS; event++) {
    actions[random(actions.length)]?.();
    if (random(MAX_BURST) === 0) await delay(random(6));
  }
  try {
    await reflection.isCurrent();
    const scope = reflection.index.namespaced("dev");
    for (const displayName of new Set(Object.values(server.images(KIND)))) {
      const named = Object.entries(server.images(KIND)).filter(([, each]) => each === displayName);
      expect(scope.byDisplayName(displayName).length).toBe(named.length);
    }
    expect(reflection.reflector.state.syncedAt).toBeDefined();
  } catch (error) {
    throw new Error(`with ${SEED_VARIABLE}=${seed}`, { cause: error });
  }
});
