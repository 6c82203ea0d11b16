import { parse } from "yaml";
import { type Message, readMessage, unquoted } from "./message.ts";

/** A change of the manifest. `field`: as the message has it. */
export type Edit =
  | { readonly do: "write"; readonly field: string; readonly value: unknown }
  /** As the last entry of a list. */
  | { readonly do: "add"; readonly field: string; readonly value: unknown }
  | { readonly do: "remove"; readonly field: string }
  /** Something that the command prints. */
  | { readonly do: "choose"; readonly field: string; readonly command: string }
  /** Any other name. */
  | { readonly do: "rename"; readonly field: string }
  /** The value moves to another field. */
  | { readonly do: "move"; readonly field: string; readonly to: string }
  | { readonly do: "quote"; readonly field: string }
  /** Of the one value that the field has. */
  | { readonly do: "makeList"; readonly field: string };

/** What else a message tells a person to do. */
export type Act =
  /** The object that is there, before the manifest is applied again. */
  | { readonly do: "patch"; readonly field: string; readonly value: unknown }
  | { readonly do: "createAnother" }
  | { readonly do: "wait" };

export type Step = Edit | Act;

export function isEdit(step: Step): step is Edit {
  return !["patch", "createAnother", "wait"].includes(step.do);
}

/** The steps of one way out. */
export type Remedy = readonly Step[];

type Found = (message: Message, groups: readonly (string | undefined)[]) => readonly Remedy[];

const QUOTED = /"(?:[^"\\]|\\.)*"/;
const SUGGESTION = new RegExp(`(${QUOTED.source})(?: \\([^)]*\\))?(?: of kind (\\w+))?`, "g");
const LIST_COMMAND = /\((kubectl get [^)]*) lists (?:them|those that have all)\)/;

/**
 * The table of remedies: the words of a message, and what a person does who takes them literally. A message is read by
 * every row whose words it has, in the order of this table.
 */
const REMEDIES: readonly { readonly words: RegExp; readonly read: Found }[] = [
  {
    words: /did you mean (.*)\?$/,
    read: ({ field }, [suggestions = ""]) =>
      [...suggestions.matchAll(SUGGESTION)].map(([, name = "", kind]) => [
        write(field, unquoted(name)),
        ...(kind === undefined ? [] : [write(beside(field, "kind"), kind)]),
      ]),
  },
  {
    words: /; (kubectl .*) lists what can be written$/,
    read: ({ field }, [command = ""]) => [[choose(field, command)]],
  },
  {
    words: /; write the display name or VMI ID of an (?:ISO )?image /,
    read: ({ field, why }) => [[choose(field, listCommand(why))]],
  },
  {
    words: /: ([^:]*); use one of these (?:IDs|object names)(, or LIBRARY\/NAME)?$/,
    read: ({ field, value = "" }, [listed = "", libraries]) => {
      const images = listed.split(", ").map((image) => /^(\S+)(?: \((.*)\))?$/.exec(image) ?? []);
      const byLibrary = libraries === undefined ? [] : images.map(([, , library]) => `${library}/${unquoted(value)}`);
      return [...images.map(([, name]) => name), ...byLibrary].map((name) => [write(field, name)]);
    },
  },
  { words: /^write ("\w+"); supported values: /, read: ({ field }, [kind = ""]) => [[write(field, unquoted(kind))]] },
  {
    words: / names another image, ("[^"]*")(?: \((.*)\))?; write that here\b/,
    read: ({ field }, names) =>
      names.filter((name) => name !== undefined).map((name) => [write(field, unquoted(name))]),
  },
  {
    words: /^(\S+) names another image, .* or leave one of the two out$/,
    read: ({ field }, [other = ""]) => [[remove(field)], [remove(other)]],
  },
  {
    words: /; put back ("[^"]*")(?: \(("[^"]*")\))?/,
    read: ({ field }, names) =>
      names.filter((name) => name !== undefined).map((name) => [write(field, unquoted(name))]),
  },
  { words: / leave this field out\b/, read: ({ field }) => [[remove(field)]] },
  { words: /, or create another VM$/, read: () => [[{ do: "createAnother" }]] },
  { words: /^must be a string; write ("[^"]*")$/, read: ({ field }, [name = ""]) => [[write(field, unquoted(name))]] },
  {
    words: /; make it a list: put "- " in front of (?:it|its first line)$/,
    read: ({ field }) => [[{ do: "makeList", field }]],
  },
  { words: /; put what you wrote in quotes$/, read: ({ field }) => [[{ do: "quote", field }]] },
  { words: /; write it as (\S+)$/, read: ({ field }, [to = ""]) => [[{ do: "move", field, to }]] },
  {
    words: /; choose an(?:other)? (?:image|ISO image|image for efi|one)\b/,
    read: ({ field, why }) => [[choose(fieldOfImage(field), listCommand(why))]],
  },
  { words: /; choose another item name$/, read: ({ field }) => [[{ do: "rename", field }]] },
  { words: /; choose another name for the request$/, read: () => [[{ do: "rename", field: "metadata.name" }]] },
  {
    words: /^(\S+) holds this image already; .* leave one of the two CD-ROMs out$/,
    read: ({ field }, [other = ""]) => [[remove(entryOf(field))], [remove(entryOf(other))]],
  },
  {
    words: /lacks .* of annotation (\S+) \(it has (.*?)\); .* change the annotation$/,
    read: (_, [annotation = "", has = ""]) => {
      const capabilities = [...has.matchAll(new RegExp(QUOTED, "g"))].map(([name]) => unquoted(name)).join(",");
      return [[write(`metadata.annotations[${annotation}]`, capabilities)]];
    },
  },
  { words: /[;,] write (spec\.\S+): (\w+)/, read: (_, [field = "", value]) => [[write(field, value)]] },
  { words: /, and (spec\.\S+) is \S+; write (\w+) there/, read: (_, [field = "", value]) => [[write(field, value)]] },
  { words: /\bleave secure boot out$/, read: ({ field }) => [[remove(field)]] },
  {
    words: /; set (\S+), such as (\w+), and add to (\S+) (\{.*\})$/,
    read: (_, [field = "", value, list = "", entry = ""]) => [
      [write(field, value), { do: "add", field: list, value: parse(entry) as unknown }],
    ],
  },
  { words: /^a VM with .* needs .*, such as (\w+)$/, read: ({ field }, [value]) => [[write(field, value)]] },
  {
    words: /; power it off first \((\S+): (\w+)\)$/,
    read: (_, [field = "", value]) => [[{ do: "patch", field, value }]],
  },
  {
    words: /; remove annotation (\S+) and (\S+) from the manifest$/,
    read: (_, [annotation = "", field = ""]) => [[remove(`metadata.annotations[${annotation}]`), remove(field)]],
  },
  { words: /; the VM waits until it is$/, read: () => [[{ do: "wait" }]] },
];

