import { once } from "node:events";
import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { pino } from "pino";
import { describe, expect, onTestFinished, test } from "vitest";
import { SYSTEM_TIMING, type Timing } from "../../../src/common/timing.ts";
import { IMAGE_KINDS } from "../../../src/images/image.ts";
import { MemoryImageIndex } from "../../../src/images/image-index.ts";
import { FolderSource } from "../../../src/sources/folder/folder-source.ts";
import type { ReadinessCheck } from "../../../src/common/readiness.ts";
import { condition } from "../../support/condition.ts";
import { imageManifest } from "../../support/image-manifest.ts";
import { LogLines } from "../../support/log-lines.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

/** Milliseconds. */
const POLL_INTERVAL = 7;
const KEPT = "images changed and cannot be read; the last good set stays";

interface Watched {
  readonly folder: string;
  readonly source: FolderSource;
  readonly index: MemoryImageIndex;
  readonly logged: LogLines;
  readonly stop: AbortController;
  /** Waits until this many further polls have ended, with any result. */
  readonly polls: (count: number) => Promise<void>;
  readonly timing: Timing;
  /** Writes a file below the folder. */
  readonly write: (path: string, text: string) => void;
  /** Waits until the index finds exactly these images by the display name. */
  readonly finds: (displayName: string, names: readonly string[]) => Promise<void>;
}

function source(folder: string): Omit<Watched, "write" | "finds"> {
  const logged = new LogLines();
  const stop = new AbortController();
  onTestFinished(() => {
    stop.abort();
  });
  let delays = 0;
  const delay: Timing["delay"] = (milliseconds, signal) => {
    delays++;
    return SYSTEM_TIMING.delay(milliseconds, signal);
  };
  const polls = (count: number): Promise<void> => {
    const before = delays;
    return condition(`${count} polls`, () => delays >= before + count);
  };
  const timing = { ...SYSTEM_TIMING, delay };
  const made = new FolderSource({ directory: folder, log: logged.log, timing, pollInterval: POLL_INTERVAL });
  return { folder, source: made, index: new MemoryImageIndex(), logged, stop, polls, timing };
}

/** The state of the source. A folder has only one part. */
function readinessOf(made: FolderSource): ReadinessCheck {
  const [check, ...others] = made.readiness();
  if (check === undefined || others.length > 0) throw new Error("not one check");
  return check;
}

/** A folder with these files, watched until the test ends. */
async function watched(files: Readonly<Record<string, string>>): Promise<Watched> {
  const parts = source(temporaryFolder());
  const { folder, index } = parts;
  const write = (path: string, text: string): void => {
    writeFileSync(join(folder, path), text);
  };
  for (const [path, text] of Object.entries(files)) write(path, text);
  await parts.source.start(index, parts.stop.signal);
  const finds = (displayName: string, names: readonly string[]): Promise<void> =>
    condition(`${displayName} is ${names.join()}`, () => {
      const images = index.namespaced("dev").byDisplayName(displayName);
      return images.map(({ name }) => name).join() === names.join();
    });
  return { ...parts, write, finds };
}

/** Waits until a new change is in the index, so that the source has polled its folder since. */
async function pollsAgain({ write, finds }: Watched): Promise<void> {
  write("again.yaml", imageManifest("vmi-again", "again"));
  await finds("again", ["vmi-again"]);
}

