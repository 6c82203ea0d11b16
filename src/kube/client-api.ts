/** The typed calls of @kubernetes/client-node, by name as in client-kubeconfig.ts. For `import()` where they are needed. */
export {
  AdmissionregistrationV1Api,
  CoreV1Api,
  createConfiguration,
  ResponseContext,
  ServerConfiguration,
  setHeaderOptions,
  wrapHttpLibrary,
} from "@kubernetes/client-node";
