import { type Image, isVmImage } from "../../images/image.ts";

/** An image in the JSON that a command prints. Scripts read it, so members keep their names, order and empty values. */
export function imageJson(image: Image): object {
  const { kind, namespace = "", name, resourceVersion = "", uid = "", displayName, readiness, terminating } = image;
  const { type, firmware, capabilities, library } = isVmImage(image) ? image : NO_VM_FACTS;
  const access = image.kind === "OSImage" ? image.access : undefined;
  return {
    kind,
    namespace,
    name,
    resourceVersion,
    uid,
    displayName,
    type,
    firmware,
    capabilities,
    library,
    readiness,
    access,
    terminating,
  };
}

const NO_VM_FACTS = { type: undefined, firmware: undefined, capabilities: [], library: undefined };
