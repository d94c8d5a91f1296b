/** Makes rows with templates: of prompts and completions, or of texts and labels. @module */
import { type Check, oneOf, optional, record, text } from "../common/checks.ts";
import { RequestError, type SourceLocation } from "../common/errors.ts";
import type { CompletionTemplate, PreferenceTemplate, Template } from "./dataset.ts";
import type { RawRow } from "./files/raw_row.ts";
import type { RowReader } from "./row.ts";
import { type Filled, fillTemplate, parseTemplate } from "./template.ts";

const completionTemplate = record(
  "{ prompt, completion }",
  {
    prompt: text,
    completion: text,
    reads: optional(text),
    tokenization: optional(oneOf(["together", "apart"])),
  } satisfies { readonly [K in keyof CompletionTemplate]-?: Check },
);
/** Checks that a template has the texts of preferences. */
export const checkPreference: Check = record(
  "{ prompt, chosen, rejected }",
  {
    prompt: optional(text),
    chosen: text,
    rejected: text,
    tokenization: optional(oneOf(["together", "apart"])),
  } satisfies { readonly [K in keyof PreferenceTemplate]-?: Check },
);
const labelTemplate = record("{ text, label }", { text, pair: optional(text), label: text });

/** Checks that a declared template has the texts of one of the three kinds. */
export const checkTemplate: Check = (value, name) => {
  const isObject = typeof value === "object" && value !== null;
  const isLabelled = isObject && ("label" in value || "text" in value);
  const isPreference = isObject && ("chosen" in value || "rejected" in value);
  (isLabelled ? labelTemplate : isPreference ? checkPreference : completionTemplate)(value, name);
};

/**
 * Returns a function that makes a row of a record with a template.
 *
 * @throws {RequestError} If a brace of the template is not closed or not opened; the returned function throws it if a
 * record lacks a field, or its answer is empty.
 */
export function templateReader(template: Template): RowReader {
  if ("chosen" in template) {
    const { prompt = "", chosen, rejected, tokenization } = template;
    const [better, worse] = ([["chosen", chosen], ["rejected", rejected]] as const).map(([role, completion]) => {
      return completionReader({ prompt, completion, ...tokenization && { tokenization } }, role);
    });
    const shares = template.prompt === undefined ? { isPromptShared: true } as const : {};
    return (record) => ({ ...better!(record), kind: "preference", rejected: worse!(record), ...shares });
  }
  if (!("label" in template)) return completionReader(template, "completion");
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

/** Fills a text of a template. */
function part(text: string, role: string): (row: RawRow) => Filled {
  const segments = parseTemplate(text, role);
  return (row) => fillTemplate(segments, row, role);
}

function filled(answer: Filled, role: string, place: SourceLocation): string {
  if (answer.text !== "") return answer.text;
  throw new RequestError(`the row's ${role} is empty; fill its field or remove it`, place);
}

/** Makes rows of prompts and completions; `role` is the name of the latter in messages. */
function completionReader({ tokenization, ...template }: CompletionTemplate, role: string): RowReader {
  const prompt = part(template.prompt, "prompt"), completion = part(template.completion, role);
  const reads = template.reads === undefined ? undefined : part(template.reads, "reads");
  return (record) => {
    const { text, spans } = prompt(record), { fields, place } = record;
    return {
      kind: "completion",
      prompt: text,
      spans,
      completion: filled(completion(record), role, place),
      ...reads === undefined ? {} : { reads: reads(record).text },
      ...tokenization === undefined ? {} : { tokenization },
      fields,
      place,
    };
  };
}
