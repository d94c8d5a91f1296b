/** pyreft's rules (`examples/loreft/compute_metrics.py`), with which the ReFT paper's numbers were made. @module */
import { floatOf, lastNumber } from "../../data/python/numbers.ts";
import { strip } from "../../data/python/split.ts";
import type { Answered, RuleOf, Trigger } from "./scoring.ts";

/** How far a number may be from the right one, as LLM-Adapters has it too. */
const tolerance = 0.001;

/** What follows the first trigger in prompt and text, without white space before it; nothing where there is none. */
function afterTrigger({ trigger, writtenBy }: Trigger, { prompt, generation }: Answered): string {
  const whole = (prompt ?? (writtenBy === "prompt" ? trigger : "")) + generation, at = whole.indexOf(trigger);
  return at === -1 ? "" : strip(whole.slice(at + trigger.length), "left");
}

export const statedText: RuleOf<"statedText"> = {
  judge(scoring, answered) {
    const extracted = afterTrigger(scoring, answered);
    return { extracted, correct: strip(extracted) === strip(answered.label) };
  },
};

export const numberOrLetter: RuleOf<"numberOrLetter"> = {
  judge(scoring, answered) {
    const text = afterTrigger(scoring, answered), label = strip(answered.label), number = floatOf(label);
    if (number !== undefined) return judgedNumber(text, number);
    const extracted = /[A-E]/.exec(text)?.[0] ?? "";
    return { extracted, correct: extracted === label };
  },
};

export const numberOfSolution: RuleOf<"numberOfSolution"> = {
  judge(scoring, answered) {
    const label = lastNumber(answered.label.split("####").at(-1)!) ?? Infinity;
    return judgedNumber(afterTrigger(scoring, answered), label);
  },
};

/** The last number of a text, infinity where it has none; an infinite label is never met, as ∞ − ∞ is not a number. */
export function judgedNumber(text: string, label: number): { extracted: number; correct: boolean } {
  const extracted = lastNumber(text) ?? Infinity;
  return { extracted, correct: Math.abs(label - extracted) <= tolerance };
}
