import { textAt } from "../../common/json.ts";
import type { OsImageContext } from "../context.ts";
import { type FieldError, plain } from "../../references/field-error.ts";
import { fieldOf } from "../../common/field-path.ts";
import { osImageOf } from "../reviewed-image.ts";

const DISPLAY_NAME = ["spec", "displayName"];

/** The display name of an OSImage means it and no other, so that people can use it. */
export function* displayName(context: OsImageContext): Iterable<FieldError> {
  const image = osImageOf(context);
  const name = textAt(context.target.object, DISPLAY_NAME);
  if (image === undefined || name === "" || !image.hasChanged(DISPLAY_NAME)) return;
  const why = whyNot(context, name);
  if (why === undefined) return;
  const field = fieldOf(DISPLAY_NAME);
  yield { check: "osimage-display-name", reason: "FieldValueDuplicate", field, value: name, why };
}

function whyNot({ target, index }: OsImageContext, name: string): string | undefined {
  const ownName = textAt(target.object, ["metadata", "name"]);
  const images = index.osImages();
  const same = images.byDisplayName(name).find((image) => image.name !== ownName && !image.terminating);
  if (same !== undefined) {
    return `OSImage ${plain(same.name)} has this display name, so that it is ambiguous; choose another one`;
  }
  const hiding = images.byObjectName(name);
  if (hiding === undefined || hiding.name === ownName) return undefined;
  return "another OSImage has it as its object name, which is what it will be taken for; choose another one";
}
