import type { FastifyInstance } from "fastify";
import type { Certificate } from "../certs/certificate.ts";
import { renewTls, type Tls } from "./tls.ts";

/** The part that stays the same while a server runs. */
export type TlsChoice = Pick<Tls, "minVersion" | "clientNames">;

/** TLS settings whose parts arrive one after the other. After `applyTo`, each later change goes to the server. */
export class ServedTls {
  readonly #choice: TlsChoice;
  #certificate: Certificate | undefined;
  #clientCa: string | undefined;
  #server: FastifyInstance | undefined;

  constructor(choice: TlsChoice) {
    this.#choice = choice;
  }

  /** Throws where there is no certificate yet: that is a bug. */
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

  /** Takes a server that was made with `current`. */
  applyTo(server: FastifyInstance): void {
    this.#server = server;
  }

  #renew(): void {
    if (this.#server !== undefined) renewTls(this.#server, this.current);
  }
}
