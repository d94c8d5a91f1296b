/**
 * Chat templates: Jinja that puts a conversation into one text.
 *
 * @module
 */
import { resolve } from "node:path";
import { Template } from "@huggingface/jinja";
import { RequestError, type SourceLocation } from "../../common/errors.ts";
import type { ChatFormat } from "../../models/tokenization/chat_template.ts";
import { quote, suggest } from "../../common/suggest.ts";
import type { ChatMessage, ChatSource } from "./source.ts";
import type { Span } from "../../common/span.ts";
import { strippers, withStrippers } from "./strip.ts";

/** A conversation as one text. */
interface Rendered {
  readonly text: string;
  /** What the template marks as written by the assistant, with `{% generation %}`. */
  readonly marked: readonly Span[];
}

/** Puts messages into a text; errors name the row's place. */
export type Render = (
  messages: readonly ChatMessage[],
  place: SourceLocation | undefined,
  options?: { readonly addGenerationPrompt?: boolean },
) => Rendered;

/**
 * Makes ready the template of some conversations.
 *
 * @param source Says which template, and what it is given.
 * @param base The folder that a relative path of a template counts from.
 * @throws {RequestError} If there is no template, or it is no Jinja. What it returns throws one if the template raises.
 */
export async function chatRenderer(
  { template, tools }: Pick<ChatSource, "template" | "tools">,
  { templates, specialTokens }: ChatFormat,
  base: string,
): Promise<Render> {
  const { text, file } = await templateText(template, tools, templates, base);
  const compiled = compile(text, file);
  return (messages, place, { addGenerationPrompt = false } = {}) => {
    const known = { documents: null, tools: tools ?? null, ...specialTokens, ...strippers };
    try {
      return unmarked(compiled.render({ ...known, messages, add_generation_prompt: addGenerationPrompt }));
    } catch (fault) {
      throw new RequestError(
        `the chat template does not take the row (${oneLine(fault)}); change the row, or give chat(…) another template`,
        place,
      );
    }
  };
}

/** Whether a template is the path of a file; else it is the name of one of the tokenizer's, or Jinja text. */
export function isTemplatePath(template: string): boolean {
  return !template.includes("{") && /\.(jinja2?|j2)$/.test(template);
}

function oneLine(fault: unknown): string {
  return (fault instanceof Error ? fault.message : String(fault)).replace(/\s+/g, " ").trim().replace(/\.$/, "");
}

async function templateText(
  template: string | undefined,
  tools: ChatSource["tools"],
  templates: ChatFormat["templates"],
  base: string,
): Promise<{ readonly text: string; readonly file?: string }> {
  if (template !== undefined) {
    if (isTemplatePath(template)) return await readTemplate(resolve(base, template));
    const named = templates.get(template);
    if (named !== undefined) return { text: named };
    if (template.includes("{")) return { text: template };
    throw new RequestError(
      `the tokenizer has no chat template ${quote(template)}; ${suggest(template, [...templates.keys()])}; ` +
        "a file ends in .jinja, and Jinja has braces",
    );
  }
  const usual = (tools === undefined ? undefined : templates.get("tool_use")) ?? templates.get("default");
  if (usual !== undefined) return { text: usual };
  if (templates.size > 0) {
    const listed = [...templates.keys()].map(quote).join(", ");
    throw new RequestError(`the tokenizer has several chat templates and no default; give template: one of ${listed}`);
  }
  throw new RequestError(
    'the tokenizer has no chat template; give chat(…) one, as in template: "./chat.jinja", or take a model that was ' +
      "tuned for conversations",
  );
}

async function readTemplate(file: string): Promise<{ readonly text: string; readonly file: string }> {
  try {
    return { text: await Deno.readTextFile(file), file };
  } catch (fault) {
    throw new RequestError(`the chat template can't be read (${oneLine(fault)}); check its path`, { file });
  }
}

function compile(text: string, file: string | undefined): Template {
  try {
    const template = new Template(withMarks(text));
    withStrippers(template.parsed);
    return template;
  } catch (fault) {
    const place = file === undefined ? undefined : { file };
    throw new RequestError(`the chat template is no Jinja that can be read (${oneLine(fault)}); correct it`, place);
  }
}

/** Noncharacters, which no text has. */
const [opening, closing] = ["\ufdd0\ufdd1", "\ufdd1\ufdd0"];

/** The tags of transformers' own extension, as blocks of plain Jinja that leave marks and the same spaces around them. */
function withMarks(template: string): string {
  const tag = /\{%([-+]?)\s*(end)?generation\s*([-+]?)%\}/g;
  return template.replace(tag, (_, left: string, end: string | undefined, right: string) => {
    return `{%${left} if true %}{{ "${end === undefined ? opening : closing}" }}{% endif ${right}%}`;
  });
}

/** Takes the marks out of a text and says where they were. */
function unmarked(text: string): Rendered {
  const marked: Span[] = [];
  let plain = "", start = 0;
  for (const part of text.split(new RegExp(`(${opening}|${closing})`))) {
    if (part === opening) start = plain.length;
    else if (part === closing) marked.push([start, plain.length]);
    else plain += part;
  }
  return { text: plain, marked };
}
