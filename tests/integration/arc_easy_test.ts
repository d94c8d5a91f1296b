/**
 * The main job on a real model: LoReFT on ARC-Easy with SmolLM2-135M-Instruct, through the command line.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { EvaluateRecord, Results, TrainRecord } from "../../pipelines/results/results.ts";
import { ownProcess } from "../support/command.ts";
import { sharedFolder, smollm2Folder } from "../support/shared.ts";

const pipelineText = (model: string, data: string) => `
import {
  accuracy, adamw, baseModel, block, choices, evaluate, exactMatch, greedy, jsonl, linearSchedule, loreft, pipeline, train,
} from "refract";

const rows = jsonl(${JSON.stringify(data)}, { prompt: "{instruction}\\n", completion: "{output}" });
const { train: seen, test: unseen } = rows.take(384).split({ test: 128, seed: 7 });
const answers = [1, 2, 3, 4].map((number) => "the correct answer is answer" + number);

export default pipeline("arc-easy", () => {
  const base = baseModel(${JSON.stringify(model)});
  const tuned = train(base.with(loreft({ at: block(15).output, positions: "l1", rank: 4 })), {
    data: seen,
    epochs: 3,
    batchSize: 8,
    seed: 42,
    optimizer: adamw({ learningRate: 9e-4, schedule: linearSchedule({ warmup: 0.1 }) }),
  });
  const greedily = { data: unseen, decoding: greedy({ maxNewTokens: 8 }), metrics: [exactMatch()] };
  const byChoice = { data: unseen, decoding: choices(answers), metrics: [accuracy()] };
  return {
    base: evaluate(base, greedily),
    tuned: evaluate(tuned, greedily),
    baseChoice: evaluate(base, byChoice),
    tunedChoice: evaluate(tuned, byChoice),
  };
});
`;

const shared = sharedFolder();

Deno.test({
  name: "LoReFT on ARC-Easy learns on SmolLM2, and a second run reuses the store within 3 s",
  ignore: shared === undefined,
  async fn() {
    const model = await smollm2Folder(shared as string);
    const folder = await Deno.makeTempDir();
    try {
      const file = join(folder, "arc_easy.ts");
      await Deno.writeTextFile(file, pipelineText(model, join(shared as string, "data", "arc_easy.train.jsonl")));
      const options = ["run", file, "--json", "--store", join(folder, "store"), "--out", join(folder, "run")];
      const first = await ownProcess(options);
      assert.equal(first.code, 0, first.stderr);
      const results = JSON.parse(first.stdout) as Results;
      const stages = results.members[0]!.stages;
      const training = stages.find((stage) => stage.kind === "train") as TrainRecord;
      const metric = (name: string) => {
        const stage = stages.find((stage) => stage.kind === "evaluate" && stage.name === name) as EvaluateRecord;
        return Object.values(stage.metrics)[0]!;
      };
      const mean = (losses: readonly number[]) => losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
      const start = mean(training.losses.slice(0, 8)), end = mean(training.losses.slice(-8));
      console.log(
        `  loss ${start.toFixed(3)} → ${end.toFixed(3)}; exact match ${metric("base")} → ${metric("tuned")}; ` +
          `choice accuracy ${metric("baseChoice")} → ${metric("tunedChoice")}; encode ${
            results.encode[0]!.seconds
          } s, ` +
          `train ${training.seconds} s`,
      );
      assert.equal(training.losses.length, 96);
      assert.ok(end < start / 2, "the loss falls");
      assert.ok(metric("tuned") >= metric("base") + 0.15, "the tuned model beats the base");

      const seconds: number[] = [];
      for (let run = 0; run < 3; run++) {
        const begun = performance.now();
        const again = await ownProcess(options);
        seconds.push((performance.now() - begun) / 1000);
        assert.equal(again.code, 0, again.stderr);
        const repeated = JSON.parse(again.stdout) as Results;
        assert.ok(repeated.members[0]!.stages.every(({ cached }) => cached));
      }
      const best = Math.min(...seconds);
      console.log(`  further runs ${seconds.map((each) => each.toFixed(2)).join(", ")} s`);
      assert.ok(best < 3, `the best of three further runs took ${best} s`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
