/** What running a program comes to. @module */

/** What running a program comes to. */
export type ProgramVerdict =
  | { readonly kind: "passed" }
  /** It raised something, or ended its interpreter; `reason` is what was raised as Python prints it. */
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "timedOut" };

/** A verdict as HumanEval's own harness writes it. */
export function shownVerdict(verdict: ProgramVerdict): string {
  return verdict.kind === "passed" ? "passed" : verdict.kind === "timedOut" ? "timed out" : `failed: ${verdict.reason}`;
}
