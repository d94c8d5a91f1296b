/** Adapters in forms in which they act on every token. @module */
import { RequestError } from "../../common/errors.ts";
import type { Adapter } from "./adaptation.ts";

/**
 * Refuses an adapter that acts only on the prompt's tokens.
 *
 * @param why What the form does instead.
 * @throws {RequestError} If the adapter acts only on the prompt.
 */
export function requireEveryToken({ kind, module, positions }: Adapter, why: string): void {
  if (positions === undefined) return;
  throw new RequestError(
    `the ${kind} of ${module} acts only on the prompt's tokens, and ${why}; serve it, or export it with --to onnx`,
  );
}
