/** The folder of an exported model: the graph, its tensors, the tokenizer if there is one, and examples. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import { join } from "node:path";
import type { Adaptation } from "../../compile/lower/adaptation.ts";
import { isJsonObject, type JsonObject, readFileIfPresent, readJsonObject, unwritable } from "../../common/files.ts";
import type { ReadModel } from "../../models/open/model.ts";
import { quantizedMatrices } from "../../models/open/quantized_weights.ts";
import { type QuantizationName, quantizations } from "../../models/weights/quantization.ts";
import type { Tokenizer } from "../../models/tokenization/tokenizer.ts";
import { onnxFiles, type TunedWeights, writeOnnxFiles } from "./files.ts";

/** A tuned model to write. */
export interface TunedModel extends Omit<TunedWeights, "architecture" | "quantized" | "about"> {
  readonly model: ReadModel;
  /** The quantization of the model when the rest was trained. */
  readonly quantize?: QuantizationName | undefined;
}

/** The files copied from the base model's folder. */
const copied = ["config.json", "tokenizer.json", "chat_template.jinja"];

/** The examples. */
const shown = ["generate.mjs", "conversation.mjs", "example.mjs", "example.html"];

const [readmeFile, tokenizerConfigFile, generationConfigFile] = [
  "README.md",
  "tokenizer_config.json",
  "generation_config.json",
] as const;

/** All files that the folder may contain. */
export const exportedNames: ReadonlySet<string> = new Set([
  ...Object.values(onnxFiles),
  ...copied,
  ...shown,
  ...[readmeFile, tokenizerConfigFile, generationConfigFile],
]);

/**
 * Writes the files of an exported model.
 *
 * @param folder A temporary folder.
 * @param out The folder's name in an error.
 */
export async function writeOnnxFolder(folder: string, out: string, tuned: TunedModel): Promise<void> {
  const { model, adaptations, quantize } = tuned;
  const write = async (name: string, content: Uint8Array | string) => {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(join(folder, name), bytes).catch((fault: unknown) => {
      throw unwritable(join(out, name), fault);
    });
  };
  const about = { base: model.name, ...adaptations.length === 0 ? {} : { pieces: adaptationsText(adaptations) } };
  const quantized = quantize && quantizedMatrices(model, quantizations[quantize].bits);
  await writeOnnxFiles(folder, out, { ...tuned, architecture: model.architecture, quantized, about });
  for (const name of copied) {
    const content = await readFileIfPresent(join(model.folder, name));
    if (content !== undefined) await write(name, content);
  }
  const json = (fields: JsonObject) => JSON.stringify(fields, null, 2) + "\n";
  const { tokenizer, folder: source } = model, text = readme(await pageSource(readmeFile), tuned);
  if (tokenizer === undefined) {
    const [tensors] = text.split(usage);
    return await write(readmeFile, `${tensors}${withoutTokenizer}`);
  }
  await write(tokenizerConfigFile, json(await tokenizerConfig(source, tokenizer)));
  await write(generationConfigFile, json(await generationConfig(source, tokenizer)));
  for (const name of shown) await write(name, await pageSource(name));
  await write(readmeFile, text);
}

/**
 * The base model's, with its tokens as plain strings and its one chat template, in the forms that the page's libraries
 * read.
 */
async function tokenizerConfig(folder: string, tokenizer: Tokenizer): Promise<JsonObject> {
  const own = await readJsonObject(join(folder, "tokenizer_config.json"), "download it again") ?? {};
  const template = tokenizer.chat.templates.get("default");
  const plain = (value: unknown): unknown =>
    isJsonObject(value) && typeof value["content"] === "string" ? value["content"] : value;
  return {
    ...Object.fromEntries(
      Object.entries(own).map(([key, value]) => [key, Array.isArray(value) ? value.map(plain) : plain(value)]),
    ),
    clean_up_tokenization_spaces: own["clean_up_tokenization_spaces"] === true,
    ...template === undefined ? {} : { chat_template: template },
  };
}

/** The base model's, with every token that ends an answer, whichever file named it. */
async function generationConfig(folder: string, tokenizer: Tokenizer): Promise<JsonObject> {
  const own = await readJsonObject(join(folder, "generation_config.json"), "download it again");
  return { ...own, eos_token_id: tokenizer.eosTokenIds, pad_token_id: tokenizer.padTokenId };
}

/** Where the README begins to describe the examples, and what it says if there are none. */
const usage = /^In Node:$/m;
const withoutTokenizer = "The base model has no tokenizer, so there is none here, and no example that reads text.\n";

const page = new URL("./page/", import.meta.url);

const pageSource = async (name: string) => await (await fetch(new URL(name, page))).text();

function readme(template: string, { model: { name, architecture }, adaptations, quantize }: TunedModel): string {
  const { heads: { keyValueHeads, headWidth }, vocabularySize } = architecture;
  const values: Readonly<Record<string, string>> = {
    model: `\`${name}\`` + (quantize === undefined ? "" : `, its matrices rounded to ${quantize},`) +
      (adaptations.length === 0 ? "" : ` with its trained adaptations: ${adaptationsText(adaptations)}`),
    heads: String(keyValueHeads),
    width: String(headWidth),
    vocabulary: String(vocabularySize),
  };
  return template.replaceAll(/\{(\w+)\}/g, (whole, key) => ownValue(values, key) ?? whole);
}

/** A description of the adaptations, without repetition. */
function adaptationsText(adaptations: readonly Adaptation[]): string {
  return [...Map.groupBy(adaptations, adaptationText)].map(([text, alike]) => {
    const blocks = [...new Set(alike.flatMap(({ block }) => block ?? []))];
    return blocks.length === 0 ? text : `${text} of block ${blocks.join(", ")}`;
  }).join("; ");
}

function adaptationText(adaptation: Adaptation): string {
  if (adaptation.form === "prefix") return `${adaptation.kind} of ${adaptation.options.tokens} tokens`;
  if (adaptation.form === "head") return `a head for ${adaptation.kind}`;
  if (adaptation.form === "adapter") {
    const { kind, module, positions } = adaptation;
    return `${kind} on ${module}` + (positions === undefined ? "" : ", only on the prompt's tokens");
  }
  return `${adaptation.kind} at ${adaptation.positionsText}, ${adaptation.site}`;
}
