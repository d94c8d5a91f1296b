/** The files beside a model's weights: its config, its tokenizer, its templates and its license. @module */
import { join } from "node:path";
import { type JsonObject, readJsonObject, unwritable, writeAtomically } from "../../common/files.ts";
import { namesIn } from "../../common/folder_names.ts";
import { templatesFolder } from "../../models/tokenization/chat_template.ts";

/** Files that describe a model, except its weights and its card, which would describe what the new one is not. */
const isDescription = (name: string) =>
  /\.(json|txt|model|jinja|tiktoken)$|^(LICENSE|NOTICE)/.test(name) && !/(safetensors|bin)\.index\.json$/.test(name);

/**
 * Copies what describes a model.
 *
 * @param changes Fields of config.json that differ in the copy.
 * @throws {DiskError} If a file cannot be written.
 */
export async function copyDescription(folder: string, target: string, changes: JsonObject): Promise<void> {
  const copy = async (...path: readonly string[]) => {
    const to = join(target, ...path);
    // As bytes, because a cache's files are links, and may not be writable.
    await writeAtomically(to, [await Deno.readFile(join(folder, ...path))]);
  };
  for (const name of (await namesIn(folder)).filter(isDescription)) {
    if (name !== "config.json" || Object.keys(changes).length === 0) await copy(name);
  }
  const templates = (await namesIn(join(folder, templatesFolder))).filter((name) => name.endsWith(".jinja"));
  if (templates.length > 0) {
    await Deno.mkdir(join(target, templatesFolder)).catch((fault: unknown) => {
      throw unwritable(target, fault);
    });
  }
  for (const name of templates) await copy(templatesFolder, name);
  if (Object.keys(changes).length === 0) return;
  const fields = await readJsonObject(join(folder, "config.json"), "download it again");
  // Newer configs have dtype instead of torch_dtype.
  const renamed = fields !== undefined && Object.hasOwn(fields, "dtype") && !Object.hasOwn(fields, "torch_dtype")
    ? Object.fromEntries(
      Object.entries(changes).map(([name, value]) => [name === "torch_dtype" ? "dtype" : name, value]),
    )
    : changes;
  const text = JSON.stringify({ ...fields, ...renamed }, null, 2) + "\n";
  await writeAtomically(join(target, "config.json"), [new TextEncoder().encode(text)]);
}
