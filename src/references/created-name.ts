import { type JsonObject, textAt } from "../common/json.ts";
import type { Reference } from "./parse.ts";

/** The display name that an object makes of this field; "" where it makes none, or where its parts are not known yet. */
export function createdNameOf(object: JsonObject, { name, createdName }: Reference): string {
  switch (createdName?.is) {
    case undefined:
      return "";
    case "field":
      return name;
    case "fieldOrDefault": {
      if (name !== "") return name;
      const source = createdName.defaults.map((path) => textAt(object, path)).find((text) => text !== "");
      return source === undefined ? "" : source + createdName.suffix;
    }
    case "prefixed": {
      const prefix = textAt(object, createdName.prefix);
      return prefix === "" || name === "" ? "" : prefix + createdName.separator + name;
    }
  }
}
