import { Failure } from "../common/failure.ts";
import { UUID, vmiId as idOf } from "../images/vmi-id.ts";
import { quote } from "../references/field-error.ts";
import { type Command, EXIT_DONE } from "./command.ts";
import { jsonLine } from "./output/json.ts";

export const vmiId: Command<"any" | "output"> = {
  name: "vmi-id",
  summary: "print the VMI ID of content library items",
  arguments: { name: "UUID", many: true, help: "the ID of a content library item" },
  flags: ["any", "output"],
  run: (items, { any, output }, io) => {
    const problems = any ? [] : items.flatMap((item) => problemOf(item) ?? []);
    if (problems.length > 0) throw new Failure("usage", problems.join("\n"));
    const ids = items.map((item) => ({ item, vmiId: idOf(any ? item : item.toLowerCase()) }));
    if (output === "json") io.print(jsonLine(ids));
    else for (const id of ids) io.print(`${id.vmiId}\n`);
    return Promise.resolve(EXIT_DONE);
  },
};

/** A UUID within other text, or without its hyphens. */
const UUID_INSIDE =
  /(?<![0-9a-f])([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})(?![0-9a-f])/i;

/** Why an ID is not a UUID, and what to write instead. Undefined for a UUID. */
function problemOf(item: string): string | undefined {
  if (UUID.test(item)) return undefined;
  if (item.trim() === "") return `ID ${quote(item)}: is ${item === "" ? "empty" : "blank"}; give the UUID of the item`;
  const [, ...groups] = UUID_INSIDE.exec(item) ?? [];
  const remedy = groups.length === 0 ? "" : `write ${groups.join("-").toLowerCase()}, or `;
  return `ID ${quote(item)}: is not a UUID; ${remedy}add --any to hash it as given`;
}
