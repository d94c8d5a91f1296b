/**
 * The factors of the frozen model's own dropout, drawn by the host so that they depend only on the seed, not the
 * provider.
 *
 * @module
 */
import { putValue } from "../../../ops/program/own_value.ts";
import type { Feeds, HostTensor } from "../../common/host_tensor.ts";
import { createRandom } from "../../data/random.ts";
import type { Architecture, DropoutPlace, DropoutSite, StackName } from "../../models/architecture/architecture.ts";
import { baseDropoutName } from "../lower/base_dropout.ts";
import { type Drawing, drawingOf, drop } from "./dropout.ts";

/** Rows that run together in a step. */
interface RowsOfStep {
  /** The training's seed. */
  readonly seed: number;
  /** The number of the step, from 0. */
  readonly step: number;
  /** Their indices in the data. */
  readonly rows: readonly number[];
  /** The number of tokens in the tail of each row. */
  readonly tail: readonly number[];
  /** The number of tokens that the encoder, if any, reads of each row. */
  readonly context?: readonly number[];
  /** The number of virtual tokens before every row. */
  readonly virtual: number;
}

/** The numbers of tokens that a stack runs over, for one row or for the longest. */
interface Extents {
  readonly tokens: number;
  /** The tokens that an encoder has read for it. */
  readonly encoded: number;
  readonly virtual: number;
}

/** How the factors for one place are drawn, row by row. */
interface PlaceDrawing {
  readonly shape: readonly number[];
  /** Whether all rows of a step have the same factors. */
  readonly isShared?: true;
  /** Draws the factors of a row's own tokens, whatever its padding; all factors are 1 beforehand. */
  readonly draw: (factors: Float32Array, row: Extents, drawing: Drawing, word: () => number) => void;
}

type Stack = Pick<Architecture, "width" | "heads" | "blocks" | "inputs" | "sites" | "dropout">;
type DroppingModel = Stack & { readonly encoder?: Stack };

/** Where a place is, and how its factors are drawn. */
interface PlaceKind {
  readonly blocks: "all" | "first" | "none";
  readonly drawing: (stack: Stack, longest: Extents) => PlaceDrawing;
}

const ofTokens = (width: (stack: Stack) => number): PlaceKind["drawing"] => (stack, { tokens }) => ({
  shape: [tokens, width(stack)],
  draw: (factors, row, drawing, word) => drop(factors.subarray(0, row.tokens * width(stack)), word, drawing),
});
const perToken = ofTokens(({ width }) => width);

const perRow: PlaceKind["drawing"] = ({ width }) => ({
  shape: [width],
  draw: (factors, _row, drawing, word) => drop(factors, word, drawing),
});

const ofScores = (keysOf: (extents: Extents) => number): PlaceKind["drawing"] => (stack, longest) => {
  const { heads: { heads, keyValueHeads } } = stack, { tokens } = longest, keys = keysOf(longest);
  return {
    shape: [keyValueHeads, (heads / keyValueHeads) * tokens, keys],
    draw(factors, row, drawing, word) {
      for (let head = 0; head < heads; head++) {
        for (let query = 0; query < row.tokens; query++) {
          const start = (head * tokens + query) * keys;
          drop(factors.subarray(start, start + keysOf(row)), word, drawing);
        }
      }
    },
  };
};

const perDistance: PlaceKind["drawing"] = ({ width, inputs: { distances } }) => ({
  shape: [2 * (distances?.span ?? 0), width],
  isShared: true,
  draw: (factors, _row, drawing, word) => drop(factors, word, drawing),
});

const places: Readonly<Record<DropoutPlace, PlaceKind>> = {
  "embedding": { blocks: "none", drawing: perToken },
  "attention.distances": { blocks: "all", drawing: perDistance },
  "attention.weights": { blocks: "all", drawing: ofScores(({ tokens, virtual }) => virtual + tokens) },
  "attention.output": { blocks: "all", drawing: perToken },
  "crossAttention.weights": { blocks: "all", drawing: ofScores(({ encoded }) => encoded) },
  "crossAttention.output": { blocks: "all", drawing: perToken },
  "mlp.activation": { blocks: "all", drawing: ofTokens(({ sites }) => sites["mlp.activation"]?.width ?? 0) },
  "mlp.output": { blocks: "all", drawing: perToken },
  "convolution": { blocks: "first", drawing: perToken },
  "finalNorm.output": { blocks: "none", drawing: perToken },
  "classifier.input": { blocks: "none", drawing: perRow },
  "classifier.hidden": { blocks: "none", drawing: perRow },
};

const blocksOf: Readonly<Record<PlaceKind["blocks"], (stack: Stack) => readonly (number | undefined)[]>> = {
  all: ({ blocks }) => [...Array(blocks).keys()],
  first: () => [0],
  none: () => [undefined],
};

/** A stack, the number of tokens that it reads of each row, and its name if there are two. */
interface StackRun {
  readonly name?: StackName;
  readonly stack: Stack;
  readonly tokens: readonly number[];
}

/**
 * The factors for each place where the model has dropout: 0 with the place's rate as probability, otherwise 1/(1 −
 * rate). A row's factors depend only on the seed, the step, the row and the place, not on the rows that run with it.
 */
export function baseDropoutFeeds(model: DroppingModel, rows: RowsOfStep): Feeds {
  const { encoder } = model, { tail, context = [] } = rows, feeds: Feeds = {};
  const runs: readonly StackRun[] = encoder === undefined
    ? [{ stack: model, tokens: tail }]
    : [{ name: "encoder", stack: encoder, tokens: context }, { name: "decoder", stack: model, tokens: tail }];
  for (const { name, stack, tokens } of runs) {
    const extents = tokens.map((own, at): Extents => ({
      tokens: own,
      encoded: context[at] ?? 0,
      virtual: rows.virtual,
    }));
    for (const [place, rate] of Object.entries(stack.dropout ?? {}) as [DropoutPlace, number][]) {
      if (rate === 0) continue;
      const { blocks, drawing } = places[place], each = drawing(stack, longestOf(extents));
      for (const block of blocksOf[blocks](stack)) {
        const site = { stack: name, block, place };
        putValue(feeds, baseDropoutName(site), drawn(site, each, drawingOf(rate), rows, extents));
      }
    }
  }
  return feeds;
}

function longestOf(extents: readonly Extents[]): Extents {
  const longest = (name: keyof Extents) => Math.max(...extents.map(({ [name]: each }) => each));
  return { tokens: longest("tokens"), encoded: longest("encoded"), virtual: longest("virtual") };
}

function drawn(
  { stack, block, place }: DropoutSite,
  { shape, isShared, draw }: PlaceDrawing,
  drawing: Drawing,
  { seed, step, rows }: RowsOfStep,
  extents: readonly Extents[],
): HostTensor {
  const drawnRows = isShared ? [-1] : rows, size = shape.reduce((all, extent) => all * extent, 1);
  const data = new Float32Array(drawnRows.length * size).fill(1);
  drawnRows.forEach((row, at) => {
    const ofStack = stack === undefined ? [] : [stack];
    const { word } = createRandom(seed, "baseDropout", step, row, place, block ?? -1, ...ofStack);
    draw(data.subarray(at * size, (at + 1) * size), extents[at]!, drawing, word);
  });
  return { data, shape: isShared ? shape : [rows.length, ...shape] };
}
