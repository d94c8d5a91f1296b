/** Makes rows of records, several at a time, since setting a deadline takes longer than making one. @module */
import { inTime } from "../common/deadline.ts";
import { RequestError } from "../common/errors.ts";

/** The maximum number of items that share a deadline. */
const most = 256;

/** Fewer items share the next deadline if these took longer, in milliseconds. */
const usual = 20;

/** What was made of some items, up to the first one of which nothing could be made. */
interface Made<U> {
  readonly results: readonly U[];
  readonly fault?: { readonly thrown: unknown };
}

/**
 * What a function makes of each item, in order, as if it were called for one after the other: what it throws, and what
 * reading an item throws, is thrown after the results of the items before it. Items are read ahead.
 *
 * @param make May be called again for the same item. If it sets deadlines, several calls share one; if they exceed it,
 * each is called again with its own.
 */
export async function* madeInTime<T, U>(items: AsyncIterator<T>, make: (item: T) => U): AsyncGenerator<U> {
  let size = 1;
  try {
    for (let isOver = false; !isOver;) {
      const part: T[] = [];
      let unread: Made<U>["fault"];
      try {
        while (part.length < size && !isOver) {
          const next = await items.next();
          if (next.done === true) isOver = true;
          else part.push(next.value);
        }
      } catch (thrown) {
        unread = { thrown };
      }
      const begun = performance.now(), made = part.length > 1 ? madeTogether(part, make) : madeOf(part, make);
      if (made === undefined) {
        size = 1;
        for (const item of part) yield make(item);
      } else {
        size = performance.now() - begun > usual ? Math.max(1, size >> 1) : Math.min(most, 2 * size);
        yield* made.results;
        if (made.fault !== undefined) throw made.fault.thrown;
      }
      if (unread !== undefined) throw unread.thrown;
    }
  } finally {
    await items.return?.();
  }
}

/** Makes something of items under one deadline; `undefined` if that takes too long. */
function madeTogether<T, U>(items: readonly T[], make: (item: T) => U): Made<U> | undefined {
  let isLate = false;
  const late = (seconds: number) => {
    isLate = true;
    return new RequestError(`takes more than ${seconds} s for ${items.length} rows`);
  };
  try {
    return inTime(0, late, () => madeOf(items, make));
  } catch (fault) {
    if (isLate) return undefined;
    throw fault;
  }
}

function madeOf<T, U>(items: readonly T[], make: (item: T) => U): Made<U> {
  const results: U[] = [];
  try {
    for (const item of items) results.push(make(item));
  } catch (thrown) {
    return { results, fault: { thrown } };
  }
  return { results };
}
