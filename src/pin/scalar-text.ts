import type { ScalarStyle } from "../files/scalar-place.ts";
import { plainScalar } from "../files/scalars.ts";

/** Characters of object names. Text of these is a plain scalar in block and flow style. */
const PLAIN = /^[a-z0-9][a-z0-9.-]*$/;

/** The text of a scalar with this value, in the style that it has. Undefined where the style does not fit on one line. */
export function scalarText(value: string, style: ScalarStyle): string | undefined {
  switch (style) {
    case "plain":
      // OSImages have names such as 24.04, which is a number without quotes.
      return PLAIN.test(value) && plainScalar(value).is === "text" ? value : JSON.stringify(value);
    case "singleQuoted":
      return `'${value.replaceAll("'", "''")}'`;
    case "doubleQuoted":
      return JSON.stringify(value);
    case "block":
      return undefined;
  }
}
