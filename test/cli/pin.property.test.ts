import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Document, isCollection, parseAllDocuments, visit } from "yaml";
import { manifestsOf } from "../../src/cli/manifest.ts";
import { type PinnableFile, planFile } from "../../src/cli/pin-file.ts";
import { documentsIn } from "../../src/cli/input.ts";
import { pinContext } from "../../src/pin/pin-object.ts";
import { exampleIndex } from "../support/catalogue.ts";
import { run, ofCheckout } from "../support/command-run.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** Text before and after pinning, made side by side. */
interface Written {
  readonly before: string;
  readonly after: string;
}

const NAMES = [
  ["ubuntu-24.04", "vmi-0a0044d7c690bcbea"],
  ["cl-linux/photon-5", "vmi-38cba0e73c6ba3792"],
  ["rocky-9.5", "vmi-5cb0d0fbeb78ad7a5"],
] as const;
const OS_NAMES = [
  ["Ubuntu Jammy (22.04 LTS)", "ubuntu-jammy"],
  ["Hardened", "hardened"],
] as const;

const QUOTES = fc.constantFrom("", "'", '"');
const SPACES = fc.constantFrom("", " ", "   ");
const COMMENT = fc.constantFrom("", " # base image", "  #", "\t# vm-image", ' # "quoted" { [');

