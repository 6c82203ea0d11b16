import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Image } from "../../src/images/image.ts";
import { readImageFile } from "../../src/sources/folder/image-file.ts";
import { exampleImages } from "../support/catalogue.ts";
import type { ImageRef } from "./mistake.ts";

/** The manifests of the images that the table needs beside those of examples/images. */
export const MORE_IMAGES = fileURLToPath(new URL("images.yaml", import.meta.url));

/** All images that the table is about. */
export function mistakeImages(): readonly Image[] {
  const more = readImageFile(readFileSync(MORE_IMAGES, "utf8"), ".yaml").images.map(({ image }) => image);
  return [...exampleImages(), ...more];
}

/** Of namespace dev. */
export const UBUNTU = ofNamespace("vmi-0a0044d7c690bcbea");
export const PHOTON_OF_CL_LINUX = ofNamespace("vmi-38cba0e73c6ba3792");
export const PHOTON_OF_CL_TEAM = ofNamespace("vmi-2173ee292a3fca160");
export const DEBIAN = ofNamespace("vmi-859800d0616bdde5a");
export const ALMA = ofNamespace("vmi-1c7be0f3a5d942e60");
export const CENTOS_7_9 = ofNamespace("vmi-20a6c4de81b37f950");
export const LEGACY_ERP = ofNamespace("vmi-3b58d92f07c6ae140");
export const EDGE_GATEWAY = ofNamespace("vmi-4f0d7a93b1e25c860");
export const BUILD_AGENT = ofNamespace("vmi-5e21c8b60fd934a70");

/** Of the cluster. */
export const ROCKY = ofCluster("vmi-5cb0d0fbeb78ad7a5");
export const WINDOWS = ofCluster("vmi-5588fa2443a6bb42e");
export const LIVE_ISO = ofCluster("vmi-cae970d7cebbffc03");
export const RESCUE_ISO = ofCluster("vmi-7a94e05c2d1f6b380");
export const FEDORAS = [ofCluster("vmi-81f6b2d4c03e95a70"), ofCluster("vmi-9c05d7e1f82a4b630")] as const;

function ofNamespace(name: string): ImageRef {
  return { kind: "VirtualMachineImage", name };
}

function ofCluster(name: string): ImageRef {
  return { kind: "ClusterVirtualMachineImage", name };
}
