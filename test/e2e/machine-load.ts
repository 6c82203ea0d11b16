import { setTimeout as delay } from "node:timers/promises";
import { CHURNED_NAMES } from "./image-churn.ts";
import { IN_THE_END } from "./polling.ts";
import type { ClusterPlane, Created } from "./cluster-plane.ts";
import { NAMESPACE } from "./control-plane.ts";
import { couldMean, type Meaning, meaningOfRefusal } from "./meaning.ts";
import type { NameHistory } from "./name-history.ts";

/** Milliseconds before a failed request is tried again. */
const RETRY_PAUSE = 250;

/** A CREATE with this display name, and when it was sent and answered; milliseconds. */
interface Request {
  readonly displayName: string;
  readonly asked: number;
  readonly answered: number;
}

interface LoadOptions {
  readonly plane: ClusterPlane;
  readonly history: NameHistory;
  readonly random: (below: number) => number;
  /** Whether a request without a decision is tried again; otherwise it counts as a wrong answer. */
  readonly retries: boolean;
}

/** Users who create machines while the images change. Each answer is compared with what its name could mean then. */
export class MachineLoad {
  readonly #options: LoadOptions;
  /** The request of each stored machine, by its name. */
  readonly #stored = new Map<string, Request>();
  /** Descriptions of impossible answers. */
  readonly wrong: string[] = [];
  readonly answers = { pinned: 0, "not found": 0, ambiguous: 0, gone: 0, retried: 0 };

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  /** Creates a machine of a random name; `name` is its own. */
  async create(name: string): Promise<void> {
    const displayName = CHURNED_NAMES[this.#options.random(CHURNED_NAMES.length)] ?? "";
    const first = performance.now();
    for (;;) {
      const asked = performance.now();
      const created = await this.#try(displayName, name);
      const answered = performance.now();
      const meaning = decisionIn(created, displayName);
      if (meaning === undefined && created.status === 409 && asked > first) {
        // An earlier try was stored although its answer was lost. wronglyStored checks its image in the end.
        this.#stored.set(name, { displayName, asked: first, answered });
        return;
      }
      if (meaning !== undefined) {
        this.#check(name, meaning, { displayName, asked, answered });
        return;
      }
      if (!this.#options.retries || answered - first > IN_THE_END) {
        this.wrong.push(`${name}, ${displayName}: ${created.status} ${created.text}`);
        return;
      }
      this.answers.retried++;
      await delay(RETRY_PAUSE);
    }
  }

  /** Sends the original manifest of a stored machine again: it keeps its image, even if that is deleted. */
  async replace(name: string): Promise<void> {
    const request = this.#stored.get(name);
    if (request === undefined) return;
    const { status, text, imageName } = await this.#options.plane.replaceMachine(name, request.displayName);
    const isKept = status === 200 && imageName !== undefined && couldMean(imageName, this.#possible(request));
    if (!isKept) this.wrong.push(`${name}, ${request.displayName}, again: ${status} ${text}`);
  }

  /** Descriptions of machines that are stored and should not be, or with another image. */
  async wronglyStored(): Promise<readonly string[]> {
    const machines = await this.#options.plane.machines(NAMESPACE);
    const found = machines.flatMap(({ metadata: { name }, spec: { imageName = "", image } = {} }) => {
      const request = this.#stored.get(name);
      if (request === undefined) return name.startsWith("load-") ? [`${name}: no answer said that it is stored`] : [];
      const isRight = image?.name === imageName && couldMean(imageName, this.#possible(request));
      return isRight ? [] : [`${name}, ${request.displayName}: ${imageName}, ${JSON.stringify(image)}`];
    });
    const names = new Set(machines.map(({ metadata: { name } }) => name));
    return [...found, ...[...this.#stored.keys()].filter((name) => !names.has(name)).map((name) => `${name} is lost`)];
  }

  #check(name: string, meaning: string, request: Request): void {
    if (!couldMean(meaning, this.#possible(request))) {
      this.wrong.push(`${name}, ${request.displayName}: ${meaning}, not ${this.#possible(request).join(" or ")}`);
    }
    if (meaning === "not found" || meaning === "ambiguous") this.answers[meaning]++;
    else if (meaning.startsWith("gone ")) this.answers.gone++;
    else {
      this.answers.pinned++;
      this.#stored.set(name, request);
    }
  }

  #possible({ displayName, asked, answered }: Request): readonly Meaning[] {
    return this.#options.history.possible(displayName, asked, answered);
  }

  #try(displayName: string, name: string): Promise<Created> {
    return this.#options.plane
      .createMachine(displayName, NAMESPACE, name)
      .catch((error: unknown) => ({ status: 0, text: String(error), imageName: undefined }));
  }
}

/** The decision of the webhook; undefined where it was not called, or did not decide. */
function decisionIn({ status, text, imageName }: Created, name: string): string | undefined {
  if (status === 201) return imageName ?? "no image";
  return text.includes("denied the request") ? meaningOfRefusal(JSON.parse(text) as object, name) : undefined;
}
