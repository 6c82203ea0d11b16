import { at, isJsonObject, listAt, textAt } from "../../common/json.ts";
import type { ReviewContext } from "../../references/context.ts";
import type { FieldProblem } from "../../references/field-error.ts";
import { fieldOf } from "../../references/parse.ts";
import { osImageOf } from "../reviewed-image.ts";

const OWNER = ["spec", "owner"];
const ACCESS = ["spec", "access"];

/** An image is owned by a user or a team, and who is let in is let do something. */
export function* owner(context: ReviewContext): Iterable<FieldProblem> {
  const image = osImageOf(context);
  if (image?.hasChanged(OWNER) === true) yield* oneOwner(context);
  if (image?.hasChanged(ACCESS) === true) yield* verbs(context);
}

function* oneOwner({ subject }: ReviewContext): Iterable<FieldProblem> {
  const named = at(subject.object, OWNER);
  if (textAt(named, ["user"]) === "" || textAt(named, ["team"]) === "") return;
  const why = "names a user and a team; keep one of the two, and let the other in by spec.access";
  yield { check: "osimage-owner", reason: "FieldValueInvalid", field: fieldOf(OWNER), value: named, why };
}

function* verbs({ subject }: ReviewContext): Iterable<FieldProblem> {
  for (const [index, entry] of listAt(subject.object, ACCESS).entries()) {
    if (!isJsonObject(entry) || listAt(entry, ["verbs"]).length > 0) continue;
    const field = fieldOf([...ACCESS, index, "verbs"]);
    const why = 'an entry without verbs lets nobody do anything; write ["get"] for those who may use the image';
    yield { check: "osimage-owner", reason: "FieldValueRequired", field, why };
  }
}
