import type { AdmissionRequest } from "../../src/admission/review.ts";
import { sentWarnings } from "../../src/admission/warnings.ts";
import { at, isJsonObject, type JsonObject, textAt } from "../../src/common/json.ts";
import { errorMessage, withRemediesOnce } from "../../src/references/field-error.ts";
import { type Answer, answer, request } from "../support/admission.ts";
import { indexOf } from "../support/catalogue.ts";
import type { Applied, Cluster } from "./follow.ts";
import { mistakeImages } from "./images.ts";
import { listedBy } from "./listing.ts";
import type { Mistake } from "./mistake.ts";

const IMAGES = mistakeImages();
const INDEX = indexOf(IMAGES);

/** The last manifest of an object that was admitted, and what is stored since. */
interface Stored {
  readonly manifest: JsonObject;
  readonly object: JsonObject;
}

/** `kubectl apply` without an API server: `/mutate`, then `/validate` of its result. */
export class MemoryCluster implements Cluster {
  readonly #by: Mistake["by"];
  readonly #stored = new Map<string, Stored>();

  constructor(by: Mistake["by"]) {
    this.#by = by;
  }

  apply(manifest: JsonObject): Promise<Applied> {
    const stored = this.#stored.get(nameOf(manifest));
    const object = stored === undefined ? manifest : merged(stored.manifest, manifest, stored.object);
    const applied = this.#admit(object, stored?.object);
    if (!applied.isRefused) this.#stored.set(nameOf(manifest), { manifest, object: applied.object });
    return Promise.resolve(applied);
  }

  patch(manifest: JsonObject, patch: JsonObject): Promise<void> {
    const stored = this.#stored.get(nameOf(manifest));
    if (stored === undefined) throw new Error("there is no such object");
    const { isRefused, messages, object } = this.#admit(merged({}, patch, stored.object), stored.object);
    if (isRefused) throw new Error(messages.join());
    this.#stored.set(nameOf(manifest), { ...stored, object });
    return Promise.resolve();
  }

  list(command: string): Promise<string> {
    return Promise.resolve(listedBy(command, IMAGES).join("\n"));
  }

  #admit(object: JsonObject, oldObject: JsonObject | undefined): Applied {
    const asked = this.#request(object, oldObject);
    const mutated = answer("mutate", asked, INDEX);
    if (mutated.errors.length > 0) return refused(mutated);
    const validated = answer("validate", { ...asked, object: mutated.object }, INDEX);
    if (validated.errors.length > 0) return refused(validated);
    const messages = [...sentWarnings(mutated.warnings), ...sentWarnings(validated.warnings)];
    return { isRefused: false, messages, object: mutated.object };
  }

  #request(object: JsonObject, oldObject: JsonObject | undefined): AdmissionRequest {
    const [group = "", version = ""] = textAt(object, ["apiVersion"]).split("/");
    const admin = { user: { name: "admin", groups: ["system:masters"] } };
    return request(object, {
      group,
      version,
      kind: textAt(object, ["kind"]),
      namespace: textAt(object, ["metadata", "namespace"]),
      name: nameOf(object),
      oldObject,
      ...(this.#by === "admin" ? admin : {}),
    });
  }
}

function nameOf(object: JsonObject): string {
  return textAt(object, ["metadata", "name"]);
}

function refused({ errors, object }: Answer): Applied {
  return {
    isRefused: true,
    messages: withRemediesOnce(errors).map((error) => `${error.field}: ${errorMessage(error)}`),
    object,
  };
}

/**
 * The object that `kubectl apply` makes of a custom resource (apimachinery jsonmergepatch CreateThreeWayJSONMergePatch):
 * what the manifest has replaces what is stored, and what only the last manifest had is removed.
 */
function merged(last: JsonObject, manifest: JsonObject, stored: JsonObject): JsonObject {
  const kept = Object.entries(stored).filter(([key]) => key in manifest || !(key in last));
  const written = Object.entries(manifest).map(([key, value]): [string, unknown] => {
    const [before, now] = [at(last, [key]), at(stored, [key])];
    if (!isJsonObject(value) || !isJsonObject(now)) return [key, value];
    return [key, merged(isJsonObject(before) ? before : {}, value, now)];
  });
  return { ...Object.fromEntries(kept), ...Object.fromEntries(written) };
}
