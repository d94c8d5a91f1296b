/**
 * A training with a Llama tokenizer compared with pyreft, prompt and completion encoded as one string: the ids, the
 * first 24 losses, and the greedy completions afterwards. REFRACT_PEER_PYTHON names a Python that has
 * ../shared/peer/requirements.txt.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  accuracy,
  adamw,
  baseModel,
  block,
  choices,
  evaluate,
  exactMatch,
  greedy,
  jsonl,
  linearSchedule,
  loreft,
  pipeline,
  train,
} from "refract";
import { tokenize } from "../../pipelines/data/examples.ts";
import { loadRows } from "../../pipelines/data/rows.ts";
import { loadTokenizer } from "../../pipelines/models/tokenization/tokenizer.ts";
import { inFolder } from "../pipelines/models/support.ts";
import { predictionsOf } from "../pipelines/schedule/support.ts";
import { sharedFolder } from "../support/shared.ts";
import { assertTrajectory, lossesOf, runIn } from "../support/trajectory.ts";

const shared = sharedFolder(), python = Deno.env.get("REFRACT_PEER_PYTHON");
if (python === undefined) console.log("REFRACT_PEER_PYTHON is not set: pyreft is not compared with");

/** The output of together_peer.py. */
interface Peer {
  readonly ids: readonly (readonly [prompt: readonly number[], completion: readonly number[]])[];
  readonly losses: readonly number[];
  readonly texts: readonly string[];
  readonly picks: readonly string[];
}

/** Questions whose prompts end with and without whitespace, and options that begin with and without it. */
const questions = ["Tim saw a", "Mia has a big ", "The bird said:\n", "Once there was a  ", "Who is it?"].flatMap((
  prompt,
) => [
  { prompt, options: [" dog", " cat", " little girl"] },
  { prompt, options: ["dog", "cat", "apple", "big bird"] },
  { prompt, options: [" apple", "apple", "  apple", "\napple"] },
]);

async function askPeer(...args: readonly string[]): Promise<Peer> {
  const script = fileURLToPath(new URL("together_peer.py", import.meta.url));
  const { success, stdout, stderr } = await new Deno.Command(python!, { args: [script, ...args] }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1)!);
}

Deno.test({
  name: "rows of a Llama tokenizer have pyreft's ids, losses and texts when both encode them as one string",
  ignore: shared === undefined || python === undefined,
  fn: () =>
    inFolder(async (folder) => {
      const model = join(shared!, "models", "stories260k");
      const lines = (await Deno.readTextFile(join(shared!, "data", "arc_easy.train.jsonl"))).trim().split("\n");
      const rows = lines.slice(0, 64).map((line) => JSON.parse(line)).map(({ instruction, output }) => {
        return { prompt: `${instruction}\n`, completion: output };
      });
      await Deno.writeTextFile(join(folder, "rows.jsonl"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
      await Deno.writeTextFile(
        join(folder, "asked.jsonl"),
        questions.map((row) => `${JSON.stringify(row)}\n`).join(""),
      );
      const files = ["rows.jsonl", "initial.safetensors", "asked.jsonl"].map((name) => join(folder, name));
      const peer = await askPeer(model, ...files);

      const data = jsonl("./rows.jsonl", { prompt: "{prompt}", completion: "{completion}" });
      const tokenizer = await loadTokenizer(model);
      const found = tokenize(await loadRows(data, folder), tokenizer, { maxContext: 10_000 });
      assert.deepEqual(found.map(({ prompt, completion }) => [prompt, completion]), peer.ids);

      const initial = join(folder, "initial.safetensors");
      const edited = baseModel(model).with(loreft({ at: block(3).output, positions: "l1", rank: 4, initial }));
      const members = await runIn(
        folder,
        folder,
        pipeline("together", () => {
          const optimizer = adamw({ learningRate: 5e-3, schedule: linearSchedule({ warmup: 0.1 }) });
          const tuned = train(edited, { data, epochs: 3, batchSize: 8, shuffle: false, optimizer });
          const asked = jsonl("./asked.jsonl", { prompt: "{prompt}", completion: "{options.0}" });
          return {
            chosen: evaluate(baseModel(model), {
              data: asked,
              decoding: choices("options", { end: false }),
              metrics: [accuracy()],
            }),
            said: evaluate(tuned, {
              data,
              decoding: greedy({ maxNewTokens: 16 }),
              metrics: [exactMatch()],
              batchSize: 1,
            }),
          };
        }),
      );
      const worst = assertTrajectory(lossesOf(members[0]!), peer.losses);
      console.log(`first loss ${peer.losses[0]}, largest relative difference ${worst.toExponential(1)}`);
      const answers = members[0]!.stages.flatMap((stage) => stage.kind === "evaluate" ? [stage.predictions] : []);
      const [chosen, said] = await Promise.all(answers.map(async (path) => {
        return predictionsOf(await Deno.readTextFile(join(folder, "out", path)));
      }));
      assert.deepEqual(said!.map((text) => text.trim()), peer.texts.map((text) => text.trim()));
      assert.deepEqual(chosen, peer.picks);
    }),
});
