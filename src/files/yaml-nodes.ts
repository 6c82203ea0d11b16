import { type Event, EVENT_ID, getScalarValue, type ScalarEvent } from "js-yaml";

/** A value of a YAML document by its place in the text. An alias is the node of its anchor. */
export type YamlNode =
  | { readonly is: "scalar"; readonly text: string; readonly event: ScalarEvent | undefined }
  | { readonly is: "list"; readonly items: readonly PlacedNode[] }
  | { readonly is: "map"; readonly entries: readonly MapEntry[] };

/** A node, and the offset where the list or map that holds it mentions it. */
export interface PlacedNode {
  readonly offset: number;
  readonly node: YamlNode;
  /** It has an anchor, or is an alias or merged: a change of its text may change other values. */
  readonly isShared: boolean;
}

/** The offset is that of the key. */
export interface MapEntry extends PlacedNode {
  readonly key: string;
}

const EMPTY: YamlNode = { is: "scalar", text: "", event: undefined };
const MERGE_KEY = "<<";

/** The root of the events of one document; undefined for an empty one. */
export function documentRoot(events: readonly Event[], source: string): PlacedNode | undefined {
  return new NodeReader(events, source).root();
}

/** The offset where a path ends, or where the part of it ends that exists. */
export function offsetOf(root: PlacedNode, path: readonly string[]): number {
  let here = root;
  for (const step of path) {
    const next = childOf(here.node, step);
    if (next === undefined) break;
    here = next;
  }
  return here.offset;
}

/** The scalar at a path, and whether it or a node on the way is shared. Undefined where the path ends elsewhere. */
export function scalarEventAt(
  root: PlacedNode,
  path: readonly string[],
): { readonly event: ScalarEvent; readonly isShared: boolean } | undefined {
  let here = root;
  let { isShared } = root;
  for (const step of path) {
    const next = childOf(here.node, step);
    if (next === undefined) return undefined;
    here = next;
    isShared ||= next.isShared;
  }
  if (here.node.is !== "scalar" || here.node.event === undefined) return undefined;
  return { event: here.node.event, isShared };
}

function childOf(node: YamlNode, step: string): PlacedNode | undefined {
  switch (node.is) {
    case "scalar":
      return undefined;
    case "list":
      return node.items[Number(step)];
    case "map":
      return node.entries.find(({ key }) => key === step) ?? mergedEntry(node.entries, step);
  }
}

function mergedEntry(entries: readonly MapEntry[], step: string): PlacedNode | undefined {
  for (const { key, node } of entries) {
    if (key !== MERGE_KEY) continue;
    for (const merged of node.is === "list" ? node.items : [{ node }]) {
      const entry = merged.node.is === "map" ? childOf(merged.node, step) : undefined;
      if (entry !== undefined) return { ...entry, isShared: true };
    }
  }
  return undefined;
}

/** The offset of the first character of a value; undefined for the marks of a document and the end of a value. */
export function offsetOfEvent(event: Event): number | undefined {
  switch (event.type) {
    case EVENT_ID.SCALAR:
      return first(event.tagStart, event.anchorStart, event.valueStart);
    case EVENT_ID.SEQUENCE:
    case EVENT_ID.MAPPING:
      return first(event.tagStart, event.anchorStart, event.start);
    case EVENT_ID.ALIAS:
      return event.anchorStart;
    case EVENT_ID.DOCUMENT:
    case EVENT_ID.POP:
      return undefined;
  }
}

/** The offset of the first key that is itself a map or a list. */
export function offsetOfCollectionKey(events: readonly Event[]): number | undefined {
  const open: { readonly isMap: boolean; children: number }[] = [];
  for (const event of events) {
    if (event.type === EVENT_ID.POP) open.pop();
    if (event.type === EVENT_ID.POP) continue;
    const parent = open.at(-1);
    const isKey = parent?.isMap === true && parent.children % 2 === 0;
    if (parent !== undefined) parent.children++;
    if (event.type !== EVENT_ID.MAPPING && event.type !== EVENT_ID.SEQUENCE) continue;
    if (isKey) return offsetOfEvent(event);
    open.push({ isMap: event.type === EVENT_ID.MAPPING, children: 0 });
  }
  return undefined;
}

/** The smallest offset. An absent one is -1. */
function first(...offsets: readonly number[]): number {
  return Math.min(...offsets.filter((offset) => offset >= 0));
}

/** A list or map that is being read. A map has its keys and values in turn. */
interface OpenNode {
  readonly children: PlacedNode[];
  readonly close: () => YamlNode;
  readonly offset: number;
  readonly anchor: string | undefined;
}

/** Builds the nodes of one document without recursion, so that deep nesting cannot overflow the stack. */
class NodeReader {
  readonly #events: readonly Event[];
  readonly #source: string;
  readonly #anchors = new Map<string, YamlNode>();
  readonly #open: OpenNode[] = [];
  #root: PlacedNode | undefined;

  constructor(events: readonly Event[], source: string) {
    this.#events = events;
    this.#source = source;
  }

  root(): PlacedNode | undefined {
    for (const event of this.#events) this.#read(event);
    return this.#root;
  }

  #read(event: Event): void {
    const offset = offsetOfEvent(event) ?? 0;
    switch (event.type) {
      case EVENT_ID.DOCUMENT:
        return;
      case EVENT_ID.SCALAR:
        this.#add(offset, this.#scalar(event), this.#anchorOf(event));
        return;
      case EVENT_ID.ALIAS: {
        const node = this.#anchors.get(this.#textOf(event.anchorStart, event.anchorEnd)) ?? EMPTY;
        this.#place({ offset, node, isShared: true });
        return;
      }
      case EVENT_ID.SEQUENCE: {
        const items: PlacedNode[] = [];
        const close = (): YamlNode => ({ is: "list", items });
        this.#open.push({ children: items, close, offset, anchor: this.#anchorOf(event) });
        return;
      }
      case EVENT_ID.MAPPING: {
        const children: PlacedNode[] = [];
        const close = (): YamlNode => ({ is: "map", entries: entriesOf(children) });
        this.#open.push({ children, close, offset, anchor: this.#anchorOf(event) });
        return;
      }
      case EVENT_ID.POP: {
        const closed = this.#open.pop();
        if (closed !== undefined) this.#add(closed.offset, closed.close(), closed.anchor);
      }
    }
  }

  #scalar(event: ScalarEvent): YamlNode {
    return { is: "scalar", text: getScalarValue(this.#source, event), event };
  }

  #add(offset: number, node: YamlNode, anchor: string | undefined): void {
    if (anchor !== undefined) this.#anchors.set(anchor, node);
    this.#place({ offset, node, isShared: anchor !== undefined });
  }

  #place(placed: PlacedNode): void {
    const parent = this.#open.at(-1);
    if (parent === undefined) this.#root ??= placed;
    else parent.children.push(placed);
  }

  #anchorOf({
    anchorStart,
    anchorEnd,
  }: {
    readonly anchorStart: number;
    readonly anchorEnd: number;
  }): string | undefined {
    return anchorStart < 0 ? undefined : this.#textOf(anchorStart, anchorEnd);
  }

  #textOf(start: number, end: number): string {
    return this.#source.slice(start, end);
  }
}

/** Keys and values in turn. */
function entriesOf(children: readonly PlacedNode[]): readonly MapEntry[] {
  return children.flatMap(({ node, offset }, position) => {
    const value = children[position + 1];
    if (position % 2 === 1 || value === undefined) return [];
    return [{ offset, key: node.is === "scalar" ? node.text : "", node: value.node, isShared: value.isShared }];
  });
}
