/** Some of many rows, drawn as they come. @module */
import { createRandom } from "./random.ts";

/** Rows that were drawn, in their order, and of how many. */
interface RowSample<T> {
  readonly rows: readonly T[];
  readonly of: number;
}

/**
 * Draws rows of which each is as likely as any other, though their number is known only at the end (Vitter 1985,
 * algorithm R).
 *
 * @param size How many; all if there are no more.
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
