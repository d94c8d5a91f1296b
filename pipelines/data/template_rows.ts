/** Rows by templates: of prompts and completions, or of texts and labels. @module */
import { type Check, oneOf, optional, record, text } from "../common/checks.ts";
import { RequestError, type SourceLocation } from "../common/errors.ts";
import type { CompletionTemplate, Template } from "./dataset.ts";
import type { RawRow } from "./files/raw_row.ts";
import type { RowReader } from "./row.ts";
import { type Filled, fillTemplate, parseTemplate } from "./template.ts";

const completionTemplate = record(
  "{ prompt, completion }",
  {
    prompt: text,
    completion: text,
    tokenization: optional(oneOf(["together", "apart"])),
  } satisfies { readonly [K in keyof CompletionTemplate]-?: Check },
);
const labelTemplate = record("{ text, label }", { text, pair: optional(text), label: text });

/** That a declared template has the texts of one of the two. */
export const checkTemplate: Check = (value, name) => {
  const isLabelled = typeof value === "object" && value !== null && ("label" in value || "text" in value);
  (isLabelled ? labelTemplate : completionTemplate)(value, name);
};

/**
 * What makes a row of a record by a template.
 *
 * @throws {RequestError} If a brace of the template is not closed or not opened; what it gives does so if a record lacks a
 * field, or has nothing to answer.
 */
export function templateReader(template: Template): RowReader {
  const part = (text: string, role: string) => {
    const segments = parseTemplate(text, role);
    return (row: RawRow) => fillTemplate(segments, row, role);
  };
  const filled = (answer: Filled, role: string, place: SourceLocation) => {
    if (answer.text !== "") return answer.text;
    throw new RequestError(`the row's ${role} is empty; fill its field or remove it`, place);
  };
  if (!("label" in template)) {
    const prompt = part(template.prompt, "prompt"), completion = part(template.completion, "completion");
    const { tokenization } = template;
    return (record) => {
      const { text, spans } = prompt(record), { fields, place } = record;
      return {
        kind: "completion",
        prompt: text,
        spans,
        completion: filled(completion(record), "completion", place),
        ...tokenization === undefined ? {} : { tokenization },
        fields,
        place,
      };
    };
  }
  const first = part(template.text, "text"), label = part(template.label, "label");
  const pair = template.pair === undefined ? undefined : part(template.pair, "pair");
  return (record) => {
    const { text, spans } = first(record), { fields, place } = record, second = pair?.(record).text;
    return {
      kind: "label",
      prompt: text,
      ...second === undefined ? {} : { pair: second },
      spans,
      completion: filled(label(record), "label", place),
      fields,
      place,
    };
  };
}