/**
 * The ways out that these messages of one object name, read literally. The first way of each message belongs together, and
 * so on.
 */
export function remediesOf(messages: readonly string[]): readonly Remedy[] {
  const read = messages.map(readMessage);
  const each = read.map((message) => remediesOfOne(withRemedyOfOther(message, read)));
  const ways = Math.max(0, ...each.map(({ length }) => length));
  return Array.from({ length: ways }, (_, way) => each.flatMap((remedies) => remedies[way] ?? []));
}

/** `...; the same remedy as for spec.imageName`: with what that message has after its reason. */
function withRemedyOfOther(message: Message, all: readonly Message[]): Message {
  const [reference, field] = /the same remedy as for (\S+)$/.exec(message.why) ?? [];
  if (reference === undefined) return message;
  const other = all.find((each) => each.field === field)?.why ?? "";
  return { ...message, why: message.why.replace(reference, other.slice(other.indexOf("; ") + 2)) };
}

function remediesOfOne(message: Message): readonly Remedy[] {
  return REMEDIES.flatMap(({ words, read }) => {
    const found = words.exec(message.why);
    return found === null ? [] : read(message, found.slice(1));
  });
}

function write(field: string, value: unknown): Step {
  return { do: "write", field, value };
}

function remove(field: string): Step {
  return { do: "remove", field };
}

function choose(field: string, command: string): Step {
  return { do: "choose", field, command };
}

/** A person who is told to choose an image must be told how to see them. */
function listCommand(why: string): string {
  const [, command] = LIST_COMMAND.exec(why) ?? [];
  if (command === undefined) throw new Error(`no command that lists the images: ${why}`);
  return command;
}

/** Another field of the same object: `spec.image.kind` beside `spec.image.name`. */
function beside(field: string, other: string): string {
  return `${field.slice(0, field.lastIndexOf(".") + 1)}${other}`;
}

/** `spec.hardware.cdrom[0]` of `spec.hardware.cdrom[0].image.name` */
function entryOf(field: string): string {
  return field.slice(0, field.lastIndexOf("]") + 1);
}

/** Where the image is written that a message about boot options is about. */
function fieldOfImage(field: string): string {
  return field.replace(/\bspec\.bootOptions\..*$/, "spec.imageName");
}
