/** What a lookup costs, by the number of images: nanoseconds, as a process of its own. Options in its argument, in JSON. */
import { IMAGE_KIND_ROWS, IMAGE_KINDS } from "../src/images/image.ts";
import { MemoryImageIndex } from "../src/images/image-index.ts";
import { resolve } from "../src/images/resolve.ts";
import { imageObject as decoded } from "../src/kube/image-object.ts";
import { programOptions } from "./processes.ts";
import { median } from "./statistics.ts";
import { imageObject } from "./workload.ts";

export interface LookupOptions {
  readonly images: number;
  readonly slices: number;
}

/** As many names for every number of images, so that the names themselves are as near at hand. */
const NAMES = 1_000;

const { images, slices } = programOptions() as LookupOptions;
const index = new MemoryImageIndex();
for (const kind of IMAGE_KINDS) {
  const relist = index.relist(kind);
  const served = { kind, namespaced: IMAGE_KIND_ROWS[kind].scope === "Namespaced" };
  for (let position = 0; position < images; position++) {
    const read = decoded(imageObject(position, String(position + 1)), served);
    if (read.is === "image") relist.add([read.image]);
  }
  relist.commit(String(images));
}
const queries = Array.from({ length: NAMES }, (_, step) => {
  const { metadata, status } = imageObject(Math.floor((step * images) / NAMES), "1");
  return { namespace: metadata.namespace ?? "team-1", name: status.name };
});
let found = 0;
const times = Array.from({ length: slices }, () => {
  const begun = process.hrtime.bigint();
  for (const query of queries) if (resolve(index, query, "namespace-first").is === "resolved") found++;
  return Number(process.hrtime.bigint() - begun) / NAMES;
});
if (found !== NAMES * slices) throw new Error(`${found} of ${NAMES * slices} lookups found an image`);
process.stdout.write(JSON.stringify(median(times)));
