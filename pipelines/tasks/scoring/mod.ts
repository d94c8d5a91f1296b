/** The kinds of rules, one record each. @module */
import { harnessNumber } from "./harness.ts";
import { firstOption, lastNumberOf } from "./llm_adapters.ts";
import { numberOfSolution, numberOrLetter, statedText } from "./pyreft.ts";
import type { Answered, Rule, RuleOf, ScoringKind, ScoringSpec, Verdict } from "./scoring.ts";

const rules: { readonly [K in ScoringKind]: RuleOf<K> } = {
  statedText,
  numberOrLetter,
  numberOfSolution,
  firstOption,
  lastNumber: lastNumberOf,
  harnessNumber,
};

/**
 * Scores a text by a rule.
 *
 * @throws {RequestError} If the rule does not accept the label.
 */
export function judge(scoring: ScoringSpec, answered: Answered): Verdict {
  const rule: Rule<ScoringSpec> = rules[scoring.kind];
  return rule.judge(scoring, answered);
}