/** A line `KEY: NAME` with quotes, spaces and a comment. */
function nameLine(start: string, names: readonly (readonly [string, string])[]): fc.Arbitrary<Written> {
  return fc.tuple(fc.constantFrom(...names), QUOTES, SPACES, COMMENT).map(([[name, id], quote, spaces, comment]) => {
    const kept = `# vm-image: ${name}`;
    const [gap = "", ...rest] = comment === "" ? [] : comment.split(/(?=#)/);
    const behind = comment === "" ? ` ${kept}${spaces}` : `${gap}${kept} ${rest.join("")}${spaces}`;
    return {
      before: `${start}${quote}${name}${quote}${comment}${spaces}`,
      after: `${start}${quote}${id}${quote}${behind}`,
    };
  });
}

function same(text: string): Written {
  return { before: text, after: text };
}

const NOISE = fc
  .constantFrom(
    "# imageName: ubuntu-24.04",
    "",
    "  className: 'ubuntu-24.04' # vm-image: not read",
    "  storageClass:   standard",
    '  bootstrap: {cloudInit: {note: "# vm-image: x"}}',
    "  other: |\n    imageName: ubuntu-24.04\n    # vm-image: y",
    "  list: [a,   'b', \"c # d\"]",
    "  folded: >-\n    imageName:\n\n    ubuntu-24.04",
  )
  .map(same);

function lines(...parts: readonly Written[]): Written {
  return {
    before: parts.map(({ before }) => before).join("\n"),
    after: parts.map(({ after }) => after).join("\n"),
  };
}

const HEAD = (version: string, kind: string): Written =>
  same(`apiVersion: ${version}\nkind: ${kind}\nmetadata: {name: x,  namespace: dev}\nspec:`);

const MACHINE = fc
  .tuple(
    fc.uniqueArray(NOISE, { maxLength: 3, selector: ({ before }) => before.split(":")[0] }),
    nameLine("  imageName: ", NAMES),
    fc.uniqueArray(NOISE, { maxLength: 0 }),
  )
  .map(([noise, name]) => lines(HEAD("vmoperator.vmware.com/v1alpha6", "VirtualMachine"), ...noise, name));

const FLOW = nameLine("spec: { className: 'a', imageName: ", NAMES).map(({ before, after }) => {
  // The mapping is closed on the next line, so that the name's line may end with its comment.
  const head = "apiVersion: vmoperator.vmware.com/v1alpha3\nkind: VirtualMachine\nmetadata: {namespace: dev}";
  return lines(same(head), { before, after }, same("  }"));
});

const CLAIM = nameLine("    vcluster.com/os-image: ", OS_NAMES).map((name) =>
  lines(HEAD("storage.loft.sh/v1", "NodeClaim"), same("  properties:"), name),
);

const OTHER = fc.constantFrom(
  same("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n  imageName: ubuntu-24.04 # vm-image: z"),
  same("# only a comment"),
  same(""),
);

const LIST = fc.array(fc.oneof(MACHINE, CLAIM), { minLength: 1, maxLength: 3 }).map((items) => {
  const indented = (text: string): string => text.replaceAll(/^(?=.)/gm, "    ").replace(/^ {4}/, "  - ");
  const parts = items.map(({ before, after }) => ({ before: indented(before), after: indented(after) }));
  return lines(same("apiVersion: v1\nkind: List\nitems:"), ...parts);
});

const FILE = fc
  .tuple(
    fc.array(fc.oneof(MACHINE, FLOW, CLAIM, OTHER, LIST), { minLength: 1, maxLength: 4 }),
    fc.constantFrom("\n", "\r\n"),
    fc.boolean(),
    fc.boolean(),
  )
  .map(([documents, eol, hasMark, hasEnd]) => {
    const whole = (side: "before" | "after"): string =>
      (
        (hasMark ? "\ufeff" : "") +
        documents.map((each) => each[side]).join("\n--- # next\n") +
        (hasEnd ? "\n" : "")
      ).replaceAll("\n", eol);
    return { before: whole("before"), after: whole("after") };
  });

test("in generated files only the names change, and their comments are added; again nothing changes", async () => {
  const file = join(temporaryFolder(), "generated.yaml");
  const pin = (...args: readonly string[]) =>
    run(["pin", file, "--allow-empty", "--images", ofCheckout("examples/images"), ...args]);
  await fc.assert(
    fc.asyncProperty(FILE, async ({ before, after }) => {
      writeFileSync(file, before);
      const isPinned = before === after;
      expect((await pin("--check")).exitCode).toBe(isPinned ? 0 : 1);
      expect(readFileSync(file, "utf8")).toBe(before);
      expect(await pin()).toMatchObject({ exitCode: 0, errors: "" });
      expect(readFileSync(file, "utf8")).toBe(after);
      for (const again of [[], ["--update"]]) {
        expect((await pin(...again)).exitCode).toBe(0);
        expect(readFileSync(file, "utf8")).toBe(after);
      }
    }),
    { numRuns: 60 },
  );
});

test("a file with random changes is pinned as another parser of YAML reads it, or not at all", () => {
  const context = pinContext(exampleIndex(), "namespace-first");
  const cut = fc.tuple(
    fc.nat(),
    fc.constantFrom(" ", "\n", "#", '"', "'", "{", "}", "&a ", "*a", "- ", ": ", "|\n", ",", "\t"),
  );
  let pinned = 0;
  fc.assert(
    fc.property(FILE, fc.array(cut, { minLength: 1, maxLength: 3 }), ({ before }, cuts) => {
      let text = before.replace("\ufeff", "");
      for (const [at, mark] of cuts) {
        const offset = at % (text.length + 1);
        text = text.slice(0, offset) + mark + text.slice(offset);
      }
      const input: PinnableFile = { file: "x.yaml", bytes: Buffer.from(text), text, manifests: manifestsIn(text) };
      const { newText, pins, messages } = planFile(input, { namespace: "dev", context, options: { update: false } });
      if (pins.length === 0 || messages.some(({ level }) => level === "error")) return;
      const documents = parseAllDocuments(text, OTHER_PARSER);
      if (!("empty" in documents) && documents.some(hasCollectionAsKey)) return;
      pinned++;
      expect(withoutNames(newText)).toEqual(withoutNames(text));
    }),
    { numRuns: 500 },
  );
  expect(pinned).toBeGreaterThan(50);
});

/** Empty for a text that is no YAML. */
function manifestsIn(text: string): PinnableFile["manifests"] {
  try {
    return [...documentsIn({ file: "x.yaml", text })].flatMap(manifestsOf);
  } catch {
    return [];
  }
}

const OTHER_PARSER = { version: "1.1", uniqueKeys: false } as const;

/**
 * The library yaml reads some misplaced anchors as a collection that is a key, and makes a text of it with its comments.
 * YAML's own rule is that such an anchor belongs to the next key.
 */
function hasCollectionAsKey(document: Document.Parsed): boolean {
  let isFound = false;
  visit(document, {
    Pair: (_, { key }) => {
      isFound ||= isCollection(key);
    },
  });
  return isFound;
}

/** The documents as the library yaml reads them, with every name of the samples and its image written alike. */
function withoutNames(text: string): unknown {
  const documents = parseAllDocuments(text, OTHER_PARSER);
  const values: unknown[] =
    "empty" in documents ? [] : documents.map((each): unknown => each.toJS({ maxAliasCount: -1 }));
  let json = JSON.stringify(values);
  for (const [name, id] of [...NAMES, ...OS_NAMES]) json = json.replaceAll(name, id);
  return JSON.parse(json);
}
