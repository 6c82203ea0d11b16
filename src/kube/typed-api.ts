import type {
  AdmissionregistrationV1Api,
  ConfigurationOptions,
  CoreV1Api,
  PatchStrategy,
  RequestContext,
} from "@kubernetes/client-node";
import { messageOf } from "../common/failure.ts";
import { BODY_LIMIT, readText, refusalOf, type WritingApiClient } from "./response.ts";
import { Trouble } from "./trouble.ts";

/** As @kubernetes/client-node calls them: the media type says how a patch is merged. */
export type PatchType = (typeof PatchStrategy)[keyof typeof PatchStrategy];

/** Typed calls. */
export interface TypedApi {
  readonly core: CoreV1Api;
  readonly admissionRegistration: AdmissionregistrationV1Api;
  /** To give to a patch. */
  readonly patchAs: (type: PatchType) => ConfigurationOptions;
}

/** client-node puts a path behind it; our connection knows where the API server is. */
const NO_SERVER = "http://api-server.invalid";

/**
 * The calls and types of @kubernetes/client-node over a connection of ours: few kept sockets, deadlines, credentials
 * that are read anew. They are loaded by the first call of this, for they cost megabytes. Calls throw a Trouble.
 */
export async function typedApi(client: WritingApiClient, signal: AbortSignal): Promise<TypedApi> {
  const kubernetes = await import("./client-api.ts");
  const configuration = kubernetes.createConfiguration({
    baseServer: new kubernetes.ServerConfiguration(NO_SERVER, {}),
    httpApi: kubernetes.wrapHttpLibrary({
      send: async (request) => {
        const response = await client.send(apiRequest(request), signal);
        if (response.status >= 300) throw await refusalOf(response);
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

/** Undefined for what is not there. */
export async function ifThere<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof Trouble && error.code === "gone") return undefined;
    throw error;
  }
}

/** Whether a write was the first one. */
export async function isFirst(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof Trouble && error.code === "conflict") return false;
    throw error;
  }
}

/** What any call may throw. */
export function troubleOfCall(error: unknown): Trouble {
  return error instanceof Trouble ? error : new Trouble("internal", messageOf(error), { cause: error });
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
