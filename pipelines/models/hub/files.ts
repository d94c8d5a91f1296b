/** The files of a model that Refract reads, without further copies of the weights in other formats. @module */
import { RequestError } from "../../common/errors.ts";
import { isJsonObject, parseJsonObject } from "../../common/files.ts";
import { leavesFolder } from "../../common/inner_path.ts";
import { shardsOf } from "../weights/weights.ts";

/** A repository to select files of. */
export interface Repository {
  /** `owner/name`. */
  readonly id: string;
  /** Its files, as paths with slashes: for a model those in the top folder, for a data set all. */
  readonly paths: readonly string[];
  /** Whether it has a file; on a hub that lists no files, this requests the file. */
  has(path: string): Promise<boolean>;
  /** A small file's content. */
  read(path: string): Promise<Uint8Array>;
}

/** The file of weights if there is only one, and the index of several. */
export const weightFiles = { single: "model.safetensors", index: "model.safetensors.index.json" } as const;

/** The tokenizer file that Refract reads, if there is one. */
export const tokenizerFile = "tokenizer.json";

/** The files that describe a model, in the top folder. */
export const descriptionFiles = [
  "config.json",
  "generation_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  tokenizerFile,
  "tokenizer_config.json",
  "chat_template.json",
  "chat_template.jinja",
];
/** The files of a tokenizer without tokenizer.json. */
const vocabulary = [
  "vocab.json",
  "vocab.txt",
  "merges.txt",
  "tokenizer.model",
  "spiece.model",
  "sentencepiece.bpe.model",
  "tiktoken.model",
];

/** The names of a model's files to request from a hub that lists no files; the first must exist. */
export const usualModelFiles: readonly string[] = [
  ...descriptionFiles,
  ...vocabulary,
  weightFiles.single,
  weightFiles.index,
];

/**
 * The files that a model is read from.
 *
 * @param repository The model's repository.
 * @param weights Whether to include the weights.
 * @returns Their names.
 * @throws {RequestError} If the repository has no such model, or its index is invalid; one line with the remedy.
 */
export async function modelFiles(repository: Repository, weights: boolean): Promise<readonly string[]> {
  const { id, paths } = repository;
  if (!paths.includes("config.json")) {
    throw new RequestError(`${id} has no config.json; choose a model in the transformers layout`);
  }
  const described = paths.filter((path) =>
    descriptionFiles.includes(path) ||
    !paths.includes(tokenizerFile) && (vocabulary.includes(path) || path.endsWith(".tiktoken"))
  );
  return weights ? [...described, ...await weightsOf(repository)] : described;
}

async function weightsOf(repository: Repository): Promise<readonly string[]> {
  const { id, paths } = repository, { single, index } = weightFiles;
  if (paths.includes(single)) return [single];
  if (!paths.includes(index)) {
    throw new RequestError(
      paths.some((path) => /^model-.*\.safetensors$/.test(path))
        ? `${id} has weights in several files and no ${index} that lists them; choose another revision or model`
        : `${id} has no safetensors weights; choose a model that has them, or convert it into a folder`,
    );
  }
  const shards = await shardsNamed(repository);
  for (const shard of shards) {
    if (leavesFolder(shard)) {
      throw new RequestError(
        `${index} of ${id} names the shard ${
          JSON.stringify(shard)
        } outside its folder; choose another revision or model`,
      );
    }
    if (!await repository.has(shard)) {
      throw new RequestError(
        `${index} of ${id} names the shard ${
          JSON.stringify(shard)
        }, which the repository lacks; choose another revision ` +
          `or model`,
      );
    }
  }
  return [index, ...shards];
}

async function shardsNamed({ id, read }: Repository): Promise<readonly string[]> {
  const { index } = weightFiles, remedy = "choose another revision or model";
  let parsed: unknown;
  try {
    parsed = parseJsonObject(await read(index), index, remedy);
  } catch (fault) {
    if (!(fault instanceof RequestError && fault.location !== undefined)) throw fault;
    throw new RequestError(`${index} of ${id} ${fault.problem}`);
  }
  const shards = shardsOf(isJsonObject(parsed) ? parsed["weight_map"] : undefined);
  if (shards !== undefined) return shards;
  throw new RequestError(`${index} of ${id} has no "weight_map" from tensor names to file names; ${remedy}`);
}
