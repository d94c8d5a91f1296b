/** SmolLM2-135M-Instruct compared with transformers. @module */
import assert from "node:assert/strict";
import { Runtime } from "../../pipelines/runtime/runtime.ts";
import { sharedFolder, smollm2Folder } from "../support/shared.ts";
import { continueGreedily, openFolder, openForward, placeOf } from "../pipelines/models/support_forward.ts";

/** The results of make_smollm2.py for a text. */
interface Golden {
  readonly text: string;
  readonly inputIds: readonly number[];
  readonly places: readonly {
    readonly position: number;
    readonly hiddenStates: readonly { readonly norm: number; readonly first: readonly number[] }[];
    readonly logits: { readonly ids: readonly number[]; readonly values: readonly number[] };
  }[];
  readonly continuation: readonly number[];
}

/** Asserts a difference of at most 1e-4, relative where the expected number exceeds 1. */
function assertClose(found: number | undefined, expected: number, what: string): void {
  const difference = Math.abs((found ?? NaN) - expected) / Math.max(1, Math.abs(expected));
  assert.ok(difference <= 1e-4, `${what} is ${found} and not ${expected}`);
}

const shared = sharedFolder();

Deno.test({
  name: "SmolLM2 has transformers' hidden states, logits and greedy continuations",
  ignore: shared === undefined,
  fn: compare,
});

async function compare() {
  const folder = await smollm2Folder(shared as string);
  const file = new URL("../goldens/smollm2.json", import.meta.url);
  const goldens: readonly Golden[] = JSON.parse(await Deno.readTextFile(file));
  using runtime = new Runtime({ threads: 2 });
  const forward = await openForward(runtime, await openFolder(folder), ["tail"]);
  for (const { text, inputIds, places, continuation } of goldens) {
    const [found] = await forward.run([[{ start: 0, tokens: inputIds }]]);
    for (const { position, hiddenStates, logits } of places) {
      hiddenStates.forEach(({ norm, first }, state) => {
        const own = placeOf(found?.hiddenStates[state]?.[0], inputIds.length, position);
        const what = `hidden state ${state} at ${position} of ${JSON.stringify(text)}`;
        assertClose(Math.hypot(...own), norm, `The norm of ${what}`);
        first.forEach((expected, at) => assertClose(own[at], expected, `Element ${at} of ${what}`));
      });
      const own = placeOf(found?.logits[0], inputIds.length, position);
      logits.ids.forEach((id, at) => assertClose(own[id], logits.values[at] as number, `Logit ${id} at ${position}`));
    }
    assert.deepEqual(await continueGreedily(forward, inputIds, continuation.length), continuation);
  }
}
