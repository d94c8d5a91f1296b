/**
 * The chat templates of a model folder and the special tokens that they name.
 *
 * @module
 */
import { system } from "../../common/system.ts";
import { ownValue } from "../../../ops/program/own_value.ts";
import { join } from "node:path";
import { isJsonObject, type JsonObject, readFileIfPresent } from "../../common/files.ts";
import { tokenRoles } from "./tokenizer_class.ts";

/** What a tokenizer's files say about conversations. */
export interface ChatFormat {
  /** Templates by name; the only one, or the usual one, is `default`. */
  readonly templates: ReadonlyMap<string, string>;
  /** Special tokens by role, as in `bos_token`, and others by name, as transformers passes them to a template. */
  readonly specialTokens: Readonly<Record<string, unknown>>;
}

/**
 * Reads a folder's chat templates: `chat_template.jinja` and those of `additional_chat_templates`, else what
 * tokenizer_config.json has, a text or a list of `{ name, template }`; says whether they are in files of their own.
 *
 * @param config tokenizer_config.json as its class reads it.
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

/** The folder of a model's further templates, each named by its file. */
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
