import { vmiId as idOf } from "../images/vmi-id.ts";
import { type Command, EXIT_DONE } from "./command.ts";
import { jsonLine } from "./output/json.ts";

export const vmiId: Command<"output"> = {
  name: "vmi-id",
  summary: "print the VMI ID of content library items",
  arguments: { name: "ID", many: true, help: "a content library item's ID, nearly always a UUID" },
  flags: ["output"],
  run: (items, { output }, io) => {
    const ids = items.map((item) => ({ item, vmiId: idOf(item) }));
    if (output === "json") io.print(jsonLine(ids));
    else for (const id of ids) io.print(`${id.vmiId}\n`);
    return Promise.resolve(EXIT_DONE);
  },
};
