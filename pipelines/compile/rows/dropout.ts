/** The factors of dropout, drawn by the host so that they depend only on the seed, not the provider. @module */
import { ownValue, putValue } from "../../../ops/program/own_value.ts";
import type { Feeds } from "../../common/host_tensor.ts";
import { createRandom } from "../../data/random.ts";
import type { Adaptation } from "../lower/adaptation.ts";
import { dropoutName, type Droppable, droppedWidth } from "../lower/edit_hook.ts";
import { maskedBy, maskName } from "../lower/edit_masks.ts";
import { runOfSite } from "../lower/sites.ts";

/** Rates are rounded to multiples of 1/shares: half a random word decides an element. */
const shares = 1 << 16;

/** Which rows of a step run together. */
interface DroppedRows {
  /** The training's seed. */
  readonly seed: number;
  /** The number of the step, from 0. */
  readonly step: number;
  /** Their indices in the data. */
  readonly rows: readonly number[];
  /** The tail's length, including padding. */
  readonly tail: number;
  /** The context's length, for adaptations in an encoder. */
  readonly context?: number;
}

/**
 * The factors [batch, tokens, width] of each adaptation with dropout: 0 with its rate as probability, otherwise 1/(1 −
 * rate); 1 at tokens that it does not act on. A row's factors depend only on the seed, the step, the row and the
 * adaptation's index within its member, not on the rows that run with it or the members trained with it.
 *
 * @param masks The edited positions, by {@linkcode maskName}.
 */
export function dropoutFeeds(
  members: readonly (readonly Adaptation[])[],
  { seed, step, rows, tail, context = 0 }: DroppedRows,
  masks: Feeds,
): Feeds {
  const feeds: Feeds = {};
  for (const list of members) {
    for (const [ordinal, adaptation] of list.entries()) {
      if (adaptation.form === "prefix" || adaptation.form === "head" || adaptation.dropout === 0) continue;
      const length = runOfSite(adaptation) === "tail" ? tail : context;
      const width = droppedWidth(adaptation), acts = actsAt(adaptation, masks);
      const data = new Float32Array(rows.length * length * width).fill(1);
      const drawing = drawingOf(adaptation.dropout);
      rows.forEach((row, index) => {
        const { word } = createRandom(seed, "dropout", step, row, ordinal);
        for (let token = index * length; token < (index + 1) * length; token++) {
          if (acts(token)) drop(data.subarray(token * width, (token + 1) * width), word, drawing);
        }
      });
      putValue(feeds, dropoutName(adaptation), { data, shape: [rows.length, length, width] });
    }
  }
  return feeds;
}

/** Whether dropout acts at a token of the batch; for an unmasked adapter, at every token. */
function actsAt(adaptation: Droppable, masks: Feeds): (token: number) => boolean {
  const masked = maskedBy(adaptation);
  if (masked === undefined) return () => true;
  const { data, shape } = ownValue(masks, maskName(masked))!, width = shape[2]!;
  return (token) => data.subarray(token * width, (token + 1) * width).some((each) => Number(each) !== 0);
}

/** How factors are drawn. */
export interface Drawing {
  /** An element is dropped if its half of a random word is below this. */
  readonly dropped: number;
  /** The factor of an element that is kept. */
  readonly kept: number;
}

/** How the factors of a rate are drawn. */
export function drawingOf(rate: number): Drawing {
  const dropped = Math.round(rate * shares);
  return { dropped, kept: shares / (shares - dropped) };
}

/** Draws factors, half a random word each. */
export function drop(factors: Float32Array, word: () => number, { dropped, kept }: Drawing): void {
  for (let at = 0; at < factors.length; at += 2) {
    const bits = word();
    factors[at] = (bits & (shares - 1)) < dropped ? 0 : kept;
    if (at + 1 < factors.length) factors[at + 1] = (bits >>> 16) < dropped ? 0 : kept;
  }
}
