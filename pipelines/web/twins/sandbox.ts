/** Programs that a model wrote, in the place of `tasks/sandbox/sandbox.ts`: a page runs none. @module */
import { RequestError } from "../../common/errors.ts";
import type { ProgramVerdict } from "../../tasks/sandbox/verdict.ts";

/** What verdicts depend on besides programs and limits. */
export const sandboxVersion = "none";

/** What a program may take: nothing. */
export const usualLimits = { seconds: 0, memory: 0, files: 0 };

/** A place where programs run. */
export interface Sandbox {
  /** @throws {RequestError} Always. */
  run(program: string): Promise<ProgramVerdict>;
}

/** A place that refuses every program. */
export function sandbox(): Sandbox {
  return {
    run: () => Promise.reject(new RequestError("a page runs no programs that a model wrote; evaluate by Deno")),
  };
}
