/** Directives of Helm, Go templates and Jinja. */
const DIRECTIVE = /\{\{.*?\}\}|\{%.*?%\}/;
const LINE_OF_DIRECTIVE = /^\s*(?:\{\{|\{%)/;

export const RENDER_FIRST = "render the template first (helm template, jinja2) and give the result";

/** The first directive of a text: `{{ .Values.image }}`, `{% if x %}`. */
export function directiveIn(text: string): string | undefined {
  return DIRECTIVE.exec(text)?.[0];
}

/**
 * The directive that explains why a text is no YAML: one in the line of the error (from 1), else the first line that begins
 * with one. Quoted directives elsewhere, as in alert rules, explain nothing.
 */
export function breakingDirective(
  text: string,
  line: number,
): { readonly line: number; readonly directive: string } | undefined {
  const lines = text.split("\n");
  const inLine = directiveIn(lines[line - 1] ?? "");
  if (inLine !== undefined) return { line, directive: inLine };
  const position = lines.findIndex((each) => LINE_OF_DIRECTIVE.test(each) && DIRECTIVE.test(each));
  const directive = directiveIn(lines[position] ?? "");
  return directive === undefined ? undefined : { line: position + 1, directive };
}
