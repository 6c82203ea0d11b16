import { at, isJsonObject, type JsonObject, listAt, member, textAt, textOrNothing } from "../../common/json.ts";
import type { ImageAccess, Readiness } from "../image.ts";
import type { KindDecoder } from "./kind-decoder.ts";

/** Verbs that let a user use an image. The documentation of OSImage names no separate verb for use. */
const USING_VERBS = ["get", "*"];

/** Decodes an OSImage (vCluster Platform, storage/v1 OSImageSpec and OSImageStatus). */
export const osImageDecoder: KindDecoder = {
  displayNamePath: () => ["spec", "displayName"],
  decode: (object, _, metadata) => ({
    kind: "OSImage",
    ...metadata,
    readiness: readinessOf(object),
    access: accessOf(at(object, ["spec"])),
  }),
};

/** An image without uploaded bytes has no phase, and is ready at once. */
function readinessOf(value: JsonObject): Readiness {
  const phase = textAt(value, ["status", "phase"]);
  if (phase === "" || phase === "Ready") return { is: "ready" };
  const uploaded = listAt(value, ["status", "conditions"]).find((each) => member(each, "type") === "Uploaded");
  return { is: "notReady", condition: "Uploaded", reason: phase, message: textAt(uploaded, ["message"]) };
}

/** The owner, and the users and teams that `access` lets use the image. Undefined, which is open, without either. */
function accessOf(spec: unknown): ImageAccess | undefined {
  const owner = at(spec, ["owner"]);
  const entries = listAt(spec, ["access"]);
  const [user, team] = [textOrNothing(owner, ["user"]), textOrNothing(owner, ["team"])];
  if (user === undefined && team === undefined && entries.length === 0) return undefined;
  const granting = entries.filter(
    (entry) =>
      isJsonObject(entry) && listAt(entry, ["verbs"]).some((verb) => USING_VERBS.some((each) => each === verb)),
  );
  const named = (field: string): readonly string[] =>
    granting.flatMap((entry) => listAt(entry, [field]).filter((name) => typeof name === "string"));
  return { users: [user ?? [], named("users")].flat(), teams: [team ?? [], named("teams")].flat() };
}
