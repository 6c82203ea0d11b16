/**
 * What a list costs at the least: reads all pages of both kinds with `node:https`, parses them and keeps nothing, then
 * asks for the watches as the webhook does. Its options are in its argument, in JSON.
 */
import { Agent, get } from "node:https";
import type { IncomingMessage } from "node:http";
import { DEFAULT_LIMITS } from "../src/kube/reflector-limits.ts";
import { programOptions } from "./processes.ts";

export interface DrainOptions {
  readonly url: string;
  readonly ca: string;
}

const { url, ca } = programOptions() as DrainOptions;
const agent = new Agent({ ca, keepAlive: true });

function open(path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(`${url}${path}`, { agent }, resolve).on("error", reject);
  });
}

async function drain(plural: string): Promise<number> {
  const path = `/apis/vmoperator.vmware.com/v1alpha6/${plural}`;
  let count = 0;
  let token: string | undefined = "";
  while (token !== undefined) {
    const chunks: Buffer[] = [];
    for await (const chunk of await open(
      `${path}?limit=${DEFAULT_LIMITS.pageSize}${token === "" ? "" : `&continue=${token}`}`,
    )) {
      chunks.push(chunk as Buffer);
    }
    const page = JSON.parse(Buffer.concat(chunks).toString("utf8")) as {
      items: unknown[];
      metadata: { continue?: string };
    };
    count += page.items.length;
    token = page.metadata.continue;
  }
  await open(`${path}?watch=true`);
  return count;
}

const counts = await Promise.all(["virtualmachineimages", "clustervirtualmachineimages"].map(drain));
process.stdout.write(JSON.stringify(counts), () => {
  process.exit();
});
