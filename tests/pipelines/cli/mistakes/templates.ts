/** Templates and choices that do not fit the rows. @module */
import { evaluating, type Mistake } from "./scene.ts";

/** Templates and choices that do not fit the rows. */
export const templates: readonly Mistake<string>[] = [
  [
    "two pairs of braces",
    { template: '{ prompt: "{{q}}\\n", completion: "{a}" }' },
    'pipeline.ts:8:16: the prompt template writes "{{q}}", which are literal braces and not the field "q"; write "{q}" for its value (a literal brace is doubled, as in "{{" for "{")',
  ],
  [
    "two pairs with spaces",
    { template: '{ prompt: "Question: {{ q }}\\n", completion: "{a}" }' },
    'pipeline.ts:8:16: the prompt template writes "{{ q }}", which are literal braces and not the field "q"; write "{q}" for its value (a literal brace is doubled, as in "{{" for "{")',
  ],
  [
    "a missing field",
    { template: '{ prompt: "{question}\\n", completion: "{a}" }' },
    'rows.jsonl:1: the row has no field "question", which the prompt template names; use one of those it has: "q", "a", "options" (declared at pipeline.ts:8:16)',
  ],
  [
    "two pairs in a completion",
    { template: '{ prompt: "{q}\\n", completion: "{{a}}" }' },
    'pipeline.ts:8:16: the completion template writes "{{a}}", which are literal braces and not the field "a"; write "{a}" for its value (a literal brace is doubled, as in "{{" for "{")',
  ],
  [
    "an unclosed brace",
    { template: '{ prompt: "{q\\n", completion: "{a}" }' },
    'pipeline.ts:8:16: the prompt template "{q\\n" has a "{" without a "}"; write "{{" for a literal brace',
  ],
  [
    "a Python format specifier",
    { template: '{ prompt: "{q:>3}\\n", completion: "{a}" }' },
    'rows.jsonl:1: the row has no field "q:>3", which the prompt template names; use one of those it has: "q", "a", "options" (declared at pipeline.ts:8:16)',
  ],
  [
    "choices in another case",
    evaluating('metrics: [accuracy()], decoding: choices(["AB", "AA"])'),
    'pipeline.ts:14:82: no row\'s completion is among its choices, "AB", "AA", as that of records:1, "ab"; list the completions\' texts',
  ],
  [
    "choices that lack all rows' completions",
    evaluating('metrics: [accuracy()], decoding: choices(["A", "B"])'),
    'pipeline.ts:14:82: no row\'s completion is among its choices, "A", "B", as that of records:1, "ab"; list the completions\' texts',
  ],
];
