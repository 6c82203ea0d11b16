import { type Image, IMAGE_KIND_ROWS, isClusterScopedVmImage, libraryOf } from "../images/image.ts";
import type { Ambiguous } from "../images/resolve.ts";
import { type FieldError, plain } from "./field-error.ts";

/** Candidates beyond this many are counted. */
const MAX_CANDIDATES_LISTED = 5;

/** Why an ambiguous name is refused, and what to do. `place`: `images in namespace "dev" and the cluster`. */
export function ambiguousName(
  { candidates, matchedBy }: Ambiguous,
  place: string,
  strict: boolean,
): Pick<FieldError, "why" | "remedy"> {
  const listed = candidates.slice(0, MAX_CANDIDATES_LISTED).map(nameWithLibrary).join(", ");
  const more = candidates.length - MAX_CANDIDATES_LISTED;
  const libraries = new Set(candidates.map(libraryOf));
  const librariesDiffer =
    !strict && matchedBy === "displayName" && libraries.size === candidates.length && !libraries.has(undefined);
  const ids = candidates.some(hasChosenName) ? "object names" : "IDs";
  const remedy = `use one of these ${ids}${librariesDiffer ? ", or LIBRARY/NAME" : ""}`;
  const why =
    `ambiguous: ${candidates.length} ${place} have this display name` +
    `${matchedBy === "libraryName" ? " and library" : ""}: ${listed}${more > 0 ? ` and ${more} more` : ""}`;
  return { why, remedy };
}

/** The object name of any other image is a VMI ID. */
function hasChosenName(image: Image): boolean {
  return IMAGE_KIND_ROWS[image.kind].namedByPeople || isClusterScopedVmImage(image);
}

function nameWithLibrary(image: Image): string {
  const [name, library] = [plain(image.name), libraryOf(image)];
  return library === undefined ? name : `${name} (${plain(library)})`;
}
