import { BlockList, isIP, isIPv6 } from "node:net";

type Environment = Readonly<Record<string, string | undefined>>;

/** The schemes that client-go takes (tools/clientcmd/client_config.go parseProxyURL). */
const PROXY_SCHEMES = ["http:", "https:", "socks5:", "socks5h:"];

/** Default ports, to compare an address with an entry of NO_PROXY. */
const DEFAULT_PORTS: Readonly<Record<string, string>> = { "http:": "80", "https:": "443" };

/** Throws an Error that says what is wrong; it has no password. */
export function proxyUrl(value: string): URL {
  const url = URL.parse(value);
  if (url === null) throw new Error("is no URL");
  if (!PROXY_SCHEMES.includes(url.protocol))
    throw new Error(`has the scheme ${url.protocol.slice(0, -1)}, and must have http, https or socks5`);
  return url;
}

/**
 * The proxy of the environment for a server, as Go has it (golang.org/x/net/http/httpproxy): HTTPS_PROXY or HTTP_PROXY by
 * the server's scheme, never for this machine itself, and not for what NO_PROXY names.
 */
export function environmentProxy(server: URL, environment: Environment): URL | undefined {
  const name = server.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  const value = variable(environment, name);
  if (value === "" || isLoopback(server) || isExcluded(server, variable(environment, "NO_PROXY"))) return undefined;
  try {
    return proxyUrl(/^[a-z0-9]+:\/\//i.test(value) ? value : `http://${value}`);
  } catch (error) {
    throw new Error(`the environment variable ${name} ${(error as Error).message}`, { cause: error });
  }
}

/** The upper-case name wins, as in Go. */
function variable(environment: Environment, name: string): string {
  return environment[name] || environment[name.toLowerCase()] || "";
}

function isLoopback(server: URL): boolean {
  const host = hostOf(server);
  const loopback = new BlockList();
  loopback.addSubnet("127.0.0.0", 8);
  loopback.addAddress("::1", "ipv6");
  return host === "localhost" || isIn(loopback, host);
}

/** A comma list of `*`, addresses, ranges in CIDR notation, and domains with what is below them; a port may follow. */
function isExcluded(server: URL, noProxy: string): boolean {
  const port = server.port || DEFAULT_PORTS[server.protocol];
  return noProxy
    .split(",")
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== "")
    .some((entry) => {
      if (entry === "*") return true;
      const [, name = entry, entryPort] = /^(.+):(\d+)$/.exec(isIPv6(entry) ? "" : entry) ?? [];
      return (entryPort === undefined || entryPort === port) && matches(hostOf(server), withoutBrackets(name));
    });
}

function matches(host: string, entry: string): boolean {
  const [network = "", prefix] = entry.split("/");
  if (isIP(network) !== 0) return isIn(rangeOf(network, prefix), host);
  // *.example.com is .example.com: what is below the domain, and not the domain itself.
  const domain = entry.replace(/^\*\./, ".");
  return domain.startsWith(".") ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`);
}

/** Empty for a prefix that is none, as in Go. */
function rangeOf(network: string, prefix: string | undefined): BlockList {
  const range = new BlockList();
  const family = isIPv6(network) ? "ipv6" : "ipv4";
  const bits = family === "ipv6" ? 128 : 32;
  const length = prefix === undefined ? bits : /^\d+$/.test(prefix) ? Number(prefix) : Infinity;
  if (length <= bits) range.addSubnet(network, length, family);
  return range;
}

function isIn(addresses: BlockList, host: string): boolean {
  return isIP(host) !== 0 && addresses.check(host, isIPv6(host) ? "ipv6" : "ipv4");
}

function hostOf({ hostname }: URL): string {
  return withoutBrackets(hostname).toLowerCase();
}

function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, "$1");
}
