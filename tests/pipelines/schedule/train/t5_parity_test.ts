/**
 * A training of edits in both stacks of T5, compared with torch step by step, and the answers afterwards. Torch's
 * results are in goldens/t5, so torch itself is not needed.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  adamw,
  baseModel,
  decoder,
  encoder,
  evaluate,
  exactMatch,
  greedy,
  linearSchedule,
  loreft,
  pipeline,
  records,
  train,
} from "refract";
import { openModel } from "../../../../pipelines/models/open/model.ts";
import { lossesOf, runIn } from "../../../support/trajectory.ts";
import { inFolder } from "../../models/support.ts";
import { assertClose, evaluationOf, predictionsOf } from "../support.ts";

/** The output of make_t5.py. */
interface Golden {
  readonly losses: readonly number[];
  readonly rows: readonly {
    readonly prompt: string;
    readonly completion: string;
    readonly ids: readonly number[];
    readonly labels: readonly number[];
    readonly written: string;
  }[];
}

const folder = fileURLToPath(new URL("../../../goldens/t5/", import.meta.url));
const model = fileURLToPath(new URL("../../../goldens/families/t5-gated/", import.meta.url));

Deno.test("edits of T5's encoder and decoder follow torch's training and then generate its answers", () =>
  inFolder(async (scratch) => {
    const { losses, rows }: Golden = JSON.parse(await Deno.readTextFile(join(folder, "training.json")));
    for (const name of ["config.json", "model.safetensors"]) {
      await Deno.copyFile(join(model, name), join(scratch, name));
    }
    for (const name of ["tokenizer.json", "tokenizer_config.json"]) {
      await Deno.copyFile(join(folder, name), join(scratch, name));
    }
    const { tokenizer } = await openModel(scratch, { base: scratch });
    for (const { prompt, completion, ids, labels } of rows) {
      assert.deepEqual(tokenizer.encodePrompt(prompt), ids);
      assert.deepEqual([...tokenizer.encode(completion), tokenizer.eosTokenId], labels);
    }

    const startOf = (stack: string) => ({ rank: 3, initial: join(folder, `${stack}.safetensors`) });
    const declared = pipeline("parity", () => {
      const data = records(rows.map(({ prompt, completion }) => ({ prompt, completion })), {
        prompt: "{prompt}",
        completion: "{completion}",
      });
      const edited = baseModel(scratch).with(
        loreft({ at: encoder.block(0).output, positions: "f1+l2", ...startOf("encoder") }),
        loreft({ at: decoder.block(1).output, positions: "all", ...startOf("decoder") }),
      );
      const optimizer = adamw({ learningRate: 2e-2, schedule: linearSchedule({ warmup: 0.25 }) });
      const tuned = train(edited, { data, epochs: 6, batchSize: 4, shuffle: false, optimizer });
      return { tuned: evaluate(tuned, { data, metrics: [exactMatch()], decoding: greedy({ maxNewTokens: 6 }) }) };
    });
    const [member] = await runIn(scratch, scratch, declared);
    assertClose(lossesOf(member!), losses, 2e-6);
    const answers = await Deno.readTextFile(join(scratch, "out", evaluationOf(member!).predictions));
    assert.deepEqual(predictionsOf(answers), rows.map(({ written }) => written));
  }));
