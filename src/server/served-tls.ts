import type { FastifyInstance } from "fastify";
import type { Certificate } from "../certs/certificate.ts";
import { renewTls, type Tls } from "./tls.ts";

/** What never changes while a server runs. */
export type TlsChoice = Pick<Tls, "minVersion" | "clientNames">;

/** TLS whose parts come one after the other and are renewed: once a server has it, each renewal goes there. */
export class ServedTls {
  readonly #choice: TlsChoice;
  #certificate: Certificate | undefined;
  #clientCa: string | undefined;
  #server: FastifyInstance | undefined;

  constructor(choice: TlsChoice) {
    this.#choice = choice;
  }

  /** Throws where there is no certificate yet, which is a bug. */
  get current(): Tls {
    if (this.#certificate === undefined) throw new Error("there is no certificate yet");
    return { ...this.#certificate, ...this.#choice, clientCa: this.#clientCa };
  }

  set certificate(certificate: Certificate) {
    this.#certificate = certificate;
    this.#renew();
  }

  set clientCa(pem: string) {
    this.#clientCa = pem;
    this.#renew();
  }

  /** Made with `current`. */
  follow(server: FastifyInstance): void {
    this.#server = server;
  }

  #renew(): void {
    if (this.#server !== undefined) renewTls(this.#server, this.current);
  }
}
