import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { type Figures, type FigureRow, judge, table } from "./figures.ts";

const FILE = join(import.meta.dirname, "results.json");

/** What is committed: the last figures of each bench that somebody wrote, and where they were measured. */
interface Results {
  readonly [bench: string]: { readonly machine: object; readonly figures: Figures };
}

export interface Report {
  readonly bench: "review" | "index";
  readonly rows: Readonly<Record<string, FigureRow>>;
  readonly figures: Figures;
  /** Make these the figures to compare with. */
  readonly write: boolean;
}

/** Prints the table; gives whether every limit was kept. */
export async function report({ bench, rows, figures, write }: Report): Promise<boolean> {
  const results = read();
  const judgements = judge(rows, figures, results[bench]?.figures ?? {});
  process.stdout.write(`\n${table(judgements)}\n`);
  if (write) {
    const rounded = Object.fromEntries(
      Object.entries(figures).map(([id, value]) => [id, Number(value.toPrecision(4))]),
    );
    const next = { ...results, [bench]: { machine: machine(), figures: rounded } };
    await writeFile(FILE, `${JSON.stringify(next, null, 2)}\n`);
  }
  return judgements.every(({ kept }) => kept);
}

function read(): Results {
  try {
    return JSON.parse(readFileSync(FILE, "utf8")) as Results;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}

function machine(): object {
  const all = cpus();
  return { node: process.version, cpu: all[0]?.model ?? "unknown", cores: all.length };
}
