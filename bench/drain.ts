/**
 * The minimal cost of a list: reads all pages of both kinds with `node:https`, decodes each with one `JSON.parse`, keeps
 * nothing, and opens the watches as the webhook does.
 */
import { Agent, get } from "node:https";
import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { endWith, programOptions } from "./processes.ts";
import { PAGE_SIZE } from "./workload.ts";

export interface DrainOptions {
  readonly url: string;
  /** PEM. */
  readonly ca: string;
}

const { url, ca } = (await programOptions()) as DrainOptions;
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
    const rest: string = token === "" ? "" : `&continue=${token}`;
    const page = JSON.parse(await text(await open(`${path}?limit=${PAGE_SIZE}${rest}`))) as {
      items: unknown[];
      metadata: { continue?: string };
    };
    count += page.items.length;
    token = page.metadata.continue;
  }
  await open(`${path}?watch=true`);
  return count;
}

endWith(await Promise.all(["virtualmachineimages", "clustervirtualmachineimages"].map(drain)));
