/** Runs rows through a model and collects intermediate values. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import { elementCount } from "../../../ops/program/dimension.ts";
import type { Feeds, HostTensor } from "../../common/host_tensor.ts";
import type { Adaptation } from "../../compile/lower/adaptation.ts";
import type { AtTokens } from "../../compile/lower/at_tokens.ts";
import { editHook } from "../../compile/lower/edit_hook.ts";
import { savedForm } from "../../compile/lower/tensor_forms.ts";
import { copyTensors, type TensorMap } from "../../compile/parameters/initial.ts";
import { activationsProgram, type KeptSite } from "../../compile/programs/activations_program.ts";
import { frozenWeight } from "../../compile/programs/frozen_weight.ts";
import { withAttentionParts } from "../../compile/rows/attention_parts.ts";
import { editedFeeds } from "../../compile/rows/edited_positions.ts";
import type { LaidOutRow } from "../../compile/rows/laid_out_rows.ts";
import { wholeRows } from "../../compile/rows/layout.ts";
import type { Architecture, WeightSource } from "../../models/architecture/architecture.ts";
import { runFeeds } from "../../models/architecture/model_inputs.ts";
import type { RunRow } from "../../models/inputs/input_kind.ts";
import type { ModelWeights } from "../../models/open/model.ts";
import type { NamedTensor } from "../../models/weights/safetensors_writer.ts";
import type { RunContext } from "../context/run_context.ts";
import { beginWork, noteTo } from "../context/work.ts";

/** A run of tokens whose representations are requested. */
export interface ActivatedRun extends RunRow {
  /** For each slot of the results, the index of its token; `undefined` for a slot that stays 0. */
  readonly slots: readonly (number | undefined)[];
}

/** A row whose representations are requested. */
export interface ActivatedRow extends ActivatedRun {
  /** What the encoder reads, in an encoder-decoder model; the row itself is then what the decoder reads. */
  readonly encoded?: ActivatedRun;
}

/** What to compute. */
interface ActivateJob {
  readonly architecture: Architecture;
  readonly weights: ModelWeights;
  /** All have the same number of slots, and the same number for the encoder. */
  readonly rows: readonly ActivatedRow[];
  readonly hiddenStates: boolean;
  readonly logits: boolean;
  readonly sites: readonly KeptSite[];
  /** The edits to apply, with the rows laid out for them. */
  readonly edited?: {
    readonly adaptations: readonly Adaptation[];
    readonly tensors: TensorMap;
    readonly rows: readonly LaidOutRow[];
  };
}

/** Rows of similar length run together up to this many tokens, or logits, so that memory is bounded by one group. */
const groupTokens = 4096, groupLogits = 1 << 26;

/**
 * The representations of rows, by name: each [rows, slots, width], with 0 in slots without a token; the scores of whole
 * rows are [rows, classes].
 *
 * @param stage The stage that requests them, if any.
 */
export async function activate(runContext: RunContext, job: ActivateJob, stage?: string): Promise<NamedTensor[]> {
  const { architecture, weights, rows, edited } = job;
  const source: WeightSource = (name, shape) => frozenWeight(name, shape, weights.storedType(name));
  const edit = edited === undefined
    ? {}
    : { edit: (atTokens?: AtTokens) => editHook(edited.adaptations, savedForm, atTokens) };
  const layout = withAttentionParts(
    wholeRows(architecture, []),
    architecture,
    rows.map(({ tokens }) => ({ prompt: tokens })),
  );
  const program = activationsProgram({ ...job, weights: source, ...edit, layout });
  const session = await runContext.sessions.open(program, weights);
  const done = beginWork(runContext.emit, "activations", rows.length, stage), found = new Map<string, NamedTensor>();
  let finished = 0;
  for (const group of groupsOf(rows, tokensOf(job))) {
    const laidOut = edited === undefined ? [] : group.map((row) => edited.rows[row]!);
    const edits = edited === undefined ? {} : {
      ...editedFeeds(laidOut, layout, edited.adaptations),
      ...copyTensors(edited.tensors),
    };
    const { outputs } = await session.run({ ...feedsOf(group.map((row) => rows[row]!), architecture), ...edits });
    for (const [name, result] of Object.entries(outputs)) {
      const isEncoded = ownValue(program.outputs, name)!.shape[1] === "context";
      const slotsOf = (row: number) => (isEncoded ? rows[row]!.encoded! : rows[row]!).slots;
      const whole = found.getOrInsertComputed(name, () => emptyLike(name, result, rows.length, slotsOf(0).length));
      group.forEach((row, at) => copyRow(result, at, slotsOf(row), whole, row));
    }
    done(finished += group.length);
    await runContext.stopIfAsked();
  }
  const tensors = [...found.values()].sort((a, b) => byName.compare(a.name, b.name));
  noteOdd(tensors, noteTo(runContext.emit));
  return tensors;
}

