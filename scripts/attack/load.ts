/** Attackers that send too many or too large requests, and read their answers. */
import autocannon from "autocannon";
import { Agent, request } from "node:https";
import { BODY_LIMIT, HONEST_REVIEW, isRightAnswer, reviewOf } from "./bodies.ts";
import type { Figures, Target } from "./case.ts";
import { count, reasonOf } from "./honest.ts";
import { textOf } from "./report.ts";

/** Bodies of exactly the limit, six at a time, and of one byte more, two at a time, for 10 s. */
export async function largeBodies({ port }: Target): Promise<Figures> {
  const end = performance.now() + 10_000;
  const [atLimit, over] = [reviewOf(BODY_LIMIT), reviewOf(BODY_LIMIT + 1)];
  const ofLimit = new Map<string, number>();
  const ofOver = new Map<string, number>();
  const keepAsking = async (body: Buffer, tally: Map<string, number>): Promise<void> => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
    while (performance.now() < end) count(tally, await statusOf(port, agent, body));
    agent.destroy();
  };
  await Promise.all(
    Array.from({ length: 8 }, (_, position) =>
      position % 4 === 3 ? keepAsking(over, ofOver) : keepAsking(atLimit, ofLimit),
    ),
  );
  const wrong = [
    ...unexpected("at the limit", ofLimit, ["200", "503"]),
    ...unexpected("over it", ofOver, ["413", "503"]),
  ];
  if (!ofOver.has("413")) wrong.push("no 413 for a body over the limit");
  return { text: `at the limit: ${textOf(ofLimit) || "none"}; one byte over: ${textOf(ofOver) || "none"}`, wrong };
}

/** Measures 20 connections for 2 s. Then keeps 1,000 reviews under way for 15 s. */
export async function load({ port }: Target): Promise<Figures> {
  const usual = await fire(port, { connections: 20, duration: 2 });
  const tooMany = await fire(port, { connections: 1_000, duration: 15 });
  // Connections may break under this load: those outcomes are not answers.
  const statuses = new Map([...tooMany.answers].filter(([outcome]) => /^\d+$/.test(outcome)));
  const wrong = unexpected("answers", statuses, ["200", "503"]);
  if (tooMany.mismatches > 0) wrong.push(`${tooMany.mismatches} wrong answers`);
  const perSecond = Math.round((usual.answers.get("200") ?? 0) / 2);
  return { text: `${perSecond}/s before; 1,000 at a time for 15 s: ${textOf(tooMany.answers) || "none"}`, wrong };
}

type Cannonade = Pick<autocannon.Options, "connections" | "duration">;

async function fire(
  port: number,
  options: Cannonade,
): Promise<{ readonly answers: Map<string, number>; readonly mismatches: number }> {
  const answers = new Map<string, number>();
  const { promise, resolve, reject } = Promise.withResolvers<autocannon.Result>();
  const running = autocannon(
    {
      url: `https://127.0.0.1:${port}/mutate?timeout=10s`,
      method: "POST",
      headers: { "content-type": "application/json" },
      body: HONEST_REVIEW,
      timeout: 30,
      // A refusal of the overloaded server is text.
      verifyBody: (body) => body?.toString().startsWith("{") === false || isRightAnswer(String(body)),
      ...options,
    },
    (error: Error | null, result) => {
      if (error === null) resolve(result);
      else reject(error);
    },
  );
  running.on("response", (_, status) => {
    count(answers, String(status));
  });
  running.on("reqError", (error) => {
    count(answers, reasonOf(error));
  });
  return { answers, mismatches: (await promise).mismatches };
}

async function statusOf(port: number, agent: Agent, body: Buffer): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const headers = { "content-type": "application/json", "content-length": body.length };
  const asked = request({ host: "127.0.0.1", port, agent, method: "POST", path: "/mutate?timeout=10s", headers });
  asked.on("response", (response) => {
    response.resume().on("close", () => {
      resolve(String(response.statusCode));
    });
  });
  asked.on("error", (error) => {
    resolve(reasonOf(error));
  });
  asked.end(body);
  return promise;
}

/** The outcomes that are not expected. */
function unexpected(what: string, tally: ReadonlyMap<string, number>, expected: readonly string[]): string[] {
  return [...tally]
    .filter(([outcome]) => !expected.includes(outcome))
    .map(([outcome, times]) => `${what}: ${times} ${outcome}`);
}
