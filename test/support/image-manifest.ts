/** A VirtualMachineImage in YAML. */
export function imageManifest(name: string, displayName: string, namespace = "dev"): string {
  return [
    "apiVersion: vmoperator.vmware.com/v1alpha6",
    "kind: VirtualMachineImage",
    `metadata: { name: ${name}, namespace: ${namespace} }`,
    `status: { name: "${displayName}" }`,
    "",
  ].join("\n");
}
