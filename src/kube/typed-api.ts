import type {
  AdmissionregistrationV1Api,
  ConfigurationOptions,
  CoreV1Api,
  PatchStrategy,
  RequestContext,
} from "@kubernetes/client-node";
import type { WritingApiClient } from "./api-client.ts";
import { BODY_LIMIT, errorOfResponse, readText } from "./response.ts";

/** The media type of a patch, which says how it is merged. */
export type PatchType = (typeof PatchStrategy)[keyof typeof PatchStrategy];

/** The typed calls of @kubernetes/client-node. */
export interface TypedApi {
  readonly core: CoreV1Api;
  readonly admissionRegistration: AdmissionregistrationV1Api;
  /** Options of a patch call that set its media type. */
  readonly patchAs: (type: PatchType) => ConfigurationOptions;
}

/** client-node needs an absolute URL. Only its path is used: the connection has the address of the API server. */
const PLACEHOLDER_SERVER = "http://api-server.invalid";

/** Loads the package. That blocks the event loop for a moment, so a server does it before it listens. */
export async function preloadTypedApi(): Promise<void> {
  await import("./client-api.ts");
}

/**
 * The calls of @kubernetes/client-node over a `Connection`: few kept sockets, deadlines, current credentials. The
 * package takes megabytes, so the first call of this function loads it. The calls throw an ApiError.
 */
export async function typedApi(client: WritingApiClient, signal: AbortSignal): Promise<TypedApi> {
  const kubernetes = await import("./client-api.ts");
  const configuration = kubernetes.createConfiguration({
    baseServer: new kubernetes.ServerConfiguration(PLACEHOLDER_SERVER, {}),
    httpApi: kubernetes.wrapHttpLibrary({
      send: async (request) => {
        const response = await client.send(apiRequest(request), signal);
        if (response.status >= 300) throw await errorOfResponse(response);
        const text = await readText(response, BODY_LIMIT);
        const body = { text: () => Promise.resolve(text), binary: () => Promise.resolve(Buffer.from(text)) };
        const headers = { "content-type": "application/json" };
        return new kubernetes.ResponseContext(response.status, headers, { ...body, stream: () => null });
      },
    }),
  });
  return {
    core: new kubernetes.CoreV1Api(configuration),
    admissionRegistration: new kubernetes.AdmissionregistrationV1Api(configuration),
    patchAs: (type) => kubernetes.setHeaderOptions("Content-Type", type),
  };
}

function apiRequest(request: RequestContext): {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: string;
} {
  const { pathname, search } = new URL(request.getUrl());
  const body = request.getBody();
  return {
    method: request.getHttpMethod(),
    path: pathname + search,
    headers: request.getHeaders(),
    ...(typeof body === "string" ? { body } : {}),
  };
}
