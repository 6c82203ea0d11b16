import { describe, expect, it } from "vitest";
import { errorMessage } from "../../src/references/field-error.ts";
import { answer, request } from "../support/admission.ts";
import { cvmi, indexOf, vmi } from "../support/catalogue.ts";

/** A cluster-scoped VirtualMachineImage, as Supervisors before April 2024 have it. */
const ofCluster = (name: string, displayName: string): ReturnType<typeof vmi> =>
  vmi(name, displayName, { namespace: undefined });

const INDEX = indexOf([
  ofCluster("photon-old", "photon"),
  ofCluster("photon-new", "photon"),
  ofCluster("ubuntu-noble", "Ubuntu 24.04"),
  cvmi("vmi-c", "rocky"),
  cvmi("vmi-r", "photon"),
]);

const VMI = "VirtualMachineImage";

describe("exists: where VirtualMachineImage is cluster-scoped", () => {
  it.each([
    [
      "an unknown name",
      { imageName: "windows" },
      'Not found: "windows": no image in the cluster has this display name or object name; kubectl get vmi,cvmi lists what can be written',
    ],
    [
      "a typo in an object name",
      { imageName: "ubuntu-nobel" },
      'Not found: "ubuntu-nobel": no image in the cluster has this display name or object name; did you mean "Ubuntu 24.04" (ubuntu-noble)?',
    ],
    [
      "a name of an image of the other kind",
      { image: { kind: VMI, name: "rocky" } },
      'Not found: "rocky": no VirtualMachineImage in the cluster has this display name or object name; did you mean "rocky" (vmi-c) of kind ClusterVirtualMachineImage?',
    ],
    [
      "a display name of two images",
      { imageName: "photon" },
      'Invalid value: "photon": ambiguous: 2 images in the cluster have this display name: photon-old, photon-new; use one of these object names',
    ],
  ])("%s is refused with a message that names the cluster", (_, spec, message) => {
    expect(answer("mutate", request({ spec }), INDEX).errors.map(errorMessage)).toEqual([message]);
  });

  const NAMES = indexOf([
    ofCluster("photon", "photon"),
    ofCluster("photon-abc12", "photon"),
    ofCluster("centos", "rhel"),
    ofCluster("rhel", "rhel-9"),
  ]);

  it.each(["namespace-first", "strict"] as const)(
    "M8: an object name stays as sent, with resolution %s",
    (resolution) => {
      for (const imageName of ["photon", "photon-abc12", "centos", "rhel"]) {
        const sent = request({ spec: { imageName } }, { version: "v1alpha1" });
        const { decision, spec } = answer("mutate", sent, NAMES, { resolution });
        expect([decision, spec]).toMatchObject([{ is: "allowed", patch: [] }, { imageName }]);
      }
    },
  );

  it("immutable: an object name is refused as another image, although the stored image has it as display name", () => {
    const sent = { spec: { imageName: "photon" } };
    const asked = request(sent, { version: "v1alpha1", oldObject: { spec: { imageName: "photon-abc12" } } });
    expect(answer("mutate", asked, NAMES).errors).toMatchObject([{ check: "immutable" }]);
  });

  it("strict: a display name that both kinds have is ambiguous", () => {
    const index = indexOf([ofCluster("photon-old", "photon"), cvmi("vmi-r", "photon")]);
    const asked = request({ spec: { imageName: "photon" } });
    expect(answer("mutate", asked, index, { resolution: "strict" }).errors.map(errorMessage)).toEqual([
      'Invalid value: "photon": ambiguous: 2 images in the cluster have this display name: photon-old, vmi-r; use one of these object names',
    ]);
  });
});
