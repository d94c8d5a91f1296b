/**
 * One of several processes that share a store: computes missing entries, and logs what it started and finished.
 *
 * deno run claiming.ts <store> <log> <entries> <seed>
 *
 * @module
 */
import { createRandom } from "../../../pipelines/data/random.ts";
import { madeOnce } from "../../../pipelines/schedule/context/made_once.ts";
import { keyOf, Store } from "../../../pipelines/store/store.ts";

const [folder = "", log = "", count = "", seed = ""] = Deno.args;
const store = new Store(folder, { claimTimes: { beat: 100, silence: 2000 } });
const runContext = { store, emit: () => {}, stopIfAsked: () => Promise.resolve() };
const note = (what: string, entry: number) => {
  Deno.writeTextFileSync(log, `${what} ${entry} ${Deno.pid}\n`, { append: true });
};

for (
  const entry of createRandom(Number(seed), "order", 0).shuffle(Array.from({ length: Number(count) }, (_, at) => at))
) {
  const key = keyOf(["entry", entry]);
  const { value } = await madeOnce<unknown>(runContext, "encode", key, {
    does: "makes the same entry",
    find: () => store.getJson("encode", key),
    async make() {
      note("begin", entry);
      await new Promise((resolve) => setTimeout(resolve, 30));
      await store.putJson("encode", key, { entry });
      note("end", entry);
      return { entry };
    },
  });
  if (JSON.stringify(value) !== JSON.stringify({ entry })) {
    throw new Error(`entry ${entry} is ${JSON.stringify(value)}`);
  }
}