describe("the start", () => {
  test("reads every .yaml, .yml and .json below the folder, and reports the number of images", async () => {
    const { folder, source: made, index, logged, stop } = source(temporaryFolder());
    expect(readinessOf(made)).toMatchObject({ status: "failed", text: `${folder} not read yet` });
    mkdirSync(join(folder, "sub", "deeper"), { recursive: true });
    writeFileSync(join(folder, "a.yaml"), imageManifest("vmi-a", "a"));
    writeFileSync(join(folder, "sub", "b.yml"), imageManifest("vmi-b", "b"));
    const cluster = { apiVersion: "vmoperator.vmware.com/v1alpha6", kind: "ClusterVirtualMachineImage" };
    const json = JSON.stringify({ ...cluster, metadata: { name: "vmi-c" }, status: { name: "c" } });
    writeFileSync(join(folder, "sub", "deeper", "c.json"), json);
    writeFileSync(join(folder, "notes.txt"), "not: [yaml");
    writeFileSync(join(folder, ".hidden.yaml"), "not: [yaml");
    writeFileSync(join(folder, "other.yaml"), "apiVersion: v1\nkind: ConfigMap\n");
    await made.start(index, stop.signal);
    expect(readinessOf(made)).toMatchObject({
      status: "ok",
      text: `2 VirtualMachineImages, 1 ClusterVirtualMachineImage from ${folder}`,
    });
    expect(index.isSynced("VirtualMachineImage") && index.isSynced("ClusterVirtualMachineImage")).toBe(true);
    expect(index.cluster().byDisplayName("c")).toHaveLength(1);
    expect(logged.saying("images read")).toMatchObject([{ directory: folder, files: 4, images: 3, skipped: 1 }]);
  });

  test("a folder without manifests is synced, and logs a warning", async () => {
    const { source: made, logged } = await watched({});
    expect(readinessOf(made).status).toBe("ok");
    expect(logged.lines).toMatchObject([{ level: "warn", images: 0 }]);
  });

  test("a missing folder is a Failure that names it", async () => {
    const { source: made, index, stop, folder } = source(join(temporaryFolder(), "absent"));
    await expect(made.start(index, stop.signal)).rejects.toMatchObject({
      name: "Failure",
      code: "images",
      message: expect.stringContaining(`cannot read the folder of images ${folder}: ENOENT`) as unknown,
    });
    expect(readinessOf(made).status).toBe("failed");
    expect(index.isSynced("VirtualMachineImage")).toBe(false);
  });

  test("a file in place of the folder is a Failure", async () => {
    const file = join(temporaryFolder(), "images.yaml");
    writeFileSync(file, imageManifest("vmi-a", "a"));
    const { source: made, index, stop } = source(file);
    await expect(made.start(index, stop.signal)).rejects.toMatchObject({ code: "images" });
  });

  test("a file that does not parse is a Failure with file and line, and nothing is indexed", async () => {
    const { source: made, index, stop, folder } = source(temporaryFolder());
    writeFileSync(join(folder, "a.yaml"), imageManifest("vmi-a", "a"));
    writeFileSync(join(folder, "b.yaml"), "a: 1\nb: [1\nc: 2\n");
    await expect(made.start(index, stop.signal)).rejects.toMatchObject({
      code: "images",
      message: expect.stringMatching(/b\.yaml:3: /) as unknown,
    });
    expect(index.isSynced("VirtualMachineImage")).toBe(false);
  });

  test("a file that cannot be read is a Failure that names it", async () => {
    const { source: made, index, stop, folder } = source(temporaryFolder());
    // Not even root can open a socket as a file.
    const socket = createServer().listen(join(folder, "socket.yaml"));
    await once(socket, "listening");
    onTestFinished(() => {
      socket.close();
    });
    await expect(made.start(index, stop.signal)).rejects.toMatchObject({
      name: "Failure",
      code: "images",
      message: expect.stringContaining("socket.yaml") as unknown,
    });
  });

  test("an image in two files is a Failure that names both places", async () => {
    const { source: made, index, stop, folder } = source(temporaryFolder());
    writeFileSync(join(folder, "a.yaml"), imageManifest("vmi-a", "a"));
    writeFileSync(join(folder, "b.yaml"), `${imageManifest("vmi-b", "b")}---\n${imageManifest("vmi-a", "other")}`);
    await expect(made.start(index, stop.signal)).rejects.toMatchObject({
      code: "images",
      message: `${join(folder, "b.yaml")}:6: VirtualMachineImage dev vmi-a is in ${join(folder, "a.yaml")}:1 already`,
    });
  });

  test("one object name in two namespaces, or of both kinds, is not a duplicate", async () => {
    const { source: made } = await watched({
      "a.yaml": imageManifest("vmi-a", "a"),
      "b.yaml": imageManifest("vmi-a", "a").replace("namespace: dev", "namespace: prod"),
      "c.yaml": imageManifest("vmi-a", "a").replace("kind: V", "kind: ClusterV"),
    });
    expect(readinessOf(made).text).toContain("2 VirtualMachineImages, 1 ClusterVirtualMachineImage");
  });

  describe("with VirtualMachineImages of the cluster, as kubectl prints them", () => {
    const ofCluster = imageManifest("ubuntu-noble", "ubuntu").replace("namespace: dev", "uid: 1f0c");

    test("each namespace has them", async () => {
      const { index } = await watched({ "a.yaml": ofCluster });
      expect(index.namespaced("prod").byDisplayName("ubuntu")).toMatchObject([
        { name: "ubuntu-noble", namespace: undefined },
      ]);
    });

    test("another one of a namespace is a Failure, because no cluster has both", async () => {
      const { source: made, index, stop, folder } = source(temporaryFolder());
      writeFileSync(join(folder, "a.yaml"), `${imageManifest("vmi-a", "a")}---\n${ofCluster}`);
      const file = join(folder, "a.yaml");
      await expect(made.start(index, stop.signal)).rejects.toMatchObject({
        code: "images",
        message: `${file}:6: a stored VirtualMachineImage without a namespace is of the cluster, but that in ${file}:1 is of a namespace`,
      });
    });
  });
});

