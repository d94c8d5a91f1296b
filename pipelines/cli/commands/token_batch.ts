/** Batches of token ids in transformers' format, and the rows that a model runs over. @module */
import { RequestError } from "../../common/errors.ts";
import type { Architecture, Encoder } from "../../models/architecture/architecture.ts";
import { readHeader, readIntegers } from "../../models/weights/safetensors.ts";
import type { NamedTensor } from "../../models/weights/safetensors_writer.ts";
import type { TensorRecord } from "../../models/weights/safetensors_table.ts";
import type { ActivatedRow, ActivatedRun } from "../../schedule/activations/activate.ts";

/** Token ids [batch, tokens], and which of them are tokens rather than padding. */
interface TokenRows {
  readonly ids: readonly (readonly number[])[];
  readonly mask: readonly (readonly number[])[];
  readonly types?: readonly (readonly number[])[];
}

/** What a model reads. */
interface Batch extends TokenRows {
  /** What the decoder reads, in an encoder-decoder model. */
  readonly decoder?: TokenRows;
}

/** The prefix of tensor names; those for the decoder of an encoder-decoder model have one. */
type Prefix = "" | "decoder_";

/** The stacks of a model: whether it has an encoder, and the token that its decoder then starts with. */
interface Stacks {
  readonly encoder?: Pick<Encoder, "startToken">;
}

/** Rows of tokens padded on the right; in an encoder-decoder model the decoder reads its start token. */
export function paddedBatch(rows: readonly (readonly number[])[], { encoder }: Stacks): Batch {
  const read = padded(rows);
  return encoder === undefined ? read : { ...read, decoder: padded(rows.map(() => [encoder.startToken])) };
}

function padded(rows: readonly (readonly number[])[]): TokenRows {
  const length = Math.max(...rows.map((row) => row.length));
  const filled = (row: readonly number[]) => [...row, ...new Array<number>(length - row.length).fill(0)];
  return { ids: rows.map(filled), mask: rows.map((row) => filled(row.map(() => 1))) };
}

/** The tensors of a batch. */
export function readTensors({ decoder, ...read }: Batch): NamedTensor[] {
  return [...tensorsOf(read, ""), ...(decoder === undefined ? [] : tensorsOf(decoder, "decoder_"))];
}

function tensorsOf({ ids, mask }: TokenRows, prefix: Prefix): NamedTensor[] {
  const shape = [ids.length, ids[0]!.length];
  const tensor = (name: string, of: TokenRows["ids"]) => ({ name, shape, data: BigInt64Array.from(of.flat(), BigInt) });
  return [tensor(`${prefix}input_ids`, ids), tensor(`${prefix}attention_mask`, mask)];
}

/**
 * Reads a batch from a safetensors file: `input_ids` and, if present, `attention_mask` and `token_type_ids`; for a
 * model with an encoder also `decoder_input_ids` and, if present, `decoder_attention_mask`.
 *
 * @throws {RequestError} If ids are missing, or a tensor has another shape or does not hold whole numbers.
 */
export async function readBatch(file: string, { encoder }: Stacks): Promise<Batch> {
  const { tensors } = await readHeader(file);
  const ids = tensors.get("input_ids"), decoderIds = tensors.get("decoder_input_ids");
  if (ids === undefined) throw new RequestError("has no tensor input_ids [batch, tokens]; add it", { file });
  const read = await readRows(tensors, ids, "", file);
  if (encoder === undefined) return read;
  if (decoderIds === undefined) {
    throw new RequestError(
      "has no tensor decoder_input_ids [batch, tokens], which the decoder reads; add it, each row beginning with the " +
        `decoder_start_token_id ${encoder.startToken}`,
      { file },
    );
  }
  const decoder = await readRows(tensors, decoderIds, "decoder_", file);
  if (decoder.ids.length === read.ids.length) return { ...read, decoder };
  throw new RequestError(
    `has ${decoder.ids.length} rows of decoder_input_ids for ${read.ids.length} of input_ids; give the same number`,
    { file },
  );
}

