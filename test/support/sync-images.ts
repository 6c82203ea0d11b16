/** Syncs all images of the API server at the given address, prints their number, and exits. */
import { pino } from "pino";
import { SYSTEM_TIMING } from "../../src/common/timing.ts";
import { MemoryImageIndex } from "../../src/images/image-index.ts";
import { ClusterSource } from "../../src/sources/cluster/cluster-source.ts";

const server = new URL(process.argv[2] ?? "");
const index = new MemoryImageIndex();
const stop = new AbortController();
const source = new ClusterSource({
  credentials: () => Promise.resolve({ server, headers: {}, tls: {} }),
  timing: SYSTEM_TIMING,
  log: pino({ level: "silent" }),
});
await source.start(index, stop.signal);
process.stdout.write(
  `${index.count("VirtualMachineImage")} ${index.namespaced("dev").byDisplayName("image-7").length}`,
);
stop.abort();
