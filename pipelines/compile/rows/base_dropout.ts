/** The factors of the frozen model's own dropout, drawn by the host so that a seed decides them on every provider. @module */
import { putValue } from "../../../ops/program/own_value.ts";
import type { Feeds, HostTensor } from "../../common/host_tensor.ts";
import { createRandom } from "../../data/random.ts";
import type { Architecture, DropoutPlace } from "../../models/architecture/architecture.ts";
import { baseDropoutName } from "../lower/base_dropout.ts";
import { type Drawing, drawingOf, drop } from "./dropout.ts";

/** Rows that run together in a step. */
interface RowsOfStep {
  /** The training's seed. */
  readonly seed: number;
  /** The number of the step, from 0. */
  readonly step: number;
  /** Their numbers in the data. */
  readonly rows: readonly number[];
  /** How many tokens each of them has. */
  readonly lengths: readonly number[];
  /** The tokens of the longest. */
  readonly tail: number;
  /** Trained keys and values before every row. */
  readonly virtual: number;
}

/** What is drawn for one place: factors for each row. */
interface PlaceDrawing {
  readonly shape: readonly number[];
  /** Whether all rows of a step have the same. */
  readonly isShared?: true;
  /** Draws the factors of a row, which it finds at 1: those of tokens that it has, whatever it is padded to. */
  readonly draw: (factors: Float32Array, length: number, drawing: Drawing, word: () => number) => void;
}

type Model = Pick<Architecture, "width" | "heads" | "blocks" | "inputs" | "dropout">;

const perToken = ({ width }: Model, { tail }: RowsOfStep): PlaceDrawing => ({
  shape: [tail, width],
  draw: (factors, length, drawing, word) => drop(factors.subarray(0, length * width), word, drawing),
});

const perRow = ({ width }: Model): PlaceDrawing => ({
  shape: [width],
  draw: (factors, _length, drawing, word) => drop(factors, word, drawing),
});

const perScore = ({ heads: { heads, keyValueHeads } }: Model, { tail, virtual }: RowsOfStep): PlaceDrawing => ({
  shape: [keyValueHeads, (heads / keyValueHeads) * tail, virtual + tail],
  draw(factors, length, drawing, word) {
    const keys = virtual + tail;
    for (let head = 0; head < heads; head++) {
      for (let query = 0; query < length; query++) {
        const start = (head * tail + query) * keys;
        drop(factors.subarray(start, start + virtual + length), word, drawing);
      }
    }
  },
});

const perDistance = ({ width, inputs: { distances } }: Model): PlaceDrawing => ({
  shape: [2 * (distances?.span ?? 0), width],
  isShared: true,
  draw: (factors, _length, drawing, word) => drop(factors, word, drawing),
});

/** What is drawn for each place. */
const places: Readonly<Record<DropoutPlace, (model: Model, rows: RowsOfStep) => PlaceDrawing>> = {
  "embedding": perToken,
  "attention.distances": perDistance,
  "attention.weights": perScore,
  "attention.output": perToken,
  "mlp.output": perToken,
  "convolution": perToken,
  "classifier.input": perRow,
  "classifier.hidden": perRow,
};

/** The blocks that have a place; none where it is before or after them. */
function blocksOf(place: DropoutPlace, { blocks }: Model): readonly (number | undefined)[] {
  if (place === "convolution") return [0];
  return place === "embedding" || place.startsWith("classifier.") ? [undefined] : [...Array(blocks).keys()];
}

/**
 * A factor for each place where the model drops: 0 by its rate, else 1/(1 − rate). What is drawn for a row depends on the
 * seed, the step, the row and the place, so the rows that run beside it do not change it.
 */
export function baseDropoutFeeds(model: Model, rows: RowsOfStep): Feeds {
  const feeds: Feeds = {};
  for (const [place, rate] of Object.entries(model.dropout ?? {}) as [DropoutPlace, number][]) {
    if (rate === 0) continue;
    const drawing = drawingOf(rate), each = places[place](model, rows);

    for (const block of blocksOf(place, model)) {
      putValue(feeds, baseDropoutName(place, block), drawn(place, block, each, drawing, rows));
    }
  }
  return feeds;
}

function drawn(
  place: DropoutPlace,
  block: number | undefined,
  { shape, isShared, draw }: PlaceDrawing,
  drawing: Drawing,
  { seed, step, rows, lengths }: RowsOfStep,
): HostTensor {
  const drawnRows = isShared ? [-1] : rows, size = shape.reduce((all, extent) => all * extent, 1);
  const data = new Float32Array(drawnRows.length * size).fill(1);
  drawnRows.forEach((row, at) => {
    const { word } = createRandom(seed, "baseDropout", step, row, place, block ?? -1);
    draw(data.subarray(at * size, (at + 1) * size), lengths[at]!, drawing, word);
  });
  return { data, shape: isShared ? shape : [rows.length, ...shape] };
}
