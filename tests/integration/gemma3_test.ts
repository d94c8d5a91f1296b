/** Gemma 3 270M from its GGUF file, compared with transformers and llama.cpp. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { openModel, openModelWeights } from "../../pipelines/models/open/model.ts";
import { Runtime } from "../../pipelines/runtime/runtime.ts";
import { inFolder } from "../pipelines/models/support.ts";
import { openFolder, openForward, placeOf } from "../pipelines/models/support_forward.ts";
import { evaluationOf, lossesOf } from "../pipelines/schedule/support.ts";
import { inProcess } from "../support/command.ts";
import { gemma3Gguf } from "../support/shared.ts";

/** The results of make_gemma3.py for some ids. */
interface Golden {
  readonly inputIds: readonly number[];
  readonly places: readonly {
    readonly position: number;
    readonly hiddenStates: readonly { readonly norm: number; readonly first: readonly number[] }[];
    readonly logits: { readonly ids: readonly number[]; readonly values: readonly number[] };
  }[];
}

/** The results of make_gemma3_llama_cpp.mjs for a prompt. */
interface Continued {
  readonly prompt: string;
  readonly ids: readonly number[];
  readonly continuation: readonly number[];
}

const read = async (name: string) =>
  JSON.parse(await Deno.readTextFile(new URL(`../goldens/${name}`, import.meta.url)));
const goldens: readonly Golden[] = await read("gemma3.json");
const continued: readonly Continued[] = await read("gemma3_llama_cpp.json");
const file = await gemma3Gguf();

/** Asserts a difference of at most 1e-3, relative where the expected number exceeds 1. */
function assertClose(found: number | undefined, expected: number, what: string): void {
  const difference = Math.abs((found ?? NaN) - expected) / Math.max(1, Math.abs(expected));
  assert.ok(difference <= 1e-3, `${what} is ${found} and not ${expected}`);
}

Deno.test({
  name: "Gemma 3 has transformers' hidden states and logits, and llama.cpp's ids and greedy texts",
  ignore: file === undefined,
  fn: () =>
    inFolder(async (store) => {
      const model = await openModel(file!, { base: "/", store }), { tokenizer } = model;
      await openModelWeights(model, join(store, "weights.json"));
      using runtime = new Runtime({ threads: 2 });
      const forward = await openForward(runtime, await openFolder(model.folder), ["tail"]);
      for (const { inputIds, places } of goldens) {
        const [found] = await forward.run([[{ start: 0, tokens: inputIds }]]);
        for (const { position, hiddenStates, logits } of places) {
          hiddenStates.forEach(({ norm, first }, state) => {
            const own = placeOf(found?.hiddenStates[state]?.[0], inputIds.length, position);
            const what = `hidden state ${state} at ${position} of ${inputIds.length}`;
            assertClose(Math.hypot(...own), norm, `The norm of ${what}`);
            first.forEach((expected, at) => assertClose(own[at], expected, `Element ${at} of ${what}`));
          });
          const own = placeOf(found?.logits[0], inputIds.length, position);
          logits.ids.forEach((id, at) => assertClose(own[id], logits.values[at]!, `Logit ${id} at ${position}`));
        }
      }
      for (const { prompt, ids, continuation } of continued) {
        assert.deepEqual(tokenizer.encodePrompt(prompt), ids);
        // Each token is the likeliest after those before it, so a greedy completion is the same.
        const tokens = [...ids, ...continuation], [found] = await forward.run([[{ start: 0, tokens }]]);
        const likeliest = continuation.map((_, at) => {
          const logits = placeOf(found?.logits[0], tokens.length, ids.length + at - 1);
          return logits.reduce((best, logit, id) => logit > logits[best]! ? id : best, 0);
        });
        assert.deepEqual(tokenizer.decode(likeliest), tokenizer.decode(continuation), prompt);
      }
    }),
});

const pipelineText = (model: string) => `
import { adamw, baseModel, block, evaluate, exactMatch, greedy, loreft, pipeline, records, train } from "refract";
const colours = ["red", "blue", "green", "white", "black", "brown", "pink", "grey"];
const rows = records(colours.map((a, i) => ({ q: "Colour " + i + " is", a })), { prompt: "{q}", completion: " {a}" });
export default pipeline("gemma", () => {
  const edited = baseModel(${JSON.stringify(model)}).with(loreft({ at: block(8).output, positions: "l1", rank: 4 }));
  const tuned = train(edited, { data: rows, epochs: 3, batchSize: 4, optimizer: adamw({ learningRate: 1e-2 }) });
  return { tuned: evaluate(tuned, { data: rows.take(2), metrics: [exactMatch()], decoding: greedy({ maxNewTokens: 3 }) }) };
});
`;

Deno.test({
  name: "Gemma 3 is trained and answers from its GGUF file",
  ignore: file === undefined,
  fn: () =>
    inFolder(async (folder) => {
      const pipeline = join(folder, "pipeline.ts");
      await Deno.writeTextFile(pipeline, pipelineText(file!));
      const places = ["--store", join(folder, "store"), "--out", join(folder, "out"), "--threads", "2"];
      const { code, stdout, stderr } = await inProcess("run", pipeline, ...places, "--json");
      assert.equal(code, 0, stderr);
      const results = JSON.parse(stdout), losses = lossesOf(results)[0]!;
      assert.ok(losses.at(-1)! < losses[0]!, `the losses are ${losses}`);
      const { predictions } = evaluationOf(results.members[0]);
      const lines = (await Deno.readTextFile(join(folder, "out", predictions))).trimEnd().split("\n");
      assert.ok(lines.length === 2 && lines.every((line) => typeof JSON.parse(line).prediction === "string"));
    }),
});