describe("a change", () => {
  test("of a file changes the index", async () => {
    const { write, finds } = await watched({ "a.yaml": imageManifest("vmi-a", "old") });
    write("a.yaml", imageManifest("vmi-a", "new"));
    await finds("new", ["vmi-a"]);
    await finds("old", []);
  });

  test("to another image of the same size changes the index", async () => {
    const { write, finds } = await watched({ "a.yaml": imageManifest("vmi-a", "name-1") });
    write("a.yaml", imageManifest("vmi-a", "name-2"));
    await finds("name-2", ["vmi-a"]);
  });

  test("that adds a file, also in a new folder, adds its images", async () => {
    const { folder, write, finds } = await watched({ "a.yaml": imageManifest("vmi-a", "a") });
    write("b.yaml", imageManifest("vmi-b", "b"));
    await finds("b", ["vmi-b"]);
    mkdirSync(join(folder, "sub"));
    write("sub/c.yaml", imageManifest("vmi-c", "c"));
    await finds("c", ["vmi-c"]);
    await finds("a", ["vmi-a"]);
  });

  test("that deletes a file or a folder removes its images", async () => {
    const { folder, finds } = await watched({ "a.yaml": imageManifest("vmi-a", "a") });
    mkdirSync(join(folder, "sub"));
    writeFileSync(join(folder, "sub", "b.yaml"), imageManifest("vmi-b", "b"));
    await finds("b", ["vmi-b"]);
    rmSync(join(folder, "sub"), { recursive: true });
    await finds("b", []);
    unlinkSync(join(folder, "a.yaml"));
    await finds("a", []);
  });

  test("that renames a file keeps its images, unless the new name is no manifest", async () => {
    const { folder, finds } = await watched({ "a.yaml": imageManifest("vmi-a", "a") });
    renameSync(join(folder, "a.yaml"), join(folder, "b.yaml"));
    await finds("a", ["vmi-a"]);
    renameSync(join(folder, "b.yaml"), join(folder, "b.yaml.old"));
    await finds("a", []);
    renameSync(join(folder, "b.yaml.old"), join(folder, "c.json"));
    renameSync(join(folder, "c.json"), join(folder, "c.yml"));
    await finds("a", ["vmi-a"]);
  });

  test("of the ..data link of a mounted ConfigMap changes the index", async () => {
    const folder = temporaryFolder();
    const publish = (version: string, displayName: string): void => {
      mkdirSync(join(folder, version));
      writeFileSync(join(folder, version, "images.yaml"), imageManifest("vmi-a", displayName));
      symlinkSync(version, join(folder, "..data_tmp"));
      renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
    };
    publish("..2026_01", "old");
    symlinkSync(join("..data", "images.yaml"), join(folder, "images.yaml"));
    const { source: made, index, stop } = source(folder);
    await made.start(index, stop.signal);
    // Each image once: folders whose name begins with a dot are skipped.
    expect(readinessOf(made).text).toContain("1 VirtualMachineImage,");
    publish("..2026_02", "new");
    rmSync(join(folder, "..2026_01"), { recursive: true });
    await condition("the new name is found", () => index.namespaced("dev").byDisplayName("new").length === 1);
    expect(index.namespaced("dev").byDisplayName("old")).toEqual([]);
  });

  test("of files may go back to older resourceVersions", async () => {
    const printed = (name: string, resourceVersion: string): string => {
      const metadata = { name, namespace: "dev", resourceVersion, uid: name };
      const object = { apiVersion: "vmoperator.vmware.com/v1alpha6", kind: "VirtualMachineImage", metadata };
      return JSON.stringify({ ...object, status: { name: `display ${name}` } });
    };
    const { folder, index, write, finds } = await watched({
      "a.json": printed("a", "900"),
      "b.json": printed("b", "900"),
    });
    unlinkSync(join(folder, "a.json"));
    write("b.json", printed("b", "17"));
    await finds("display a", []);
    await condition("the older b", () => index.namespaced("dev").byObjectName("b")?.resourceVersion === "17");
  });

  test("is logged once, and an unchanged folder logs nothing", async () => {
    const { logged, polls } = await watched({ "a.yaml": imageManifest("vmi-a", "a") });
    await polls(3);
    expect(logged.lines).toMatchObject([{ msg: "images read" }]);
  });
});

