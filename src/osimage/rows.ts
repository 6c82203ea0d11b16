import { PLATFORM_GROUPS } from "../images/image.ts";
import { type CompiledRow, compileRow, EACH, type ReferenceRow } from "../references/row.ts";

/** Names the OSImage that a node or machine is provisioned with. */
export const OS_IMAGE_PROPERTY = "vcluster.com/os-image";

type Holder = Pick<ReferenceRow, "kind" | "resource" | "scope"> & { readonly paths: readonly ReferenceRow["path"][] };

/** Kinds of vCluster Platform with such properties. A Machine is of the cluster in some releases, as far as is known. */
const HOLDERS: readonly Holder[] = [
  {
    kind: "NodeProvider",
    resource: "nodeproviders",
    scope: "Cluster",
    paths: [
      ["spec", "properties"],
      ["spec", "metal3", "nodeTypes", EACH, "properties"],
      ["spec", "kubeVirt", "nodeTypes", EACH, "properties"],
    ],
  },
  { kind: "NodeClaim", resource: "nodeclaims", scope: "Namespaced", paths: [["spec", "properties"]] },
  { kind: "Machine", resource: "machines", scope: "*", paths: [["spec", "properties"]] },
];

/** Both groups serve the same objects, each in this version. */
const OF_PLATFORM = { versions: ["v1"], root: [], form: "name", images: ["OSImage"] } as const;

/** The places of vCluster Platform's objects that name an OSImage, and the one where an OSImage gets its display name. */
const REFERENCES: readonly ReferenceRow[] = PLATFORM_GROUPS.flatMap((group) => [
  ...HOLDERS.flatMap(({ paths, ...holder }) =>
    paths.map((path) => ({
      ...OF_PLATFORM,
      ...holder,
      group,
      path: [...path, OS_IMAGE_PROPERTY],
      role: "property" as const,
    })),
  ),
  {
    ...OF_PLATFORM,
    group,
    kind: "OSImage",
    resource: "osimages",
    scope: "Cluster",
    path: ["spec", "displayName"],
    role: "creates",
    createdName: { is: "field" },
  },
]);

export const OS_IMAGE_ROWS: readonly CompiledRow[] = REFERENCES.map(compileRow);
