/**
 * The kubeconfig part of @kubernetes/client-node. An import by name lets the bundler leave out the rest of the package,
 * which has every type of Kubernetes. Load it with `import()` where it is used.
 */
export { KubeConfig } from "@kubernetes/client-node";
