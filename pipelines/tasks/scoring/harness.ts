/** lm-evaluation-harness' rules for GSM8K (0.4.13, `gsm8k.yaml`). @module */
import { strip } from "../../data/python/split.ts";
import type { RuleOf } from "./scoring.ts";

/** The answer if a pattern does not match. */
const invalid = "[invalid]";

/** The patterns for a number, and which of several matches counts. */
const patterns = {
  strict: { pattern: /#### (-?[0-9.,]+)/g, take: 0 },
  flexible: { pattern: /(-?[$0-9.,]{2,})|(-?[0-9]+)/g, take: -1 },
} as const;

/**
 * Removes commas, dollar signs, everything up to the last `#### `, and a final period; Python's `$` also matches before
 * a final newline.
 */
function bare(text: string): string {
  const marked = text.replaceAll(/[,$]/g, "").replace(/^[\s\S]*#### /, "");
  return marked.replaceAll(/\.(?=\n?$)/g, "").toLowerCase();
}

export const harnessNumber: RuleOf<"harnessNumber"> = {
  judge({ found }, { generation, label }) {
    const { pattern, take } = patterns[found], match = [...generation.matchAll(pattern)].at(take);
    const extracted = match === undefined ? invalid : strip(match[1] ?? match[2] ?? "");
    return { extracted, correct: bare(extracted) === bare(label) };
  },
};
