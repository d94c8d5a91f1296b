/**
 * The chat templates in a model folder and the special tokens that they use.
 *
 * @module
 */
import { system } from "../../common/system.ts";
import { ownValue } from "../../../ops/program/own_value.ts";
import { join } from "node:path";
import { isJsonObject, type JsonObject, readFileIfPresent } from "../../common/files.ts";
import { tokenRoles } from "./tokenizer_class.ts";

/** How a tokenizer formats conversations. */
export interface ChatFormat {
  /** Templates by name; the only one, or the main one, is `default`. */
  readonly templates: ReadonlyMap<string, string>;
  /** Special tokens by role, for example `bos_token`, and others by name, as passed to templates by transformers. */
  readonly specialTokens: Readonly<Record<string, unknown>>;
}

/**
 * Reads a folder's chat templates: `chat_template.jinja` and those in `additional_chat_templates`, or else those in
 * tokenizer_config.json, a text or a list of `{ name, template }`.
 *
 * @param config tokenizer_config.json as read by the tokenizer's class.
 * @returns The format, and whether its templates come from files of their own.
 */
export async function readChatFormat(
  folder: string,
  config: JsonObject,
): Promise<ChatFormat & { readonly templatesInFiles: boolean }> {
  const files = await templateFiles(folder);
  const templates = files.size > 0 ? files : templatesOf(config["chat_template"]);
  const extra = config["extra_special_tokens"];
  const named = Object.entries(isJsonObject(extra) ? extra : {});
  const roles = [...tokenRoles, "additional_special_tokens"].map((role) => [role, ownValue(config, role)]);
  const specialTokens = Object.fromEntries([...roles, ...named].filter(([, token]) => {
    return Array.isArray(token) ? token.length > 0 : typeof token === "string" && token !== "";
  }));
  return { templates, specialTokens, templatesInFiles: files.size > 0 };
}

/** The folder of a model's additional templates, each named after its file. */
export const templatesFolder = "additional_chat_templates";

async function templateFiles(folder: string): Promise<Map<string, string>> {
  const templates = new Map<string, string>(), more = join(folder, templatesFolder);
  const read = async (name: string, path: string) => {
    const bytes = await readFileIfPresent(path);
    if (bytes !== undefined) templates.set(name, new TextDecoder().decode(bytes));
  };
  await read("default", join(folder, "chat_template.jinja"));
  for (const name of await namesIn(more)) {
    if (name.endsWith(".jinja")) await read(name.slice(0, -".jinja".length), join(more, name));
  }
  return templates;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(system.readDir(folder), ({ name }) => name)).sort();
  } catch (fault) {
    if (fault instanceof system.errors.NotFound) return [];
    throw fault;
  }
}

function templatesOf(declared: unknown): Map<string, string> {
  if (typeof declared === "string") return new Map([["default", declared]]);
  const listed: readonly unknown[] = Array.isArray(declared) ? declared : [];
  return new Map(
    listed.filter(isJsonObject).flatMap(({ name, template }): [string, string][] => {
      return typeof name === "string" && typeof template === "string" ? [[name, template]] : [];
    }),
  );
}
