/** Running rows through a model for the values that it computes on the way. @module */
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
import { beginWork } from "../context/work.ts";

/** A run of tokens whose representations are wanted. */
export interface ActivatedRun extends RunRow {
  /** For each slot of the results the index of the token that it is of; `undefined` for one that stays 0. */
  readonly slots: readonly (number | undefined)[];
}

/** A row whose representations are wanted. */
export interface ActivatedRow extends ActivatedRun {
  /** What the encoder reads, in a model that has one; the row itself is then what the decoder reads. */
  readonly encoded?: ActivatedRun;
}

/** What is to be computed. */
interface ActivateJob {
  readonly architecture: Architecture;
  readonly weights: ModelWeights;
  /** All with as many slots, and as many of what the encoder reads. */
  readonly rows: readonly ActivatedRow[];
  readonly hiddenStates: boolean;
  readonly logits: boolean;
  readonly sites: readonly KeptSite[];
  /** Edits that act, with the rows as they are laid out for them. */
  readonly edited?: {
    readonly adaptations: readonly Adaptation[];
    readonly tensors: TensorMap;
    readonly rows: readonly LaidOutRow[];
  };
}

/** Rows of like length run together up to so many tokens, or logits, so that memory is bounded by one group's. */
const groupTokens = 4096, groupLogits = 1 << 26;

/**
 * The representations of rows, by name: each [rows, slots, width], 0 in slots of no token; scores of whole rows [rows, classes].
 *
 * @param stage The stage that asks for them, if one does.
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
  return [...found.values()].sort((a, b) => byName.compare(a.name, b.name));
}

/** What a group of rows is fed. */
function feedsOf(rows: readonly ActivatedRow[], architecture: Architecture): Feeds {
  const { encoder } = architecture, length = longest(rows);
  if (encoder === undefined) return runFeeds("tail", architecture, { rows, length });
  const read = rows.map((row) => row.encoded!), encoded = read.map(({ tokens }) => tokens.length);
  return {
    ...runFeeds("context", encoder, { rows: read, length: longest(read) }),
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

/** Copies what a group gave for one of its rows to that row's slots. */
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

/** A prompt as a model reads it; where an encoder does, the decoder reads its start token alone. */
export function readBy({ encoder }: Architecture, prompt: ActivatedRun): ActivatedRow {
  return encoder === undefined ? prompt : { tokens: [encoder.startToken], start: 0, slots: [0], encoded: prompt };
}
