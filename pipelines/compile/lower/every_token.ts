/** Adapters for forms that have them act on every token. @module */
import { RequestError } from "../../common/errors.ts";
import type { Adapter } from "./adaptation.ts";

/**
 * Refuses an adapter that acts on the prompt's tokens alone.
 *
 * @param why What the form does in place of that.
 * @throws {RequestError} If it does.
 */
export function requireEveryToken({ kind, module, positions }: Adapter, why: string): void {
  if (positions === undefined) return;
  throw new RequestError(
    `the ${kind} of ${module} acts on the prompt's tokens alone, and ${why}; serve it, or export it --to onnx`,
  );
}
