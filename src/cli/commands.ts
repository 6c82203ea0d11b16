import { audit } from "./audit.ts";
import { certs } from "./certs.ts";
import { check } from "./check.ts";
import type { CompletedCommand } from "./completion-scripts.ts";
import { fn } from "./fn.ts";
import { pin } from "./pin.ts";
import { replay } from "./replay.ts";
import { resolve } from "./resolve.ts";
import { serve } from "./serve.ts";
import { vmiId } from "./vmi-id.ts";

/** The commands, but for `completion`, in the order of the help text. */
export const COMMANDS: readonly CompletedCommand[] = [serve, resolve, replay, check, pin, fn, audit, vmiId, certs];
