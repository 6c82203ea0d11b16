import { at, isJsonObject, listAt, textAt } from "../../common/json.ts";
import type { OsImageContext } from "../context.ts";
import type { FieldError } from "../../references/field-error.ts";
import { fieldOf } from "../../common/field-path.ts";
import { osImageOf } from "../reviewed-image.ts";

const OWNER = ["spec", "owner"];
const ACCESS = ["spec", "access"];

/** An image is owned by a user or a team, and an access entry grants at least one verb. */
export function* owner(context: OsImageContext): Iterable<FieldError> {
  const image = osImageOf(context);
  if (image?.hasChanged(OWNER) === true) yield* oneOwner(context);
  if (image?.hasChanged(ACCESS) === true) yield* verbs(context);
}

function* oneOwner({ target }: OsImageContext): Iterable<FieldError> {
  const named = at(target.object, OWNER);
  if (textAt(named, ["user"]) === "" || textAt(named, ["team"]) === "") return;
  const why = "names a user and a team; keep one of the two, and let the other in by spec.access";
  yield { check: "osimage-owner", reason: "FieldValueInvalid", field: fieldOf(OWNER), value: named, why };
}

function* verbs({ target }: OsImageContext): Iterable<FieldError> {
  for (const [index, entry] of listAt(target.object, ACCESS).entries()) {
    if (!isJsonObject(entry) || listAt(entry, ["verbs"]).length > 0) continue;
    const field = fieldOf([...ACCESS, index, "verbs"]);
    const why = 'an entry without verbs grants nothing; write ["get"] for those who may use the image';
    yield { check: "osimage-owner", reason: "FieldValueRequired", field, why };
  }
}
