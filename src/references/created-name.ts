import { type JsonObject, textOrNothing } from "../common/json.ts";
import type { ImageKind } from "../images/image.ts";
import type { ReviewContext } from "./context.ts";
import type { Reference } from "./parse.ts";

/** The display name that an object derives from this field; undefined where it derives none, or its parts are not known yet. */
export function createdNameOf(object: JsonObject, { name, createdName }: Reference): string | undefined {
  switch (createdName?.is) {
    case undefined:
      return undefined;
    case "field":
      return name;
    case "fieldOrDefault": {
      if (name !== undefined) return name;
      const source = createdName.defaults.map((path) => textOrNothing(object, path)).find((text) => text !== undefined);
      return source === undefined ? undefined : source + createdName.suffix;
    }
    case "prefixed": {
      const prefix = textOrNothing(object, createdName.prefix);
      return prefix === undefined || name === undefined ? undefined : prefix + createdName.separator + name;
    }
  }
}

/** The unsynced kind that gets a display name from the object: only a complete list shows that no image has it. */
export function unsyncedCreatedKind({ parsed, index }: Pick<ReviewContext, "parsed" | "index">): ImageKind | undefined {
  return parsed.references
    .filter(({ role }) => role === "creates")
    .flatMap(({ images }) => images)
    .find((kind) => !index.isSynced(kind));
}
