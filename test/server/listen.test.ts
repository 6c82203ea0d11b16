import fastify, { type FastifyInstance } from "fastify";
import { networkInterfaces } from "node:os";
import { describe, expect, onTestFinished, test } from "vitest";
import { isSamePort, listen, type ListenAddress } from "../../src/server/listen.ts";

const HAS_IPV6 = Object.values(networkInterfaces())
  .flat()
  .some((address) => address?.address === "::1");

function server(): FastifyInstance {
  const made = fastify();
  made.get("/", () => "here");
  onTestFinished(() => made.close());
  return made;
}

describe("listening", () => {
  test("port 0 returns the port that the system chose", async () => {
    const port = await listen(server(), { host: "127.0.0.1", port: 0 });
    expect(port).toBeGreaterThan(0);
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("here");
  });

  test("without a host it answers on IPv4", async () => {
    const port = await listen(server(), { host: undefined, port: 0 });
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("here");
  });

  test.skipIf(!HAS_IPV6)("without a host it answers on IPv6 too", async () => {
    const port = await listen(server(), { host: undefined, port: 0 });
    expect(await (await fetch(`http://[::1]:${port}/`)).text()).toBe("here");
  });

  test.skipIf(!HAS_IPV6)("accepts an IPv6 address", async () => {
    const port = await listen(server(), { host: "::1", port: 0 });
    expect(await (await fetch(`http://[::1]:${port}/`)).text()).toBe("here");
  });
});

describe("an address that is not available", () => {
  test("fails with the reason for a taken port", async () => {
    const port = await listen(server(), { host: "127.0.0.1", port: 0 });
    await expect(listen(server(), { host: "127.0.0.1", port })).rejects.toMatchObject({
      name: "Failure",
      code: "listen",
      message: `cannot listen on 127.0.0.1:${port}: the port is taken by another process; give another port, or end that process`,
    });
  });

  test("is named as it was typed, without a host", async () => {
    const port = await listen(server(), { host: undefined, port: 0 });
    await expect(listen(server(), { host: undefined, port })).rejects.toMatchObject({
      code: "listen",
      message: `cannot listen on :${port}: the port is taken by another process; give another port, or end that process`,
    });
  });

  test.skipIf(!HAS_IPV6)("is named as it was typed, with IPv6 in brackets", async () => {
    const port = await listen(server(), { host: "::1", port: 0 });
    await expect(listen(server(), { host: "::1", port })).rejects.toMatchObject({
      code: "listen",
      message: `cannot listen on [::1]:${port}: the port is taken by another process; give another port, or end that process`,
    });
  });

  test("fails with the reason for an address of another machine", async () => {
    // 192.0.2.0/24 is for documentation: no machine has it (RFC 5737).
    await expect(listen(server(), { host: "192.0.2.1", port: 0 })).rejects.toMatchObject({
      code: "listen",
      message: "cannot listen on 192.0.2.1:0: this machine does not have that address",
    });
  });
});

describe("two addresses have the same port", () => {
  const at = (host: string | undefined, port = 9443): ListenAddress => ({ host, port });

  test.each([
    [at(undefined), at(undefined)],
    [at(undefined), at("127.0.0.1")],
    [at("10.0.0.1"), at("0.0.0.0")],
    [at("10.0.0.1"), at("10.0.0.1")],
    [at("localhost"), at("127.0.0.1")],
    [at("::1"), at("localhost")],
  ])("%j and %j", (one, other) => {
    expect([isSamePort(one, other), isSamePort(other, one)]).toEqual([true, true]);
  });

  test.each([
    [at(undefined), at(undefined, 8080)],
    [at(undefined, 0), at(undefined, 0)],
    [at("127.0.0.1"), at("10.0.0.1")],
    [at("localhost"), at("10.0.0.1")],
  ])("but not %j and %j", (one, other) => {
    expect([isSamePort(one, other), isSamePort(other, one)]).toEqual([false, false]);
  });
});
