/**
 * How the tokens of rows are divided into segments: first tokens that all rows share, a context before the first edited
 * position, and a tail from there on. If an encoder reads the prompt, that is the context, and the tail is what its
 * decoder reads. The layout alone determines what a program declares, what the host feeds and the order in which
 * segments run.
 *
 * @module
 */
import type { RowList } from "../../common/row_list.ts";
import type { TokenizedPrompt } from "../../data/examples.ts";
import type { Architecture, Encoder, StackName } from "../../models/architecture/architecture.ts";
import { type Adaptation, interventionsOf } from "../lower/adaptation.ts";
import { withoutHead } from "../lower/adaptation.ts";
import { reachBack } from "../lower/positions.ts";
import { virtualTokens } from "../lower/prefix_tuning.ts";
import { sharedLength } from "../../models/tokenization/joint_tokens.ts";

/** The names that segments can have, in the order of their tokens. */
export const segmentNames = ["shared", "context", "tail"] as const;

/** The name of a segment and its tensors, and the symbol of its length. */
export type SegmentName = typeof segmentNames[number];

/** One run of tokens of every row. */
export interface Segment {
  readonly name: SegmentName;
  /** The stack that runs over it, in a model with two stacks. */
  readonly stack?: StackName;
  /** The range of its tokens in a prompt, as for `slice`. */
  readonly from: number;
  readonly to?: number;
  /** A token before these. */
  readonly startToken?: number;
  /** Whether it runs once for all rows, whose tokens are the same in it, or for each row. */
  readonly rows: 1 | "batch";
  /** The earlier segments whose keys and values its tokens attend to. */
  readonly sees: readonly SegmentName[];
  /** The segment whose final hidden states its tokens attend to. */
  readonly attendsTo?: SegmentName;
  /** The number of parts in which attention processes its tokens. */
  readonly parts: number;
}

/** How all rows of a stage are laid out. It is plain data, so that it can be part of a key. */
export interface Layout {
  /** The segments, in the order in which they run. The last is the tail, which includes the completion. */
  readonly segments: readonly Segment[];
  /** The number of virtual tokens before all others. */
  readonly virtual: number;
  /** Set if each row has two answers to its prompt, of which the second does not attend to the first. */
  readonly answers?: 2;
  /** Set where a row's tail may end with tokens that no other sees. */
  readonly unseen?: true;
}

/** A layout in which rows are all tail, or an encoder's context and its decoder's tail. */
export function wholeRows(
  { encoder }: Pick<Architecture, "encoder">,
  adaptations: readonly Adaptation[],
): Layout {
  const whole = { from: 0, rows: "batch", sees: [], parts: 1 } as const, virtual = virtualTokens(adaptations);
  if (encoder === undefined) return { segments: [{ ...whole, name: "tail" }], virtual };
  const tail = { ...whole, name: "tail", stack: "decoder", to: 0, startToken: encoder.startToken } as const;
  return { segments: [{ ...whole, name: "context", stack: "encoder" }, { ...tail, attendsTo: "context" }], virtual };
}

/** Fewer shared tokens than this save less than the additional matrix products cost. */
const leastShared = 8;

/**
 * The layout that adaptations allow for some prompts. If tokens attend to later ones, nothing comes before the tail,
 * and prompts share no first tokens.
 */
export function layoutOf(
  architecture: Pick<Architecture, "causal" | "encoder">,
  adaptations: readonly Adaptation[],
  prompts: RowList<TokenizedPrompt>,
): Layout {
  const whole = wholeRows(architecture, adaptations);
  if (!architecture.causal || architecture.encoder !== undefined) return whole;
  const tail = tailReach(adaptations, prompts);
  if (!Number.isFinite(tail)) return whole;
  return cutRows(tail, sharedBefore(tail, prompts));
}

/**
 * A layout in which the first tokens that all prompts share are separate; all tail if they share too few, or if an
 * adaptation acts on these tokens.
 */
