/**
 * Chat templates: Jinja that renders a conversation as one text.
 *
 * @module
 */
import { RequestError, type SourceLocation } from "../../common/errors.ts";
import { inTime } from "../../common/deadline.ts";
import type { Span } from "../../common/span.ts";
import type { ChatFormat } from "../../models/tokenization/chat_template.ts";
import { withBudget } from "../python/budget.ts";
import { writeJson } from "../python/json.ts";
import { type PythonValue, toPython } from "../python/value.ts";
import { requireWellFormed } from "../../common/well_formed.ts";
import type { Message } from "./conversation.ts";
import { globals } from "./jinja/globals.ts";
import { render } from "./jinja/render.ts";
import { Scope } from "./jinja/scope.ts";
import { readTemplate } from "./jinja/read_template.ts";
import { namesIn } from "./jinja/tree.ts";
import { charactersNotIn, markNames, unmarked, withMarks } from "./marks.ts";
import type { ChatSource } from "./source.ts";
import { oneLine, ownTemplate, usualTemplate } from "./template_text.ts";
import { WatchedDict } from "./watched_dict.ts";

/** A conversation as one text. */
interface Rendered {
  readonly text: string;
  /** What the template marks as written by the assistant, with `{% generation %}`. */
  readonly marked: readonly Span[];
}

/** Renders messages; errors name the row's place. */
export type Render = (
  messages: readonly Message[],
  place: SourceLocation | undefined,
  options?: { readonly addGenerationPrompt?: boolean },
) => Rendered;

/** A parsed template. */
export interface ChatTemplate {
  readonly render: Render;
  /** Whether it reads a field of messages: it names the field, or has read it in a rendering. */
  reads(field: string): boolean;
}

/** The template for a conversation with its own tools; without them, with those of its source. */
type ChatTemplates = (tools?: PythonValue) => ChatTemplate;

/** How errors name what is rendered, and what they advise. */
interface RenderedSubject {
  /** As in `the row`. */
  readonly name: string;
  /** As in `change the row`. */
  readonly change: string;
  /** As in `give chat(…) another template`. */
  readonly replace: string;
}

/** The rows of a pipeline. */
const rowsOfPipeline: RenderedSubject = {
  name: "the row",
  change: "change the row",
  replace: "give chat(…) another template",
};

/**
 * Prepares the templates of some conversations.
 *
 * @param source Says which template to use, and its inputs.
 * @param base The folder that a template's relative path is resolved from.
 * @param subject What is rendered; by default the rows of a pipeline.
 * @throws {RequestError} If there is no template, or it is not Jinja. Rendering a conversation throws one if its
 * template raises.
 */
export async function chatTemplates(
  { template, tools: common }: Pick<ChatSource, "template" | "tools">,
  { templates, specialTokens }: ChatFormat,
  base: string,
  subject: RenderedSubject = rowsOfPipeline,
): Promise<ChatTemplates> {
  const usualTools = toPython(common), special = Object.entries(specialTokens);
  const names = new Scope(undefined, [...globals, ...special.map(([name, token]) => [name, toPython(token)] as const)]);
  const own = template === undefined ? undefined : await ownTemplate(template, templates, base);
  const known = new Map<string, CompiledTemplate>();
  const choose = (tools: PythonValue = usualTools): ChatTemplate => {
    const { text, file } = own ?? { text: usualTemplate(tools !== undefined, templates) };
    const compiled = known.getOrInsertComputed(text, () => compile(text, file));
    return {
      reads: (field) => compiled.names.has(field) || compiled.read.has(field),
      render: (messages, place, { addGenerationPrompt = false } = {}) => {
        const fields = messages.map((message) => Object.entries(message).filter(([, value]) => value !== undefined));
        const given = { fields, tools: tools ?? null, addGenerationPrompt };
        try {
          const late = (seconds: number) =>
            new RequestError(
              `the chat template takes more than ${seconds} s for ${subject.name}; ${subject.replace}`,
              place,
            );
          const rendered = inTime(0, late, () => withBudget(() => write(compiled, given, names)));
          return { ...rendered, text: requireWellFormed(rendered.text, `${subject.name}'s text`, place) };
        } catch (fault) {
          if (fault instanceof RequestError) throw fault;
          const problem = `the chat template cannot render ${subject.name} (${oneLine(fault)})`;
          throw new RequestError(`${problem}; ${subject.change}, or ${subject.replace}`, place);
        }
      },
    };
  };
  choose();
  return choose;
}

/** The inputs of one rendering. */
interface Given {
  /** The fields of each message. */
  readonly fields: readonly (readonly [string, PythonValue][])[];
  readonly tools: PythonValue;
  readonly addGenerationPrompt: boolean;
}

function write({ body, read, isMarked }: CompiledTemplate, given: Given, around: Scope): Rendered {
  const { fields, tools, addGenerationPrompt } = given;
  const marks = isMarked ? charactersNotIn(textsOf([fields.map((of) => new Map(of)), tools]), 2) : [];
  const text = render(
    body,
    new Scope(around, [
      ["messages", fields.map((of) => new WatchedDict(of, read))],
      ["documents", null],
      ["tools", tools],
      ["add_generation_prompt", addGenerationPrompt],
      ...markNames.map((name, at) => [name, marks[at]] as const),
    ]),
  );
  return isMarked ? unmarked(text, marks) : { text, marked: [] };
}

interface CompiledTemplate {
  readonly body: ReturnType<typeof readTemplate>;
  /** All names and texts in it. */
  readonly names: ReadonlySet<string>;
  /** Fields of messages that it has read so far. */
  readonly read: Set<PythonValue>;
  readonly isMarked: boolean;
}

function compile(text: string, file: string | undefined): CompiledTemplate {
  try {
    const late = (seconds: number) =>
      new RequestError(`the chat template takes more than ${seconds} s to parse; use another one`);
    const body = inTime(0, late, () => readTemplate(withMarks(text))), names = namesIn(body);
    return { body, names, read: new Set(), isMarked: markNames.some((name) => names.has(name)) };
  } catch (fault) {
    const place = file === undefined ? undefined : { file };
    throw new RequestError(
      `the chat template is not valid Jinja, or uses an unsupported part of it (${oneLine(fault)}); correct it`,
      place,
    );
  }
}

/** All texts in some values, joined. */
function textsOf(values: PythonValue): string {
  return writeJson(values, { ensureAscii: false, indent: undefined, separators: [",", ":"], sortKeys: false });
}
