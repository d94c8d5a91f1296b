/**
 * Chat templates: Jinja that puts a conversation into one text.
 *
 * @module
 */
import { resolve } from "node:path";
import { RequestError, type SourceLocation } from "../../common/errors.ts";
import type { Span } from "../../common/span.ts";
import { quote, suggest } from "../../common/suggest.ts";
import type { ChatFormat } from "../../models/tokenization/chat_template.ts";
import { writeJson } from "../python/json.ts";
import { type PythonDict, type PythonValue, toPython } from "../python/value.ts";
import { requireWellFormed } from "../well_formed.ts";
import type { Message } from "./conversation.ts";
import { globals } from "./jinja/globals.ts";
import { render } from "./jinja/render.ts";
import { Scope } from "./jinja/scope.ts";
import { namesIn, readTemplate } from "./jinja/tree.ts";
import { charactersNotIn, markNames, unmarked, withMarks } from "./marks.ts";
import type { ChatSource } from "./source.ts";

/** A conversation as one text. */
interface Rendered {
  readonly text: string;
  /** What the template marks as written by the assistant, with `{% generation %}`. */
  readonly marked: readonly Span[];
}

/** Puts messages into a text; errors name the row's place. */
export type Render = (
  messages: readonly Message[],
  place: SourceLocation | undefined,
  options?: { readonly addGenerationPrompt?: boolean },
) => Rendered;

/** A template that was read. */
export interface ChatTemplate {
  readonly render: Render;
  /** All names and texts in it: a field that is none of them is not read. */
  readonly names: ReadonlySet<string>;
}

/** The template of a conversation by its own tools; without them by those of its source. */
export type ChatTemplates = (tools?: PythonValue) => ChatTemplate;

/**
 * Makes ready the templates of some conversations.
 *
 * @param source Says which template, and what it is given.
 * @param base The folder that a relative path of a template counts from.
 * @throws {RequestError} If there is no template, or it is no Jinja. A conversation's rendering throws one if its template
 * raises.
 */
export async function chatTemplates(
  { template, tools: common }: Pick<ChatSource, "template" | "tools">,
  { templates, specialTokens }: ChatFormat,
  base: string,
): Promise<ChatTemplates> {
  const usualTools = toPython(common),
    around = new Scope(undefined, [
      ...globals,
      ...Object.entries(specialTokens).map(([name, token]) => [name, toPython(token)] as const),
      ["documents", null],
    ]);
  const own = template === undefined ? undefined : await ownTemplate(template, templates, base);
  const textFor = (tools: PythonValue) => own ?? { text: usualTemplate(tools !== undefined, templates) };
  const read = new Map<string, ReadTemplate>();
  const choose = (tools: PythonValue = usualTools): ChatTemplate => {
    const { text, file } = textFor(tools);
    const { body, names, isMarked } = read.getOrInsertComputed(text, () => compile(text, file));
    return {
      names,
      render(messages, place, { addGenerationPrompt = false } = {}) {
        const given = messages.map(asDict);
        try {
          const marks = isMarked ? charactersNotIn(textsOf([given, tools ?? null]), 2) : undefined;
          const written = render(
            body,
            new Scope(around, [
              ["messages", given],
              ["tools", tools ?? null],
              ["add_generation_prompt", addGenerationPrompt],
              ...markNames.map((name, at) => [name, marks?.[at]] as const),
            ]),
          );
          const rendered = marks === undefined ? { text: written, marked: [] } : unmarked(written, marks);
          return { ...rendered, text: requireWellFormed(rendered.text, "the row's text", place) };
        } catch (fault) {
          if (fault instanceof RequestError) throw fault;
          throw new RequestError(
            `the chat template does not take the row (${
              oneLine(fault)
            }); change the row, or give chat(…) another template`,
            place,
          );
        }
      },
    };
  };
  choose();
  return choose;
}

/** Whether a template is the path of a file; else it is the name of one of the tokenizer's, or Jinja text. */
export function isTemplatePath(template: string): boolean {
  return !template.includes("{") && /\.(jinja2?|j2)$/.test(template);
}

function oneLine(fault: unknown): string {
  return (fault instanceof Error ? fault.message : String(fault)).replace(/\s+/g, " ").trim().replace(/\.$/, "");
}

interface TemplateText {
  readonly text: string;
  readonly file?: string;
}

/** The template that a source names or has: a file, another of the tokenizer's, or Jinja. */
async function ownTemplate(template: string, templates: ChatFormat["templates"], base: string): Promise<TemplateText> {
  if (isTemplatePath(template)) return await readFile(resolve(base, template));
  const named = templates.get(template);
  if (named !== undefined) return { text: named };
  if (template.includes("{")) return { text: template };
  throw new RequestError(
    `the tokenizer has no chat template ${quote(template)}; ${suggest(template, [...templates.keys()])}; ` +
      "a file ends in .jinja, and Jinja has braces",
  );
}

/** The tokenizer's own, of which one may be for tools. */
function usualTemplate(hasTools: boolean, templates: ChatFormat["templates"]): string {
  const usual = (hasTools ? templates.get("tool_use") : undefined) ?? templates.get("default");
  if (usual !== undefined) return usual;
  if (templates.size > 0) {
    const listed = [...templates.keys()].map(quote).join(", ");
    throw new RequestError(`the tokenizer has several chat templates and no default; give template: one of ${listed}`);
  }
  throw new RequestError(
    'the tokenizer has no chat template; give chat(…) one, as in template: "./chat.jinja", or take a model that was ' +
      "tuned for conversations",
  );
}

async function readFile(file: string): Promise<TemplateText> {
  try {
    return { text: await Deno.readTextFile(file), file };
  } catch (fault) {
    throw new RequestError(`the chat template can't be read (${oneLine(fault)}); check its path`, { file });
  }
}

interface ReadTemplate extends Pick<ChatTemplate, "names"> {
  readonly body: ReturnType<typeof readTemplate>;
  readonly isMarked: boolean;
}

function compile(text: string, file: string | undefined): ReadTemplate {
  try {
    const body = readTemplate(withMarks(text)), names = namesIn(body);
    return { body, names, isMarked: markNames.some((name) => names.has(name)) };
  } catch (fault) {
    const place = file === undefined ? undefined : { file };
    throw new RequestError(`the chat template is no Jinja that can be read (${oneLine(fault)}); correct it`, place);
  }
}

function asDict(message: Message): PythonDict {
  return new Map(Object.entries(message).filter(([, value]) => value !== undefined));
}

/** All that values say, as one text. */
function textsOf(values: PythonValue): string {
  return writeJson(values, { ensureAscii: false, indent: undefined, separators: [",", ":"], sortKeys: false });
}
