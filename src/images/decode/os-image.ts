import type { ImageAccess, ImageFacts, Readiness } from "../image.ts";
import { at, isJsonObject, type JsonObject, listAt, member, textAt, textOrNothing } from "../../common/json.ts";

/** The verbs that allow the use of an image. The documentation of OSImage has no verb of its own for that. */
const USING_VERBS = ["get", "*"];

/** The facts of an OSImage (vCluster Platform, storage/v1 OSImageSpec and OSImageStatus). */
export function osImageFacts(value: JsonObject): ImageFacts {
  const access = accessOf(at(value, ["spec"]));
  return {
    displayNameAt: ["spec", "displayName"],
    type: undefined,
    firmware: undefined,
    capabilities: [],
    library: undefined,
    readiness: readinessOf(value),
    ...(access === undefined ? {} : { access }),
  };
}

/** An image without uploaded content has no phase, and is ready at once. */
function readinessOf(value: JsonObject): Readiness {
  const phase = textAt(value, ["status", "phase"]);
  if (phase === "" || phase === "Ready") return { is: "ready" };
  const uploaded = listAt(value, ["status", "conditions"]).find((each) => member(each, "type") === "Uploaded");
  return { is: "notReady", condition: "Uploaded", reason: phase, message: textAt(uploaded, ["message"]) };
}

/** The owner, and the users and teams that `access` allows to use it. Undefined without both: then everyone may use it. */
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
