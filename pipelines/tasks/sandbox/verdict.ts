/** The verdict on a program that was run. @module */

/** The verdict on a program that was run. */
export type ProgramVerdict =
  | { readonly kind: "passed" }
  /** It raised an exception or ended its interpreter; `reason` is the exception as printed by Python. */
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "timedOut" };

/** A verdict as written by HumanEval's own harness. */
export function shownVerdict(verdict: ProgramVerdict): string {
  return verdict.kind === "passed" ? "passed" : verdict.kind === "timedOut" ? "timed out" : `failed: ${verdict.reason}`;
}
