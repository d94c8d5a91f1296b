/** Draws a random sample of rows from a stream. @module */
import { createRandom } from "./random.ts";

/** The drawn rows, in their order, and the total number. */
interface RowSample<T> {
  readonly rows: readonly T[];
  readonly of: number;
}

/**
 * Draws rows, each with equal probability, although their number is known only at the end (Vitter 1985, algorithm R).
 *
 * @param size The sample size; all rows if there are no more.
 */
export async function sampleOf<T>(rows: AsyncIterable<T>, size: number): Promise<RowSample<T>> {
  const random = createRandom(0, "sample of rows"), drawn: { readonly row: T; readonly at: number }[] = [];
  let of = 0;
  for await (const row of rows) {
    const at = of++, place = at < size ? at : random.integer(of);
    if (place < size) drawn[place] = { row, at };
  }
  return { rows: drawn.sort((a, b) => a.at - b.at).map(({ row }) => row), of };
}
