/** Checks that a template uses the rows' fields as its author probably intended. @module */
import { ownValue } from "../../ops/program/own_value.ts";
import { RequestError } from "../common/errors.ts";
import { isJsonObject } from "../common/files.ts";
import { quote } from "../common/suggest.ts";
import type { Template } from "./dataset.ts";
import type { Fields } from "./files/raw_row.ts";
import { parseTemplate } from "./template.ts";

/** A name in doubled braces, as other template languages write a field. */
const doubled = /\{\{\s*([\w.-]+)\s*\}\}/g;

/** A name as other languages write a field: a sign before its braces, or Python's `%(name)s`. */
const otherForms = /(?<!\{)[$#]\{([\w.-]+)\}(?!\})|%\(([\w.-]+)\)[srd]/g;

/** The texts of a template by their role. */
function textsOf(template: Template): readonly (readonly [role: string, text: string])[] {
  if ("label" in template) {
    const pair = template.pair === undefined ? [] : [["pair", template.pair] as const];
    return [["text", template.text], ...pair, ["label", template.label]];
  }
  if (!("chosen" in template)) {
    const reads = template.reads === undefined ? [] : [["reads", template.reads] as const];
    return [["prompt", template.prompt], ["completion", template.completion], ...reads];
  }
  const prompt = template.prompt === undefined ? [] : [["prompt", template.prompt] as const];
  return [...prompt, ["chosen", template.chosen], ["rejected", template.rejected]];
}

/**
 * Rejects a field in doubled braces, which are literal ones, if no text has it in single braces.
 *
 * @param fields Those of a row.
 * @throws {RequestError} It names the field, and how to write it.
 */
export function requireSingleBraces(template: Template, fields: Fields): void {
  const texts = textsOf(template);
  const named = new Set(texts.flatMap(([role, text]) => fieldsOf(text, role)));
  for (const [role, text] of texts) {
    for (const [written, field = ""] of text.matchAll(doubled)) {
      if (named.has(field) || !hasField(fields, field)) continue;
      throw new RequestError(
        `the ${role} template writes ${quote(written)}, which are literal braces and not the field ${
          quote(field)
        }; write ` +
          `"{${field}}" for its value (a literal brace is doubled, as in "{{" for "{")`,
      );
    }
  }
}

/** Whether a row has a field with this name, or one that contains it, as `answers` contains `answers.text`. */
function hasField(fields: Fields, field: string): boolean {
  return Object.hasOwn(fields, field) || Object.hasOwn(fields, field.split(".", 1)[0] ?? field);
}

/** Notes on fields that are written as in another language, so that a part of what is written is literal text. */
export function otherFormsOf(template: Template, fields: Fields): readonly string[] {
  return textsOf(template).flatMap(([role, text]) =>
    [...text.matchAll(otherForms)].flatMap(([written, signed, percent]) => {
      const field = signed ?? percent ?? "";
      if (!hasField(fields, field)) return [];
      const literal = signed === undefined
        ? "which is literal text"
        : `in which ${quote(written.charAt(0))} is literal`;
      return [`the ${role} template writes ${quote(written)}, ${literal}; write "{${field}}" for the field's value`];
    })
  );
}

/** The names that messages of a conversation have in OpenAI's and in ShareGPT's form. */
const messageForms = [["role", "content"], ["from", "value"]];

/** Notes on fields with a conversation's messages, which a template prints as Python prints a list. */
export function printedMessages(template: Template, fields: Fields): readonly string[] {
  const isMessage = (item: unknown) =>
    isJsonObject(item) && messageForms.some((names) => names.every((name) => Object.hasOwn(item, name)));
  return textsOf(template).flatMap(([role, text]) =>
    fieldsOf(text, role).flatMap((field) => {
      const value = ownValue(fields, field);
      if (!Array.isArray(value) || value.length === 0 || !value.every(isMessage)) return [];
      return [
        `the ${role} template prints the messages of ${quote(field)} as Python prints a list; omit the template for ` +
        "the model's chat template to format them",
      ];
    })
  );
}

/** A note on a template that gives all rows the same text; an empty one is intended. */
export function sameForAll(template: Template): string | undefined {
  const same = textsOf(template).find(([role, text]) =>
    role !== "pair" && text !== "" && fieldsOf(text, role).length === 0
  );
  if (same === undefined) return undefined;
  const [role, text] = same;
  return `the ${role} template ${
    quote(text)
  } names no field, so all rows have the same ${role}; name one, as in "{question}"`;
}

function fieldsOf(text: string, role: string): string[] {
  return parseTemplate(text, role).flatMap((segment) => "field" in segment ? [segment.field] : []);
}
