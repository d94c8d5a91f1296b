/** Which template renders a conversation. @module */
import { resolve } from "node:path";
import { system } from "../../common/system.ts";
import { RequestError } from "../../common/errors.ts";
import { quote, suggest } from "../../common/suggest.ts";
import type { ChatFormat } from "../../models/tokenization/chat_template.ts";

/** The source of a template. */
interface TemplateText {
  readonly text: string;
  readonly file?: string;
}

/** The template that a source names or contains: a file, another one of the tokenizer's, or Jinja. */
export async function ownTemplate(
  template: string,
  templates: ChatFormat["templates"],
  base: string,
): Promise<TemplateText> {
  if (isTemplatePath(template)) return await readFile(resolve(base, template));
  const named = templates.get(template);
  if (named !== undefined) return { text: named };
  if (template.includes("{")) return { text: template };
  throw new RequestError(
    `the tokenizer has no chat template ${quote(template)}; ${suggest(template, [...templates.keys()])}; ` +
      "a file ends in .jinja, and Jinja has braces",
  );
}

/** The tokenizer's default template, which may depend on whether there are tools. */
export function usualTemplate(hasTools: boolean, templates: ChatFormat["templates"]): string {
  const usual = (hasTools ? templates.get("tool_use") : undefined) ?? templates.get("default");
  if (usual !== undefined) return usual;
  if (templates.size > 0) {
    const listed = [...templates.keys()].map(quote).join(", ");
    throw new RequestError(`the tokenizer has several chat templates and no default; give template: one of ${listed}`);
  }
  throw new RequestError(
    'the tokenizer has no chat template; give chat(…) one, as in template: "./chat.jinja", or use a model that was ' +
      "tuned for conversations",
  );
}

async function readFile(file: string): Promise<TemplateText> {
  try {
    return { text: await system.readTextFile(file), file };
  } catch (fault) {
    throw new RequestError(`the chat template can't be read (${oneLine(fault)}); check its path`, { file });
  }
}

/** Whether a template is the path of a file; otherwise it is the name of one of the tokenizer's, or Jinja text. */
export function isTemplatePath(template: string): boolean {
  return !template.includes("{") && /\.(jinja2?|j2)$/.test(template);
}

/** An error's message, for use within another. */
export function oneLine(fault: unknown): string {
  return (fault instanceof Error ? fault.message : String(fault)).replace(/\s+/g, " ").trim().replace(/\.$/, "");
}
