/** An answer of the API server whose headers have arrived. */
export interface ApiResponse {
  readonly status: number;
  /** Milliseconds, from the Retry-After header. */
  readonly retryAfter: number | undefined;
  /** Rejects with an ApiError if the connection breaks. Leaving the iteration early closes the connection. */
  readonly body: AsyncIterable<Buffer>;
}

/** The API server, for clients that only read. */
export interface ApiClient {
  /** Returns an answer of any status. Throws an ApiError if there is none. Aborting the signal also ends the body. */
  get(path: string, signal: AbortSignal): Promise<ApiResponse>;
}

export interface ApiRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

/** The API server, for clients that also write. */
export interface WritingApiClient extends ApiClient {
  /**
   * Like `get`. The request is sent again if the connection broke before an answer, so sending it twice must be safe: a
   * write names the resourceVersion that it replaces.
   */
  send(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse>;
}
