/** `deno task activations`. @module */
import { dirname } from "node:path";
import type { Provider } from "../../ops/onnx/emit.ts";
import { parseSite } from "../compile/activations.ts";
import { RequestError } from "../errors.ts";
import type { Architecture } from "../models/architecture.ts";
import { unwritable } from "../models/files.ts";
import {
  type NamedTensor,
  readHeader,
  readIntegers,
  type TensorRecord,
  writeSafetensors,
} from "../models/safetensors.ts";
import { activate, type ActivatedRow } from "../schedule/activate.ts";
import { callerFolder, callerPath } from "./load_pipeline.ts";
import { openWorkshop } from "./run_command.ts";
import { type Terminal, terminalProgress } from "./terminal.ts";

/** The options of the command. */
export interface ActivationsOptions {
  readonly input?: string;
  readonly text?: readonly string[];
  readonly out: string;
  readonly sites?: readonly string[];
  readonly logits: boolean;
  readonly store?: string;
  readonly threads: number;
  readonly provider: Provider;
}

/** Token ids [batch, tokens] and which of them are tokens, as transformers takes them. */
interface Batch {
  readonly ids: readonly (readonly number[])[];
  readonly mask: readonly (readonly number[])[];
  readonly types?: readonly (readonly number[])[];
}

/** Writes what a model computes of some tokens: hidden states, logits and the representations at the sites named. */
export async function activationsCommand(
  source: string,
  options: ActivationsOptions,
  terminal: Terminal,
): Promise<void> {
  const { input, text, out: path, provider, threads } = options;
  if ((input === undefined) === (text === undefined)) {
    throw new RequestError("say what the model is to read: give either --input or --text");
  }
  const out = callerPath(path), base = callerFolder();
  await using workshop = openWorkshop({ base, threads, provider }, options, terminalProgress(terminal));
  const tokenized = text === undefined ? undefined : await workshop.model(source);
  const model = tokenized ?? await workshop.bareModel(source), { architecture } = model;
  const sites = (options.sites ?? []).map((site) => parseSite(site, architecture));
  const batch = tokenized === undefined
    ? await readBatch(callerPath(input!))
    : joined(text!.map((each) => tokenized.tokenizer.encodePrompt(each)));
  const rows = activatedRows(batch, architecture, input === undefined ? undefined : callerPath(input));
  await Deno.mkdir(dirname(out), { recursive: true }).catch((fault: unknown) => {
    throw unwritable(dirname(out), fault);
  });
  const weights = await workshop.weights(model);
  const logits = options.logits && architecture.head !== undefined;
  const job = { architecture, weights, rows, sites, hiddenStates: true, logits };
  const tensors = await activate(workshop, job, "activations");
  await writeSafetensors(out, [...(text === undefined ? [] : readTensors(batch)), ...tensors]);
  terminal.print(`${tensors.length} tensors of ${rows.length} rows in ${out}`);
}

function joined(rows: readonly (readonly number[])[]): Batch {
  const length = Math.max(...rows.map((row) => row.length));
  const padded = (
    row: readonly number[],
    of: (id: number) => number,
  ) => [...row.map(of), ...new Array<number>(length - row.length).fill(0)];
  return { ids: rows.map((row) => padded(row, (id) => id)), mask: rows.map((row) => padded(row, () => 1)) };
}

function readTensors({ ids, mask }: Batch): NamedTensor[] {
  const shape = [ids.length, ids[0]!.length];
  const tensor = (name: string, of: Batch["ids"]) => ({ name, shape, data: BigInt64Array.from(of.flat(), BigInt) });
  return [tensor("input_ids", ids), tensor("attention_mask", mask)];
}

async function readBatch(file: string): Promise<Batch> {
  const { tensors } = await readHeader(file);
  const ids = tensors.get("input_ids");
  if (ids === undefined) throw new RequestError("has no tensor input_ids [batch, tokens]; add it", { file });
  const rowsOf = async (record: TensorRecord): Promise<number[][]> => {
    if (record.shape.length !== 2 || record.shape.join() !== ids.shape.join()) {
      throw new RequestError(
        `has ${record.name} as [${record.shape.join(", ")}]; give it as [batch, tokens], as input_ids`,
        { file },
      );
    }
    const numbers = await readIntegers(record), [rows = 0, length = 0] = record.shape;
    return Array.from({ length: rows }, (_, row) => numbers.slice(row * length, (row + 1) * length));
  };
  const mask = tensors.get("attention_mask"), types = tensors.get("token_type_ids"), tokens = await rowsOf(ids);
  return {
    ids: tokens,
    mask: mask === undefined ? tokens.map((row) => row.map(() => 1)) : await rowsOf(mask),
    ...(types === undefined ? {} : { types: await rowsOf(types) }),
  };
}

/** The rows without their padding, on whichever side it is, with the places where their results belong. */
function activatedRows(
  { ids, mask, types }: Batch,
  architecture: Architecture,
  file: string | undefined,
): ActivatedRow[] {
  const place = file === undefined ? undefined : { file };
  const rows = ids.map((row, index) => {
    const marks = mask[index]!, kept = row.flatMap((_, at) => (marks[at] === 1 ? [at] : []));
    const stranger = marks.find((mark) => mark !== 0 && mark !== 1);
    if (stranger !== undefined) {
      throw new RequestError(
        `has ${stranger} in the attention_mask of row ${index}; mark tokens by 1 and padding by 0`,
        place,
      );
    }
    if (kept.length === 0) throw new RequestError(`has no token in row ${index}; leave the row out`, place);
    if (kept.length > architecture.contextLength) {
      throw new RequestError(
        `has ${kept.length} tokens in row ${index} and the model reads at most ${architecture.contextLength}; shorten it`,
        place,
      );
    }
    const unknown = kept.map((at) => row[at]!).find((id) => id < 0 || id >= architecture.vocabularySize);
    if (unknown !== undefined) {
      throw new RequestError(
        `has the id ${unknown} in row ${index} and the vocabulary ends at ${architecture.vocabularySize - 1}; ` +
          "tokenize for this model",
        place,
      );
    }
    const token = new Map(kept.map((at, index) => [at, index]));
    return {
      tokens: kept.map((at) => row[at]!),
      start: 0,
      places: row.map((_, at) => token.get(at)),
      ...(types === undefined ? {} : { types: kept.map((at) => types[index]![at]!) }),
    };
  });
  if (rows.length === 0) throw new RequestError("has no rows; give at least one", place);
  return rows;
}