export function sharedRows(
  architecture: Pick<Architecture, "causal" | "encoder">,
  adaptations: readonly Adaptation[],
  prompts: RowList<TokenizedPrompt>,
): Layout {
  const whole = wholeRows(architecture, adaptations);
  if (!architecture.causal || architecture.encoder !== undefined) return whole;
  const tail = adaptations.length === 0 ? 1 : tailReach(adaptations, prompts);
  const shared = Number.isFinite(tail) ? sharedBefore(tail, prompts) : 0;
  return shared === 0 ? whole : afterShared(shared);
}

/** A layout in which this many first tokens are separate. */
function afterShared(shared: number): Layout {
  const first = { name: "shared", from: 0, to: shared, rows: 1, sees: [], parts: 1 } as const;
  return { segments: [first, { name: "tail", from: shared, rows: "batch", sees: ["shared"], parts: 1 }], virtual: 0 };
}

/**
 * A layout for a causal model with a context and, possibly, shared tokens before the tail.
 *
 * @param tail How many of a prompt's last tokens are in the tail.
 * @param shared How many first tokens are the same in all prompts; none of them is in a tail.
 */
export function cutRows(tail: number, shared: number): Layout {
  const batch = { rows: "batch", parts: 1 } as const, first = shared > 0 ? ["shared"] as const : [];
  return {
    segments: [
      ...first.map((name): Segment => ({ name, from: 0, to: shared, rows: 1, sees: [], parts: 1 })),
      { ...batch, name: "context", from: shared, to: -tail, sees: first },
      { ...batch, name: "tail", from: -tail, sees: [...first, "context"] },
    ],
    virtual: 0,
  };
}

/**
 * How many of a prompt's last tokens are in the tail: `Infinity` unless all adaptations act on the prompt's last tokens
 * or after it. The prompt's last token, which predicts the first label, is always in the tail.
 */
function tailReach(all: readonly Adaptation[], prompts: RowList<TokenizedPrompt>): number {
  const adaptations = withoutHead(all), interventions = interventionsOf(adaptations);
  if (all.length === 0 || interventions.length < adaptations.length) return Infinity;
  return Math.max(1, ...interventions.map(({ positions }) => reachBack(positions, prompts)));
}

/** How many first tokens all prompts share before their tails; 0 if there is only one prompt, or they share too few. */
function sharedBefore(tail: number, prompts: RowList<TokenizedPrompt>): number {
  if (prompts.length < 2) return 0;
  const first = prompts.at(0)!.prompt.slice(0, -tail);
  let shared = first.length;
  for (const { prompt } of prompts) {
    shared = Math.min(shared, sharedLength(first, prompt), Math.max(0, prompt.length - tail));
    if (shared < leastShared) return 0;
  }
  return shared;
}

/** The segment that runs last. */
export function tailOf({ segments }: Layout): Segment {
  const tail = segments.at(-1);
  if (tail === undefined) throw new TypeError("A layout has no segments");
  return tail;
}

/** Whether rows are all tail, so that no segment comes before the first edited position. */
export function isWhole({ segments }: Layout): boolean {
  return segments.length === 1;
}

/** Whether the first tokens of all rows are a segment of their own, which is read once. */
export function sharesTokens({ segments }: Layout): boolean {
  return segments.some(({ rows }) => rows === 1);
}

/** The stack of blocks that runs over a segment. */
export function stackOfSegment(architecture: Architecture, { stack }: Segment): Architecture | Encoder {
  if (stack !== "encoder") return architecture;
  if (architecture.encoder === undefined) throw new TypeError("The model has no encoder");
  return architecture.encoder;
}

/** Whether the tokens that a causal model's segment sees differ by row: those before it, or of its own in two answers. */
export function differsByRow({ segments, answers, unseen }: Layout, { sees, name: own }: Segment): boolean {
  if ((answers ?? unseen) !== undefined && own === "tail") return true;
  return segments.some(({ name, rows }) => rows === "batch" && sees.includes(name));
}

/** Whether a segment is the one that the decoder of a model with two stacks attends to. */
export function isAttended({ segments }: Layout, { name }: Segment): boolean {
  return segments.some(({ attendsTo }) => attendsTo === name);
}
