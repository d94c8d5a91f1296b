/** The tensors of a folder saved by peft. @module */
import { join } from "node:path";
import { RequestError } from "../../common/errors.ts";
import { readFileIfPresent } from "../../common/files.ts";
import { quote } from "../../common/suggest.ts";
import { isFloating, readHeader, readTensor } from "../../models/weights/safetensors.ts";
import { parseTorchFile, type ReadTensor } from "../torch_file.ts";
import { peftFiles } from "./names.ts";

/** A file's tensors by peft's names. */
interface PeftTensors {
  readonly file: string;
  readonly tensors: ReadonlyMap<string, ReadTensor>;
}

/**
 * Reads adapter_model.safetensors, or adapter_model.bin if only that exists.
 *
 * @throws {RequestError} If neither exists or is valid, or a number is not finite.
 */
export async function readPeftTensors(folder: string): Promise<PeftTensors> {
  const found = await readEither(folder);
  for (const [name, { data }] of found.tensors) {
    const at = data.findIndex((element) => !Number.isFinite(element));
    if (at < 0) continue;
    throw new RequestError(`${name} holds ${data[at]}, which is not a finite number; train it again`, {
      file: found.file,
    });
  }
  return found;
}

async function readEither(folder: string): Promise<PeftTensors> {
  const file = join(folder, peftFiles.weights), pickled = join(folder, peftFiles.pickled);
  if (await Deno.stat(file).then(() => true, () => false)) return { file, tensors: await readSafetensors(file) };
  const bytes = await readFileIfPresent(pickled);
  if (bytes !== undefined) return { file: pickled, tensors: parseTorchFile(bytes, pickled) };
  throw new RequestError(`has neither ${peftFiles.weights} nor ${peftFiles.pickled}; copy the whole folder`, {
    file: folder,
  });
}

async function readSafetensors(file: string): Promise<ReadonlyMap<string, ReadTensor>> {
  const { tensors } = await readHeader(file), found = new Map<string, ReadTensor>();
  for (const record of tensors.values()) {
    if (!isFloating(record)) {
      throw new RequestError(`the tensor ${quote(record.name)} is stored as ${record.dtype}; save it as F32`, { file });
    }
    found.set(record.name, { data: await readTensor(record), shape: record.shape });
  }
  return found;
}