/** Notes tensors that hold numbers that are not finite, as damaged weights and overflows lead to. */
function noteOdd(tensors: readonly NamedTensor[], note: (message: string) => void): void {
  const [first, ...others] = tensors.filter(({ data }) => data.some((each) => !Number.isFinite(Number(each))));
  if (first === undefined) return;
  const what = others.length === 0 ? `${first.name} holds` : `${first.name} and ${others.length} more hold`;
  note(`${what} numbers that are not finite; check the model's weights`);
}

/** The feeds of a group of rows. */
function feedsOf(rows: readonly ActivatedRow[], architecture: Architecture): Feeds {
  const { encoder } = architecture, length = longest(rows);
  if (encoder === undefined) return runFeeds("tail", architecture, { rows, length });
  const read = rows.map((row) => row.encoded!), width = longest(read);
  const encoded = { width, filled: read.map(({ tokens }) => tokens.length) };
  return {
    ...runFeeds("context", encoder, { rows: read, length: width }),
    ...runFeeds("tail", architecture, { rows, length, encoded }),
  };
}

function longest(rows: readonly RunRow[]): number {
  return Math.max(...rows.map(({ tokens }) => tokens.length));
}

const byName = new Intl.Collator("en", { numeric: true });

/** How many tokens run together. */
function tokensOf({ logits, architecture: { vocabularySize } }: ActivateJob): number {
  return logits ? Math.min(groupTokens, Math.ceil(groupLogits / vocabularySize)) : groupTokens;
}

function groupsOf(rows: readonly ActivatedRow[], most: number): number[][] {
  const lengths = rows.map(({ tokens, encoded }) => tokens.length + (encoded?.tokens.length ?? 0));
  const order = [...rows.keys()].sort((a, b) => lengths[b]! - lengths[a]! || a - b);
  const groups: number[][] = [];
  while (order.length > 0) {
    const length = Math.max(1, lengths[order[0]!]!);
    groups.push(order.splice(0, Math.max(1, Math.floor(most / length))));
  }
  return groups;
}

function emptyLike(name: string, { shape }: HostTensor, rows: number, slots: number): NamedTensor {
  const whole = shape.length < 3 ? [rows, ...shape.slice(1)] : [rows, slots, ...shape.slice(2)];
  return { name, shape: whole, data: new Float32Array(elementCount(whole)) };
}

/** Copies a group's results for one row to that row's slots. */
function copyRow(
  { data, shape }: HostTensor,
  at: number,
  slots: ActivatedRun["slots"],
  whole: NamedTensor,
  row: number,
): void {
  const [, length = 0] = shape, width = elementCount(shape.slice(2));
  const from = data as Float32Array, to = whole.data as Float32Array;
  if (shape.length < 3) {
    to.set(from.subarray(at * length, (at + 1) * length), row * length);
    return;
  }
  slots.forEach((token, index) => {
    if (token === undefined) return;
    const start = (at * length + token) * width;
    to.set(from.subarray(start, start + width), (row * slots.length + index) * width);
  });
}

/**
 * A prompt as a model reads it; in an encoder-decoder model the encoder reads it and the decoder reads only its start
 * token.
 */
export function readBy({ encoder }: Architecture, prompt: ActivatedRun): ActivatedRow {
  return encoder === undefined ? prompt : { tokens: [encoder.startToken], start: 0, slots: [0], encoded: prompt };
}
