/** Times the refusals of names that no image has, where one namespace sees all images. */
import { decider } from "../src/admission/decide.ts";
import { DEFAULT_LEVELS } from "../src/admission/systems.ts";
import { decodeReview } from "../src/admission/review.ts";
import { decodeImage } from "../src/images/decode/decode-image.ts";
import { IMAGE_KINDS, type Image } from "../src/images/image.ts";
import { MemoryImageIndex } from "../src/images/image-index.ts";
import { endWith, programOptions } from "./processes.ts";
import { median } from "./statistics.ts";
import { createReview, imageObject, MEANT } from "./workload.ts";

export interface RefusalOptions {
  /** Number of images. */
  readonly size: number;
  /** Number of refusals of each name. */
  readonly rounds: number;
}

/** Milliseconds of the refusals of ten mistaken names; each has the median of its rounds. */
export interface Refusals {
  readonly median: number;
  readonly slowest: number;
}

/** One name for each kind of mistake that near matches are searched for. */
const MISTAKES: readonly string[] = [
  MEANT.displayName.replace("ubuntu", "ubnutu"),
  MEANT.displayName.replace("000001", "0000001"),
  `${MEANT.displayName}x`,
  MEANT.displayName.toUpperCase(),
  `team-library/${MEANT.displayName}`,
  "ubuntu",
  "build-00000",
  "Ubuntu 24.04 build LTS",
  "windows-server-2022-datacenter",
  MEANT.name.replace("vmi-", "vmi-0"),
];

const { size, rounds } = (await programOptions()) as RefusalOptions;
const index = indexOf(size);
const decide = decider({
  resolution: "namespace-first",
  write: "both",
  levels: DEFAULT_LEVELS,
  teamGroupPrefix: "",
  isPrivileged: () => false,
});
const times = MISTAKES.map((name) => median(timesOf(name)));
endWith({ median: median(times), slowest: Math.max(...times) } satisfies Refusals);

function indexOf(images: number): MemoryImageIndex {
  const made = new MemoryImageIndex({ maxImages: images });
  for (const kind of IMAGE_KINDS) {
    const relist = made.relist(kind);
    if (kind === "VirtualMachineImage") relist.add(Array.from({ length: images }, (_, position) => imageOf(position)));
    relist.replace();
  }
  return made;
}

function imageOf(position: number): Image {
  const { metadata, ...object } = imageObject(position);
  const namespaced = { ...metadata, namespace: MEANT.namespace };
  const decoded = decodeImage({ ...object, kind: "VirtualMachineImage", metadata: namespaced });
  if (decoded.is !== "image") throw new Error("not an image");
  return decoded.image;
}

function timesOf(name: string): readonly number[] {
  const review = decodeReview(JSON.parse(createReview({ imageName: name })));
  if (review.is !== "review") throw new Error("not a review");
  return Array.from({ length: rounds }, () => {
    const start = performance.now();
    const decision = decide("mutate", review.request, index);
    const time = performance.now() - start;
    if (decision.is !== "refused") throw new Error(`${name} is not refused`);
    return time;
  });
}
