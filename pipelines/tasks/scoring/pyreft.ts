/** pyreft's rules (`examples/loreft/compute_metrics.py`), which gave the ReFT paper's numbers. @module */
import { floatOf, lastNumber } from "../../data/python/numbers.ts";
import { strip } from "../../data/python/split.ts";
import type { Answered, RuleOf, Trigger } from "./scoring.ts";

/** The largest difference from the correct number, as in LLM-Adapters. */
const tolerance = 0.001;

/** The text after the first trigger in prompt and text, without leading white space; empty if there is none. */
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

/** The last number in a text, infinity if there is none; an infinite label never matches, since ∞ − ∞ is NaN. */
export function judgedNumber(text: string, label: number): { extracted: number; correct: boolean } {
  const extracted = lastNumber(text) ?? Infinity;
  return { extracted, correct: Math.abs(label - extracted) <= tolerance };
}
