/** Programs that a model wrote, replacing `tasks/sandbox/sandbox.ts`: a page does not run any. @module */
import { RequestError } from "../../common/errors.ts";
import type { ProgramVerdict } from "../../tasks/sandbox/verdict.ts";

/** What verdicts depend on besides programs and limits. */
export const sandboxVersion = "none";

/** The limits of a program: nothing is allowed. */
export const usualLimits = { seconds: 0, memory: 0, files: 0 };

/** A place where programs run. */
export interface Sandbox {
  /** @throws {RequestError} Always. */
  run(program: string): Promise<ProgramVerdict>;
}

/** A sandbox that refuses every program. */
export function sandbox(): Sandbox {
  return {
    run: () => Promise.reject(new RequestError("a page cannot run programs that a model wrote; evaluate with Deno")),
  };
}
