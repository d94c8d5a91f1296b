/** The files that a model was read from besides its weights, for the record of what a run depended on. @module */
import { system } from "../../common/system.ts";
import { putValue } from "../../../ops/program/own_value.ts";
import { basename, join, resolve } from "node:path";
import { digestOf } from "../../common/digest.ts";
import { readFileIfPresent } from "../../common/files.ts";
import { descriptionFiles, weightFiles } from "../hub/files.ts";
import { templatesFolder } from "../tokenization/chat_template.ts";
import { weightsDigest } from "../weights/weights_digest.ts";
import type { BareModel } from "./model.ts";
import { isGgufPath } from "./source.ts";

/**
 * The digests of the files that describe a model: config, tokenizer, templates, and the index of several weight files;
 * for a GGUF file, its own digest.
 *
 * @param digestCache Where digests of large files are remembered.
 * @returns The SHA-256 in hex, by the files' paths within the model's folder.
 */
export async function modelFileDigests(
  { folder, source: { name, options } }: Pick<BareModel, "folder" | "source">,
  digestCache: string,
): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  if (isGgufPath(name)) {
    const path = resolve(options.base, name);
    putValue(found, basename(path), await weightsDigest([await system.realPath(path)], digestCache));
  }
  for (const path of [...descriptionFiles, weightFiles.index, ...await templateNames(folder)]) {
    const bytes = await readFileIfPresent(join(folder, path));
    if (bytes !== undefined) putValue(found, path, digestOf(bytes));
  }
  return found;
}

async function templateNames(folder: string): Promise<string[]> {
  const entries = Array.fromAsync(system.readDir(join(folder, templatesFolder)));
  return (await entries.catch(() => [])).filter(({ name }) => name.endsWith(".jinja"))
    .map(({ name }) => `${templatesFolder}/${name}`).sort();
}
