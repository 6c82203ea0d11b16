interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

/** A .cpuprofile as V8 writes it. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: CallFrame;
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[];
}

/** The first and the last sample of this file enclose the load: start and end of the process are left out. */
const HOT_FILE = "/src/server/admission-route.ts";
const LONGEST_LIST = 40;

/** Where the time went while reviews were served: by part of the program, then by function, in percent. */
export function summarise(profile: CpuProfile): string {
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const isHot = (id: number): boolean => frames.get(id)?.url.endsWith(HOT_FILE) === true;
  const first = profile.samples.findIndex(isHot);
  const last = profile.samples.findLastIndex(isHot);
  const parts = new Map<string, number>();
  const functions = new Map<string, number>();
  let all = 0;
  for (let sample = first; sample <= last && first !== -1; sample++) {
    const frame = frames.get(profile.samples[sample] ?? 0);
    const time = profile.timeDeltas[sample] ?? 0;
    if (frame === undefined || frame.functionName === "(idle)") continue;
    all += time;
    add(parts, partOf(frame), time);
    add(functions, `${frame.functionName || "(anonymous)"}  ${placeOf(frame)}`, time);
  }
  return [...lines(parts, all), "", ...lines(functions, all)].join("\n");
}

function add(sums: Map<string, number>, key: string, value: number): void {
  sums.set(key, (sums.get(key) ?? 0) + value);
}

function lines(sums: ReadonlyMap<string, number>, all: number): readonly string[] {
  const sorted = [...sums].toSorted(([, one], [, other]) => other - one).slice(0, LONGEST_LIST);
  return sorted.map(([what, time]) => `${((100 * time) / all).toFixed(1).padStart(5)} %  ${what}`);
}

/** A folder of ours, a package, or Node itself. */
function partOf({ url, functionName }: CallFrame): string {
  const [, ours] = /\/(src\/[^/]+)(?:\/[^/]+)?$/.exec(url) ?? [];
  if (ours !== undefined && !url.includes("node_modules")) return ours;
  const [, packageName] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? [];
  if (packageName !== undefined) return `package ${packageName}`;
  return url.startsWith("node:") ? url.replace(/^(node:internal\/[^/]+).*$/, "$1") : functionName || "(native)";
}

function placeOf({ url, lineNumber }: CallFrame): string {
  const short = url.replace(/^.*\/(node_modules\/|src\/)/, "$1").replace("node_modules/", "");
  return short === "" ? "" : `${short}:${lineNumber + 1}`;
}
