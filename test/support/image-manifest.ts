/** A VirtualMachineImage of namespace dev in YAML. */
export function imageManifest(name: string, displayName: string): string {
  return [
    "apiVersion: vmoperator.vmware.com/v1alpha6",
    "kind: VirtualMachineImage",
    `metadata: { name: ${name}, namespace: dev }`,
    `status: { name: "${displayName}" }`,
    "",
  ].join("\n");
}
