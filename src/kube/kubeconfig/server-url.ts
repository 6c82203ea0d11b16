/**
 * The address of an API server. Without a scheme it is https where TLS is configured, else http (client-go
 * rest/url_utils.go). Throws an Error that says what is wrong.
 */
export function serverUrl(server: string, hasTls: boolean): URL {
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(server);
  const url = URL.parse(hasScheme ? server : `${hasTls ? "https" : "http"}://${server}`);
  if (url === null) throw new Error("is no URL, and no HOST:PORT");
  if (!hasScheme && url.pathname !== "/") throw new Error("has a path but no scheme: write https:// before it");
  if (!["http:", "https:"].includes(url.protocol))
    throw new Error(`has the scheme ${url.protocol.slice(0, -1)}, and must have https or http`);
  return url;
}
