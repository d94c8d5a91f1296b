/**
 * One of several processes that share a store: looks what it has, then computes the missing entries in an order of its
 * own, and prints which it begins and has done, with the times.
 *
 * deno run sharing.ts <store> <entries> <seed> <milliseconds of work> <seconds of silence after which a claim is taken>
 *
 * @module
 */
import { RunError } from "../../pipelines/common/errors.ts";
import { createRandom } from "../../pipelines/data/random.ts";
import { madeOnce } from "../../pipelines/schedule/context/made_once.ts";
import { keyOf, Store } from "../../pipelines/store/store.ts";

const [folder = "", count = "", seed = "", milliseconds = "", silence = ""] = Deno.args;
const entries = createRandom(Number(seed), "order", 0).shuffle(Array.from({ length: Number(count) }, (_, at) => at));
const kind = "encode", elements = 50_000;

try {
  const damaged: string[] = [];
  const store = new Store(folder, {
    claimTimes: { beat: 1000, silence: 1000 * Number(silence) },
    onDamaged: (message) => damaged.push(message),
  });
  const runContext = { store, emit: () => {}, stopIfAsked: () => Promise.resolve() };
  const keys = entries.map((entry) => keyOf(["entry", entry]));
  // As a plan does.
  for (const key of keys) store.has(kind, key);
  for (const [at, entry] of entries.entries()) {
    const key = keys[at]!, data = Float32Array.from({ length: elements }, (_, index) => entry + index / 7);
    const find = async () => {
      using found = await store.get(kind, key);
      return found && await found.read("data");
    };
    const { value } = await madeOnce(runContext, kind, key, {
      does: "makes the same entry",
      find,
      async make() {
        console.log(`begin ${entry} ${Date.now()}`);
        await new Promise((resolve) => setTimeout(resolve, Number(milliseconds)));
        await store.put(kind, key, (writer) => {
          writer.declare({ tensors: [{ name: "data", dtype: "F32", shape: [elements] }] });
          writer.append("data", data);
        });
        console.log(`end ${entry} ${Date.now()}`);
        return data;
      },
    });
    if (data.some((each, index) => value[index] !== each)) throw new Error(`entry ${entry} has other values`);
  }
  if (damaged.length > 0) throw new Error(damaged.join("; "));
  console.log(`done 0 ${Date.now()}`);
} catch (fault) {
  if (!(fault instanceof RunError)) throw fault;
  console.error(`error: ${fault.message}`);
  Deno.exit(1);
}