async function readRows(
  tensors: ReadonlyMap<string, TensorRecord>,
  ids: TensorRecord,
  prefix: Prefix,
  file: string,
): Promise<TokenRows> {
  const rowsOf = async (record: TensorRecord): Promise<number[][]> => {
    if (record.shape.length !== 2 || record.shape.join() !== ids.shape.join()) {
      throw new RequestError(
        `has ${record.name} as [${record.shape.join(", ")}]; give it as [batch, tokens], as ${prefix}input_ids`,
        { file },
      );
    }
    const numbers = await readIntegers(record), [rows = 0, length = 0] = record.shape;
    return Array.from({ length: rows }, (_, row) => numbers.slice(row * length, (row + 1) * length));
  };
  const mask = tensors.get(`${prefix}attention_mask`), tokens = await rowsOf(ids);
  const types = prefix === "" ? tensors.get("token_type_ids") : undefined;
  return {
    ids: tokens,
    mask: mask === undefined ? tokens.map((row) => row.map(() => 1)) : await rowsOf(mask),
    ...(types === undefined ? {} : { types: await rowsOf(types) }),
  };
}

/**
 * The rows without their padding, on whichever side it is, with the positions that their results belong to.
 *
 * @param file The file that the batch was read from, if any.
 * @throws {RequestError} If a row has no tokens or too many, an id is not in the vocabulary, or a mask has values other
 * than 0 and 1.
 */
export function activatedRows(
  { decoder, ...read }: Batch,
  architecture: Architecture,
  file: string | undefined,
): ActivatedRow[] {
  if (read.ids.length === 0) throw new RequestError("has no rows; give at least one", locationIn(file));
  const runs = runsOf(read, architecture, "", file);
  if (decoder === undefined) return runs;
  return runsOf(decoder, architecture, "decoder_", file).map((run, row) => ({ ...run, encoded: runs[row]! }));
}

function runsOf(
  { ids, mask, types }: TokenRows,
  { contextLength, vocabularySize }: Architecture,
  prefix: Prefix,
  file: string | undefined,
): ActivatedRun[] {
  const inRow = (index: number) => `in row ${index}${prefix === "" ? "" : ` of ${prefix}input_ids`}`;
  return ids.map((row, index) => {
    const marks = mask[index]!, kept = row.flatMap((_, at) => (marks[at] === 1 ? [at] : []));
    const unknownMark = marks.find((mark) => mark !== 0 && mark !== 1);
    if (unknownMark !== undefined) {
      throw new RequestError(
        `has ${unknownMark} in the ${prefix}attention_mask of row ${index}; mark tokens with 1 and padding with 0`,
        locationIn(file),
      );
    }
    if (kept.length === 0) throw new RequestError(`has no token ${inRow(index)}; omit the row`, locationIn(file));
    if (kept.length > contextLength) {
      throw new RequestError(
        `has ${kept.length} tokens ${inRow(index)}, but the model reads at most ${contextLength}; shorten it`,
        locationIn(file),
      );
    }
    const unknown = kept.map((at) => row[at]!).find((id) => id < 0 || id >= vocabularySize);
    if (unknown !== undefined) {
      throw new RequestError(
        `has the id ${unknown} ${inRow(index)}, but the vocabulary ends at ${
          vocabularySize - 1
        }; use this model's tokenizer`,
        locationIn(file),
      );
    }
    const token = new Map(kept.map((at, index) => [at, index]));
    return {
      tokens: kept.map((at) => row[at]!),
      start: 0,
      slots: row.map((_, at) => token.get(at)),
      ...(types === undefined ? {} : { types: kept.map((at) => types[index]![at]!) }),
    };
  });
}

function locationIn(file: string | undefined): { readonly file: string } | undefined {
  return file === undefined ? undefined : { file };
}
