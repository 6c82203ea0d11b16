import { expect, it } from "vitest";
import { environmentProxy } from "../../../src/kube/kubeconfig/proxy.ts";
import { serverUrl } from "../../../src/kube/kubeconfig/server-url.ts";

const PROXY = "http://proxy.example:3128";

function proxyOf(server: string, noProxy: string): string | undefined {
  return environmentProxy(new URL(server), { HTTPS_PROXY: PROXY, NO_PROXY: noProxy })?.origin;
}

it.each([
  ["https://10.96.0.1:443", "10.0.0.0/8,.svc"],
  ["https://10.96.0.1:443", "10.96.0.1"],
  ["https://10.96.0.1:6443", "x, 10.96.0.1:6443"],
  ["https://[fd00::1]:6443", "fd00::/8"],
  ["https://[fd00::1]:6443", "[fd00::1]:6443"],
  ["https://api.example.com", "example.com"],
  ["https://api.example.com", ".EXAMPLE.com"],
  ["https://api.example.com", "*.example.com"],
  ["https://api.example.com", "api.example.com:443"],
  ["https://api.example.com", "*"],
  ["https://127.0.0.1:6443", ""],
  ["https://[::1]:6443", ""],
  ["https://localhost:6443", ""],
])("%s is asked without a proxy where NO_PROXY is %j", (server, noProxy) => {
  expect(proxyOf(server, noProxy)).toBeUndefined();
});

it.each([
  ["https://11.96.0.1", "10.0.0.0/8"],
  ["https://10.96.0.1:443", "10.96.0.1:6443"],
  ["https://10.96.0.1", "10.0.0.0/99,10.0.0.0/x"],
  ["https://example.com", ".example.com"],
  ["https://badexample.com", "example.com"],
  ["https://api.example.com", ""],
])("%s is asked through the proxy where NO_PROXY is %j", (server, noProxy) => {
  expect(proxyOf(server, noProxy)).toBe(PROXY);
});

it("HTTP_PROXY is for http, and may lack a scheme", () => {
  const environment = { HTTP_PROXY: "proxy.example:3128", https_proxy: "socks5://x:1" };
  expect(environmentProxy(new URL("http://a.example"), environment)?.href).toBe(`${PROXY}/`);
  expect(environmentProxy(new URL("https://a.example"), environment)?.protocol).toBe("socks5:");
});

it("an unusable proxy is an error that names the variable, without its password", () => {
  const read = (): unknown => environmentProxy(new URL("https://a.example"), { HTTPS_PROXY: "ftp://me:secret@x" });
  expect(read).toThrow(
    /^the environment variable HTTPS_PROXY has the scheme ftp, and must have http, https or socks5$/,
  );
});

it.each([
  ["10.0.0.1:6443", true, "https://10.0.0.1:6443/"],
  ["localhost:6443", false, "http://localhost:6443/"],
  ["https://a.example/k8s/c1", false, "https://a.example/k8s/c1"],
])("server %s with TLS %s is %s", (server, hasTls, url) => {
  expect(serverUrl(server, hasTls).href).toBe(url);
});

it.each([
  ["a.example/k8s", "has a path but no scheme"],
  ["ftp://a.example", "has the scheme ftp"],
  ["https://", "is no URL"],
])("server %s %s", (server, why) => {
  expect(() => serverUrl(server, true)).toThrow(why);
});
