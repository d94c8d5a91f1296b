/**
 * How an example's tokens fall into segments: a prefix that all rows share, a context before the first edited position,
 * and a tail from it on. Where an encoder reads the prompt, that is the context, and the tail is what its decoder reads.
 *
 * @module
 */
import type { Dimension } from "../../../ops/program/dimension.ts";
import type { KeyValues } from "../../../ops/nn/attention.ts";
import { input, leafName, type Value } from "../../../ops/program/program.ts";
import type { TokenizedPrompt } from "../../data/examples.ts";
import type { Architecture, TokenRun } from "../../models/architecture/architecture.ts";
import { runInputs } from "../../models/architecture/model_inputs.ts";
import { type Adaptation, interventionsOf } from "../lower/adaptations.ts";
import { withoutHead } from "../lower/heads.ts";
import { reachBack } from "../lower/positions.ts";

/** Where the tail of a prompt begins: so many tokens before its end, or `"whole"`, at its start. */
export type TailLength = number | "whole";

/** How all rows of a stage are cut. */
export interface Layout {
  readonly tail: TailLength;
  /** How many first tokens are the same in all rows, so that they are run over once for all of them. */
  readonly prefix: number;
  /** In how many parts attention takes the tokens of long segments. */
  readonly parts?: Readonly<Partial<Record<SegmentName, number>>>;
  /** The token that the tail begins with, where an encoder reads the whole prompt. */
  readonly start?: number;
}

/** Rows that are all tail, or of an encoder's context and its decoder's tail. */
export function wholeRows({ encoder }: Pick<Architecture, "encoder">): Layout {
  return encoder === undefined ? { tail: "whole", prefix: 0 } : { tail: 1, prefix: 0, start: encoder.startToken };
}

/** A shorter prefix saves less than its products of their own cost. */
const leastPrefix = 8;

/**
 * The layout that adaptations allow for some prompts. Where tokens see those behind them, nothing is before a tail, and prompts
 * have no prefix in common.
 */
export function layoutOf(
  architecture: Pick<Architecture, "causal" | "encoder">,
  adaptations: readonly Adaptation[],
  prompts: readonly TokenizedPrompt[],
): Layout {
  if (!architecture.causal || architecture.encoder !== undefined) return wholeRows(architecture);
  const tail = tailLength(adaptations, prompts);
  const shared = prompts.length < 2 ? 0 : sharedTokens(prompts.map(({ prompt }) => {
    return prompt.slice(0, tailStart({ tail }, prompt.length));
  }));
  return { tail, prefix: shared < leastPrefix ? 0 : shared };
}

/**
 * There is something before the tail if all adaptations act on the prompt's last tokens or behind it. The prompt's last token,
 * which predicts the first label, is always in the tail.
 */
function tailLength(all: readonly Adaptation[], prompts: readonly TokenizedPrompt[]): TailLength {
  const adaptations = withoutHead(all), interventions = interventionsOf(adaptations);
  if (all.length === 0 || interventions.length < adaptations.length) return "whole";
  const reach = Math.max(1, ...interventions.map(({ positions }) => reachBack(positions, prompts)));
  return Number.isFinite(reach) ? reach : "whole";
}

function sharedTokens(lists: readonly (readonly number[])[]): number {
  const [first = []] = lists;
  const differs = (at: number) => lists.some((list) => list.length <= at || list[at] !== first[at]);
  let shared = 0;
  while (shared < first.length && !differs(shared)) shared++;
  return shared;
}

/** Where the tail of a prompt begins. */
export function tailStart({ tail }: Pick<Layout, "tail">, promptLength: number): number {
  return tail === "whole" ? 0 : Math.max(0, promptLength - tail);
}

/** The name of a segment's tensors and the symbol of its length. */
export type SegmentName = "prefix" | "context" | "tail";

/** The segments of a layout, in the order of their tokens. */
export function segmentsOf({ tail, prefix }: Layout): readonly SegmentName[] {
  return [...(prefix > 0 ? ["prefix" as const] : []), ...(tail === "whole" ? [] : ["context" as const]), "tail"];
}

/**
 * The fed tensors of a segment.
 *
 * @param before The lengths of the runs that are seen before it.
 */
export function segmentInputs(
  architecture: Architecture,
  name: SegmentName,
  before: readonly Dimension[] = [],
): Pick<TokenRun, "tokens" | "inputs"> {
  const isShared = name === "prefix";
  // Where no token sees those after it, nobody sees padding; and only the tail's rows begin at positions of their own.
  const rowsDiffer = !architecture.causal || (name === "tail" && before.length > 0);
  return runInputs(architecture, {
    name,
    batch: isShared ? 1 : "batch",
    seen: rowsDiffer && !isShared ? "batch" : 1,
    before,
    encoded: "context",
  });
}

/** Keys and values that are fed, for every block: of what was read and written, or of what an encoder has read. */
export function pastInputs(architecture: Architecture, name: "past" | "encoded", length: string = name): KeyValues[] {
  const { keyValueHeads, headWidth } = architecture.heads;
  const shape = ["batch", keyValueHeads, length, headWidth];
  return Array.from({ length: architecture.blocks }, (_, block) => ({
    key: input(`${name}.${block}.key`, shape),
    value: input(`${name}.${block}.value`, shape),
  }));
}

/** Whether a leaf is fed from the example alone, so that it is the same in every epoch and for every member. */
export function isExampleInput(leaf: Value): boolean {
  return leaf.op === "input" && /^(prefix|context|tail|positions|labelled)\./.test(leafName(leaf));
}

/** Whether a leaf is fed from what all rows share. */
export function isSharedInput(leaf: Value): boolean {
  return leaf.op === "input" && leafName(leaf).startsWith("prefix.");
}
