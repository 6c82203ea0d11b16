/**
 * The typed calls of @kubernetes/client-node, by name as in client-kubeconfig.ts. Load it with `import()` where it is
 * used.
 */
export {
  AdmissionregistrationV1Api,
  CoreV1Api,
  createConfiguration,
  ResponseContext,
  ServerConfiguration,
  setHeaderOptions,
  wrapHttpLibrary,
} from "@kubernetes/client-node";
