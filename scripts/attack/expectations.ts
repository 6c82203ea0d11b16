/** The expectations that a case may have. */
import type { Expectation } from "./case.ts";
import { textOf } from "./report.ts";

export const probesAnswered: Expectation = ({ probes }) =>
  probes.failed.size === 0 ? [] : [`probes failed: ${textOf(probes.failed)}`];

/** Every review gets its decision, at the first call or at a repetition. */
export const reviewsAnswered: Expectation = ({ honest }) =>
  honest.failed.size === 0 ? [] : [`honest reviews failed: ${textOf(honest.failed)}`];

/** Reviews may get 503 at the start of the attack, and none later. */
export function refusedAtMostFor(seconds: number): Expectation {
  return ({ honest: { failed, refusedAt } }) => {
    const late = refusedAt.filter((at) => at > seconds).length;
    const others = new Map([...failed].filter(([outcome]) => outcome !== "503"));
    return [
      ...(late === 0 ? [] : [`${late} honest reviews got 503 after ${seconds} s`]),
      ...(others.size === 0 ? [] : [`honest reviews failed: ${textOf(others)}`]),
    ];
  };
}

export const handshakesThrough: Expectation = ({ honest: { handshakes } }) =>
  handshakes.failed.size === 0 ? [] : [`honest handshakes failed: ${textOf(handshakes.failed)}`];

export const keptConnectionStays: Expectation = ({ honest: { keptConnections } }) =>
  keptConnections === 1 ? [] : ["the kept connection was cut"];

export function memoryBelow(mebibytes: number): Expectation {
  return ({ peakMiB }) => (peakMiB < mebibytes ? [] : [`not below ${mebibytes} MiB`]);
}

/** The server closes connections whose client does not read an answer. */
export function unreadAtMostFor(seconds: number): Expectation {
  return ({ unreadFor }) => (unreadFor <= seconds ? [] : [`an answer stayed unread for more than ${seconds} s`]);
}

export function recoversWithin(seconds: number): Expectation {
  return ({ recoveredAfter = Infinity }) => (recoveredAfter <= seconds ? [] : [`not recovered within ${seconds} s`]);
}

export const rightAnswers: Expectation = ({ figures }) => figures.wrong;

export const survives: Expectation = ({ died }) => (died === undefined ? [] : [`the server ended: ${died}`]);
