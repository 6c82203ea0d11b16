/**
 * The kubeconfig of @kubernetes/client-node, by name, so that the bundle leaves out what it does not need: the package as a
 * whole brings every type of Kubernetes. For `import()` where it is needed.
 */
export { KubeConfig } from "@kubernetes/client-node";