describe("a change that cannot be read", () => {
  const GOOD = imageManifest("vmi-a", "a");
  const HALF = `${GOOD}---\nkind: [Virt`;

  /** Waits until the state has the reason why the last good set stays. */
  async function keeps({ source: made, index }: Watched, why: RegExp): Promise<void> {
    await condition(`the state says ${why}`, () => why.test(readinessOf(made).text));
    expect(readinessOf(made)).toMatchObject({
      status: "degraded",
      text: expect.stringMatching(/^the last good set stays: /) as unknown,
    });
    expect(index.namespaced("dev").byDisplayName("a")).toHaveLength(1);
  }

  test("leaves the last good set, and is logged once with file and line", async () => {
    const parts = await watched({ "a.yaml": GOOD });
    const { write, logged, folder, finds } = parts;
    write("a.yaml", HALF);
    await keeps(parts, /a\.yaml:\d+: /);
    // Several polls later the same problem is not logged again.
    await parts.polls(3);
    expect(logged.saying(KEPT)).toEqual([
      {
        level: "warn",
        time: expect.anything() as unknown,
        directory: folder,
        why: expect.stringMatching(/a\.yaml:\d+: /) as unknown,
        msg: KEPT,
      },
    ]);
    write("a.yaml", imageManifest("vmi-a", "whole"));
    await finds("whole", ["vmi-a"]);
    expect(readinessOf(parts.source).text).toContain("1 VirtualMachineImage,");
  });

  test("makes each kind stale, and lastProofAt stays", async () => {
    const { source: unread } = source(temporaryFolder());
    expect(unread.kinds()[0]).toMatchObject({ state: "starting", lastProofAt: undefined, relists: 0 });
    const parts = await watched({ "a.yaml": GOOD });
    const kinds = (): unknown => parts.source.kinds().map(({ kind, state, relists }) => [kind, state, relists]);
    const inBoth = (state: string, relists: number): unknown => IMAGE_KINDS.map((kind) => [kind, state, relists]);
    expect(kinds()).toEqual(inBoth("live", 0));
    await parts.polls(2);
    const lastGood = parts.source.kinds()[0]?.lastProofAt?.getTime();
    await condition("a poll renews lastProofAt", () => parts.source.kinds()[0]?.lastProofAt?.getTime() !== lastGood);
    parts.write("a.yaml", HALF);
    await keeps(parts, /a\.yaml/);
    expect(kinds()).toEqual(inBoth("stale", 0));
    const lastProofAt = parts.source.kinds()[0]?.lastProofAt;
    await parts.polls(3);
    expect(parts.source.kinds()[0]?.lastProofAt).toBe(lastProofAt);
    parts.write("a.yaml", imageManifest("vmi-a", "whole"));
    await parts.finds("whole", ["vmi-a"]);
    await condition("it is live again", () => parts.source.kinds()[0]?.state === "live");
    expect(kinds()).toEqual(inBoth("live", 1));
  });

  test("leaves no problem after the same content is restored", async () => {
    const parts = await watched({ "a.yaml": GOOD });
    parts.write("a.yaml", HALF);
    await keeps(parts, /a\.yaml/);
    parts.write("a.yaml", GOOD);
    await condition("the state is good again", () =>
      readinessOf(parts.source).text.startsWith("1 VirtualMachineImage"),
    );
    await pollsAgain(parts);
    expect(parts.logged.saying(KEPT)).toHaveLength(1);
  });

  test("leaves no problem after the bad file is deleted", async () => {
    const parts = await watched({ "a.yaml": GOOD });
    parts.write("bad.yaml", HALF);
    await keeps(parts, /bad\.yaml/);
    unlinkSync(join(parts.folder, "bad.yaml"));
    await condition("the state is good again", () =>
      readinessOf(parts.source).text.startsWith("1 VirtualMachineImage"),
    );
  });

  test("is logged again for another problem", async () => {
    const parts = await watched({ "a.yaml": GOOD });
    parts.write("a.yaml", HALF);
    await keeps(parts, /a\.yaml/);
    parts.write("a.yaml", `${GOOD}---\n${imageManifest("vmi-b", "b").replace('"b"', "24.04")}`);
    await keeps(parts, /a\.yaml:6: status\.name must be a string/);
    expect(parts.logged.saying(KEPT)).toHaveLength(2);
  });

  test("is reported with the first problem of a file and the number of others", async () => {
    const parts = await watched({ "a.yaml": GOOD });
    const nameless = imageManifest("x", "b").replace("name: x, ", "");
    parts.write("a.yaml", [nameless, nameless, nameless].join("---\n"));
    await keeps(parts, /a\.yaml:1: metadata\.name must be a non-empty string \(and 2 more\)$/);
  });

  test("with an image that two files have leaves the last good set until one of them is deleted", async () => {
    const parts = await watched({ "a.yaml": GOOD });
    parts.write("b.yaml", imageManifest("vmi-a", "other"));
    await keeps(parts, /b\.yaml:1: VirtualMachineImage dev vmi-a is in .*a\.yaml:1 already/);
    expect(parts.index.namespaced("dev").byDisplayName("other")).toEqual([]);
    unlinkSync(join(parts.folder, "a.yaml"));
    await parts.finds("other", ["vmi-a"]);
  });

  test("because the folder is missing leaves the last good set until the folder is back", async () => {
    const parts = await watched({ "a.yaml": GOOD });
    rmSync(parts.folder, { recursive: true });
    await keeps(parts, /cannot read the folder of images .*ENOENT/);
    mkdirSync(parts.folder);
    parts.write("b.yaml", imageManifest("vmi-b", "b"));
    await parts.finds("b", ["vmi-b"]);
    await parts.finds("a", []);
  });

  test("because of an unknown alias is reported with file and line", async () => {
    const parts = await watched({ "a.yaml": GOOD });
    parts.write("a.yaml", "kind: List\nitems:\n  - *nowhere\n");
    await keeps(parts, /a\.yaml:\d+: /);
  });
});

