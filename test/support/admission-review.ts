/** AdmissionReviews as the API server sends them, with what a test wants changed. */
export type Json = Record<string, unknown>;

export const UID = "705ab4f5-6393-11e8-b7cc-42010a800002";

/** A VirtualMachine of namespace dev; `imageName` ubuntu-24.04 is an image of examples/images. */
export function virtualMachine(spec: unknown = { imageName: "ubuntu-24.04" }): Json {
  return {
    apiVersion: "vmoperator.vmware.com/v1alpha6",
    kind: "VirtualMachine",
    metadata: { name: "web", namespace: "dev" },
    spec,
  };
}

/** A CREATE of that machine; `request` replaces members of the request. */
export function createReview(request: Json = {}, version = "v1"): Json {
  return {
    kind: "AdmissionReview",
    apiVersion: `admission.k8s.io/${version}`,
    request: {
      uid: UID,
      kind: { group: "vmoperator.vmware.com", version: "v1alpha6", kind: "VirtualMachine" },
      resource: { group: "vmoperator.vmware.com", version: "v1alpha6", resource: "virtualmachines" },
      name: "web",
      namespace: "dev",
      operation: "CREATE",
      userInfo: { username: "dev-user", groups: ["developers", "system:authenticated"] },
      object: virtualMachine(),
      oldObject: null,
      dryRun: false,
      options: { kind: "CreateOptions", apiVersion: "meta.k8s.io/v1" },
      ...request,
    },
  };
}

/** The response of an AdmissionReview that came as JSON text. */
export function responseOf(text: string): Json {
  return (JSON.parse(text) as { response: Json }).response;
}

/** The JSON Patch of a response. */
export function patchOf(text: string): readonly Json[] {
  const { patch } = responseOf(text);
  return typeof patch === "string" ? (JSON.parse(Buffer.from(patch, "base64").toString("utf8")) as Json[]) : [];
}
