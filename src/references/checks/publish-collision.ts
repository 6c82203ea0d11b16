import { isVmImageKind, VMI_ID_PREFIX } from "../../images/image.ts";
import { textAt } from "../../json.ts";
import type { ReviewContext } from "../context.ts";
import { type FieldProblem, plain, quote } from "../problem.ts";
import { fieldOf, type Reference } from "../reading.ts";

/**
 * The display name that a publish request makes stays unambiguous: vm-operator refuses the same name in the same
 * library only (virtualmachinepublishrequest_controller.go).
 */
export function* publishCollision(context: ReviewContext): Iterable<FieldProblem> {
  const item = context.reading.references.find(({ role, images }) => role === "creates" && images.every(isVmImageKind));
  if (item === undefined || context.subject.operation !== "CREATE" || context.reading.malformed.length > 0) return;
  const name = itemName(context, item);
  const why = whyNot(context, name);
  if (why === undefined) return;
  yield {
    check: "publish-collision",
    reason: "FieldValueInvalid",
    field: fieldOf(item.namePath),
    value: name,
    why: `${why}; choose another item name`,
  };
}

/** Where none is given, the controller takes the source's name, which is that of the request where none is given. */
function itemName({ subject }: ReviewContext, { name }: Reference): string {
  if (name !== "") return name;
  const source = textAt(subject.object, ["spec", "source", "name"]) || textAt(subject.object, ["metadata", "name"]);
  return source === "" ? "" : `${source}-image`;
}

function whyNot({ index, subject }: ReviewContext, name: string): string | undefined {
  if (name.startsWith(VMI_ID_PREFIX)) {
    return `a display name that begins with ${VMI_ID_PREFIX} is taken for a VMI ID, so that nobody could use it`;
  }
  const inNamespace = index.namespaced(subject.namespace).byDisplayName(name);
  const [image] = [...inNamespace, ...index.cluster().byDisplayName(name)].filter(({ terminating }) => !terminating);
  if (image === undefined) return undefined;
  const place = image.kind === "VirtualMachineImage" ? `in namespace ${quote(image.namespace)}` : "in the cluster";
  const library = image.library === undefined ? "" : ` (${plain(image.library)})`;
  return `image ${plain(image.name)}${library} ${place} has this display name, so that it would be ambiguous`;
}