describe("the end", () => {
  test("an abort stops the polling, and leaves no timer and no file access", async () => {
    const parts = await watched({ "a.yaml": imageManifest("vmi-a", "a") });
    await pollsAgain(parts);
    await condition("a timer waits for the next poll", () => activeResources().includes("Timeout"));
    parts.stop.abort();
    await condition("no timer and no file access is left", () => activeResources().length === 0);
  });

  test("an abort clears the timer that waits for the next poll", async () => {
    const { folder, logged, index, stop, timing } = source(temporaryFolder());
    // The interval is longer than the test, so the timer does not end by itself.
    const patient = new FolderSource({ directory: folder, log: logged.log, timing, pollInterval: 3_600_000 });
    await patient.start(index, stop.signal);
    await condition("a timer waits for the next poll", () => activeResources().includes("Timeout"));
    stop.abort();
    await condition("no timer and no file access is left", () => activeResources().length === 0);
  });

  test("an abort during a poll is followed by no other poll", async () => {
    const { folder, index, stop, timing } = source(temporaryFolder());
    let reports = 0;
    const write = (): void => {
      // The first report is of the start, the second is written during a poll.
      if (++reports === 2) stop.abort();
    };
    const log = pino({}, { write });
    const made = new FolderSource({ directory: folder, log, timing, pollInterval: POLL_INTERVAL });
    await made.start(index, stop.signal);
    writeFileSync(join(folder, "a.yaml"), imageManifest("vmi-a", "a"));
    await condition("the poll is aborted", () => stop.signal.aborted);
    await condition("no timer and no file access is left", () => activeResources().length === 0);
  });

  test("with a signal that has aborted, a start reads once and leaves no timer", async () => {
    const { source: made, index, folder } = source(temporaryFolder());
    writeFileSync(join(folder, "a.yaml"), imageManifest("vmi-a", "a"));
    await made.start(index, AbortSignal.abort());
    expect(index.namespaced("dev").byDisplayName("a")).toHaveLength(1);
    await condition("no timer and no file access is left", () => activeResources().length === 0);
  });
});

/** The timers and file accesses of this process. */
function activeResources(): readonly string[] {
  return process.getActiveResourcesInfo().filter((kind) => kind === "Timeout" || kind.startsWith("FSReq"));
}
