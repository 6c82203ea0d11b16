import { REFERENCES } from "../admission/systems.ts";
import { Failure } from "../common/failure.ts";
import { textAt } from "../common/json.ts";

/** Throws a Failure that names command `check` where a document is a manifest and not an AdmissionReview. */
export function throwIfManifest(file: string, document: unknown): void {
  const kind = textAt(document, ["kind"]);
  const [group] = textAt(document, ["apiVersion"]).split("/");
  if (!REFERENCES.some((row) => row.group === group && row.kind === kind)) return;
  const remedy = `run: vm-image-webhook check ${file}`;
  throw new Failure("input", `${file}: is a ${kind} and not an AdmissionReview; ${remedy}`);
}
