/** What an evaluation computes, kept in the store. @module */
import type { RowList } from "../../common/row_list.ts";
import { getList, putList } from "../../store/json_list.ts";
import { madeOnce } from "../context/made_once.ts";
import { removeParts } from "../context/resumable_batches.ts";
import type { RunContext } from "../context/run_context.ts";

/** A document of the store, and whether it was found. */
interface Stored<T> {
  readonly found: RowList<T>;
  readonly cached: boolean;
}

/** A document of the store, computed if it is not there. */
export async function inStore<T>(
  runContext: RunContext,
  key: string,
  make: (key: string) => Promise<RowList<T>>,
): Promise<Stored<T>> {
  const { store } = runContext;
  const { value: found, cached } = await madeOnce(runContext, "predictions", key, {
    does: "answers the same rows",
    find: async () => (await getList<T>(store, "predictions", key))?.list(),
    async make() {
      const made = await make(key);
      await putList(store, "predictions", key, made);
      return made;
    },
  });
  // Also what a run left behind if it was killed between the two.
  removeParts(store, key);
  return { found, cached };
}
