import { IN_THE_END } from "./polling.ts";
import type { ClusterPlane } from "./cluster-plane.ts";
import { Proxy } from "./cluster-proxy.ts";
import { ClusterWebhook } from "./cluster-webhook.ts";

/** Short, because only the proxy must learn of a new process; it covers connections that were just opened. */
export const SHUTDOWN_DELAY = ["--shutdown-delay", "500ms"];

/** One process, and its own proxy to the API server. */
interface Replica {
  readonly kubeconfig: string;
  readonly toApi: Proxy;
  process: ClusterWebhook;
}

/** Processes behind one address, as a Deployment behind a Service; each may lose its connection to the API server. */
export class Replicas {
  readonly #plane: ClusterPlane;
  readonly #replicas: Replica[] = [];
  #service: Proxy | undefined;
  #serving: readonly ClusterWebhook[] = [];
  #starting = 0;

  private constructor(plane: ClusterPlane) {
    this.#plane = plane;
  }

  static async start(plane: ClusterPlane, { count, known }: { count: number; known: string }): Promise<Replicas> {
    const replicas = new Replicas(plane);
    try {
      await plane.grant("replica", ["get", "list", "watch"]);
      for (let nth = 0; nth < count; nth++) await replicas.#add();
      replicas.#service = await Proxy.start(...replicas.#serving.map(({ port }) => port));
      const [first] = replicas.#serving;
      if (first !== undefined) await plane.pointAt(first, known, { port: replicas.#service.port });
    } catch (error) {
      await replicas.stop();
      throw error;
    }
    return replicas;
  }

  /** All processes that may still answer; undefined while one starts, which may have listed images already. */
  get answering(): readonly ClusterWebhook[] | undefined {
    return this.#starting > 0 ? undefined : this.#serving;
  }

  /** The proxies to the API server, one for each process. */
  get toApi(): readonly Proxy[] {
    return this.#replicas.map(({ toApi }) => toApi);
  }

  /**
   * A new process is ready and gets all new connections before the old one gets SIGTERM; returns the exit code of the
   * old one.
   */
  async restart(nth: number): Promise<number | null> {
    const replica = this.#replicas[nth];
    if (replica === undefined) throw new Error(`no replica ${nth}`);
    const old = replica.process;
    replica.process = await this.#run(replica.kubeconfig);
    this.#service?.forwardTo(...this.#replicas.map(({ process }) => process.port));
    const code = await old.stop();
    this.#serving = this.#serving.filter((each) => each !== old);
    return code;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#serving.map((each) => each.stop()));
    await Promise.all(
      [...this.toApi, ...(this.#service === undefined ? [] : [this.#service])].map((each) => each.stop()),
    );
  }

  async #add(): Promise<void> {
    const toApi = await Proxy.start(Number(new URL(this.#plane.api.url).port));
    const kubeconfig = await this.#plane.userKubeconfig("replica", toApi.url);
    this.#replicas.push({ kubeconfig, toApi, process: await this.#run(kubeconfig) });
  }

  async #run(kubeconfig: string): Promise<ClusterWebhook> {
    this.#starting++;
    try {
      const { certificate } = this.#plane;
      const process = await ClusterWebhook.start({ kubeconfig, certificate, flags: SHUTDOWN_DELAY });
      this.#serving = [...this.#serving, process];
      await process.becomesReady(IN_THE_END);
      return process;
    } finally {
      this.#starting--;
    }
  }
}
