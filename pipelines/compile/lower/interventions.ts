/** Edits as declared, lowered to interventions: one at one site of one block for one side of the prompt. @module */
import type { InterventionExtents, InterventionOptions, TensorRole } from "../../../ops/interventions/intervention.ts";
import { type InterventionName, interventions } from "../../../ops/interventions/mod.ts";
import type { TokenizedPrompt } from "../../data/examples.ts";
import { RequestError } from "../../common/errors.ts";
import type { EditedModel, SiteName, SiteShape, StackName } from "../../models/architecture/architecture.ts";
import { atLocationOf } from "../../common/source_location.ts";
import type { Blocks, EditSpec, Resolved, SiteSpec } from "../../spec/mod.ts";
import { suggest } from "../../common/suggest.ts";
import { choiceName, subspaceOf, type TokenSelector } from "./token_selectors.ts";
import { decoderPositionsOf, type Positions, positionsOf, type Side, sidesOf } from "./positions.ts";
import { runOfSite, type Stack, stackOf } from "./stacks.ts";

/** One edit at one place, before it has its index. */
export interface LoweredIntervention {
  readonly form: "intervention";
  readonly kind: InterventionName;
  readonly options: InterventionOptions;
  /** Whose block or site it is, in a model of two stacks. */
  readonly stack?: StackName | undefined;
  /** `undefined` for sites of no block. */
  readonly block: number | undefined;
  readonly site: SiteName;
  /** The head whose columns alone are edited. */
  readonly head?: number;
  readonly side: Side;
  readonly positions: Positions;
  /** The positions as declared, or the number of a function. */
  readonly positionsText: string;
  readonly rank: number;
  /** The rows of the rank that act on each example; all if left out. */
  readonly subspace?: TokenSelector;
  /** Width of what is edited. */
  readonly width: number;
  /** The share of channels that training sets to 0 where it edits. */
  readonly dropout: number;
  readonly inputs: number;
  readonly tensors: Readonly<Record<string, TensorRole>>;
}

/** The interventions of an edit: all its blocks, for the prefix first where it has two sides. */
export function lowerEdit(edit: Resolved<EditSpec>, architecture: EditedModel): LoweredIntervention[] {
  const { kind, at, rank = 1, tied, dropout = 0 } = edit;
  const { activation = "linear", orthogonal = false, projectionBias = false } = edit;
  const options = { activation, orthogonal, projectionBias };
  const stack = atLocationOf(at, () => stackOf(architecture, at.stack));
  const { width, head } = atLocationOf(at, () => columnsOfSite(at, stack));
  if (!Number.isInteger(rank) || rank < 1 || rank > width) {
    throw new RequestError(
      `the rank ${rank} is out of range; give a whole number from 1 to the ${
        head === undefined ? "model's" : "head's"
      } width ${width}`,
    );
  }
  const positions = at.stack === "decoder" && runOfSite(at) === "tail"
    ? decoderPositionsOf(edit.positions)
    : positionsOf(edit.positions, architecture.decode);
  const subspace = edit.subspace === undefined ? {} : { subspace: subspaceOf(edit.subspace, rank) };
  const listed = atLocationOf(at, () => at.blocks === undefined ? [undefined] : blocksOf(at.blocks, stack.blocks));
  const tensors = tensorsOf(kind, { width, rank }, options);
  const place = { site: at.site, ...(at.stack && { stack: at.stack }), ...(head === undefined ? {} : { head }) };
  const common = { form: "intervention", kind, options, ...place } as const;
  return sidesOf(positions, tied).flatMap((side) =>
    listed.map((block) => {
      return {
        ...common,
        block,
        side,
        positions,
        positionsText: choiceName(edit.positions),
        rank,
        ...subspace,
        width,
        dropout,
        inputs: width,
        tensors,
      };
    })
  );
}

function tensorsOf(
  kind: InterventionName,
  extents: InterventionExtents,
  options: InterventionOptions,
): LoweredIntervention["tensors"] {
  try {
    return interventions[kind].tensors(extents, options);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RequestError(`${error.message}; use another edit or another site`);
  }
}

/** Which columns of the representation at a site are meant. */
export function columnsOfSite(
  { site, head }: Resolved<SiteSpec>,
  { sites }: Stack,
): { readonly width: number; readonly head?: number } {
  const shape: SiteShape | undefined = sites[site];
  if (shape === undefined) {
    throw new RequestError(`the model has no site ${site}; ${suggest(site, Object.keys(sites))}`);
  }
  if (shape.heads === undefined) return { width: shape.width };
  if (head === undefined || !Number.isInteger(head) || head < 0 || head >= shape.heads) {
    throw new RequestError(`head ${head} does not exist; the model has heads 0 to ${shape.heads - 1}`);
  }
  return { width: shape.width / shape.heads, head };
}

/**
 * The blocks that are meant, in the order given.
 *
 * @throws {RequestError} If one does not exist or is named twice.
 */
export function blocksOf(blocks: Resolved<Blocks>, count: number): readonly number[] {
  if (blocks === "all") return Array.from({ length: count }, (_, block) => block);
  const listed = typeof blocks === "number" ? [blocks] : blocks;
  if (listed.length === 0) throw new RequestError('an edit names no block; give at least one, or "all"');
  for (const [at, block] of listed.entries()) {
    if (!Number.isInteger(block) || block < 0 || block >= count) {
      throw new RequestError(`block ${block} does not exist; the model has blocks 0 to ${count - 1}`);
    }
    if (listed.indexOf(block) !== at) throw new RequestError(`block ${block} is named twice; name each block once`);
  }
  return listed;
}

type Masked = Pick<LoweredIntervention, "stack" | "site" | "positionsText" | "side" | "subspace" | "rank">;

/** The name of the mask [batch, tokens, width] that an intervention reads, of {@linkcode maskWidth}. */
export function maskName({ stack, site, positionsText, side, subspace, rank }: Masked): string {
  const rows = subspace === undefined ? "" : `.${subspace.name}.${rank}`;
  const run = runOfSite({ stack, site }) === "context" ? "context." : "";
  return `positions.${run}${positionsText}.${side}${rows}`;
}

/** How wide a mask is: 1, or with a subspace one column for each row of the rank. */
export function maskWidth({ subspace, rank }: Masked): number {
  return subspace === undefined ? 1 : rank;
}

/** The columns of its mask that are 1 for an example where it acts. */
export function columnsOf({ subspace }: Pick<Masked, "subspace">, prompt: TokenizedPrompt): ReadonlySet<number> {
  return subspace?.of(prompt) ?? onlyColumn;
}

const onlyColumn: ReadonlySet<number> = new Set([0]);

/** What each example chose, for adaptations that choose: tokens, and rows of the rank. */
export function selectedRows(
  list: readonly Pick<LoweredIntervention, "positions" | "subspace">[],
  prompts: readonly TokenizedPrompt[],
): readonly (readonly (readonly number[])[])[] {
  return list.flatMap(({ positions: { selector: chosen }, subspace }) => {
    return [chosen, subspace].flatMap((each) => each === undefined ? [] : [prompts.map((of) => [...each.of(of)])]);
  });
}
