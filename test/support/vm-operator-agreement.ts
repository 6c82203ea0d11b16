import { type WriteMode } from "../../src/vm-operator/policy.ts";
import type { Image } from "../../src/images/image.ts";
import { at, isJsonObject, type JsonObject, listAt, textAt } from "../../src/common/json.ts";

import type { MachineFacts } from "./arbitrary-machines.ts";
import { NAMESPACE } from "./catalogue.ts";
import { type ImageRef, mutateOnCreate, toHub } from "./vm-operator.ts";

/** The machine in an object: itself, or its template. */
export function machineIn({ kind }: MachineFacts, object: JsonObject): unknown {
  return kind === "VirtualMachine" ? object : at(object, ["spec", "template"]);
}

/** All that names an image in a machine. */
export function referencesOf(machine: unknown): Readonly<Record<"imageName" | "image" | "cdroms", unknown>> {
  const spec = at(machine, ["spec"]);
  const cdroms = [...listAt(spec, ["cdrom"]), ...listAt(spec, ["hardware", "cdrom"])];
  return { imageName: at(spec, ["imageName"]), image: at(spec, ["image"]), cdroms };
}

interface Admission {
  readonly images: readonly Image[];
  readonly write: WriteMode;
  /** Object names of the images that the references resolved to. */
  readonly meant: readonly string[];
}

/**
 * What vm-operator's mutation makes otherwise of an object that we admitted on CREATE, whose references all resolved, and
 * without the warning that vm-operator will refuse it; undefined where it means the same.
 */
export function disagreement(facts: MachineFacts, admitted: JsonObject, admission: Admission): string | undefined {
  const { images, meant } = admission;
  const machine = machineIn(facts, admitted);
  const outcome = mutateOnCreate(toHub(facts.version, machine), images, NAMESPACE);
  if (outcome.is === "denied") return `vm-operator denies it: ${outcome.message}`;
  const { image } = outcome.machine;
  const written = facts.version < "v1alpha3" ? undefined : at(machine, ["spec", "image"]);
  if (isJsonObject(written) && !isSameImage(written, image)) {
    return `we wrote ${JSON.stringify(written)}, vm-operator means ${JSON.stringify(image)}`;
  }
  const imageName = textAt(machine, ["spec", "imageName"]);
  if (imageName === "") return undefined;
  if (image === undefined || !meant.includes(image.name)) {
    return `vm-operator means ${JSON.stringify(image)}, and we ${meant.join(", ")}`;
  }
  return imageName.startsWith("vmi-") ? disagreementBesideId(imageName, image, admission) : undefined;
}

function disagreementBesideId(imageName: string, image: ImageRef, { images, write }: Admission): string | undefined {
  const kind = kindBesideImageName(images, image.name);
  if (image.kind !== kind) return `beside an imageName vm-operator means ${JSON.stringify(image)}, and not a ${kind}`;
  if (write === "image" || image.name === imageName) return undefined;
  return `imageName is ${imageName}, vm-operator means ${image.name}`;
}

function isSameImage(written: JsonObject, meant: ImageRef | undefined): boolean {
  return written["kind"] === meant?.kind && written["name"] === meant?.name;
}

/** Rule 5 of resolution: the namespaced image, where the namespace has it. */
function kindBesideImageName(images: readonly Image[], name: string): string {
  const isNamespaced = images.some((image) => image.name === name && image.kind === "VirtualMachineImage");
  return isNamespaced ? "VirtualMachineImage" : "ClusterVirtualMachineImage";
}
