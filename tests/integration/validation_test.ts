/**
 * Trainings with clipping, warm-up, validation after each epoch and selection of the best epoch, compared with pyreft's
 * own ReftTrainer with `load_best_model_at_end`: from the same initial values every step's loss and norm, every
 * validation and the selected epoch. pyreft's results are in goldens/validation, so that neither torch nor pyreft need
 * be installed.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { adamw, baseModel, block, jsonl, linearSchedule, loreft, loss, pipeline, train } from "refract";
import { ofKind } from "../../pipelines/common/of_kind.ts";
import { readHeader, readTensor } from "../../pipelines/models/weights/safetensors.ts";
import { inFolder } from "../pipelines/models/support.ts";
import { sharedFolder, smollm2Folder } from "../support/shared.ts";
import { assertTrajectory, runIn } from "../support/trajectory.ts";

/** The results of make_validation.py for a training. */
interface Golden {
  readonly model: "stories260k" | "smollm2";
  readonly initial: string;
  readonly blocks: readonly number[];
  readonly positions: string;
  readonly rank: number;
  readonly epochs: number;
  readonly learningRate: number;
  readonly warmup: number;
  readonly maxGradNorm: number;
  readonly batchSize: number;
  readonly trainRows: number;
  readonly validationRows: number;
  readonly losses: readonly number[];
  readonly gradientNorms: readonly number[];
  readonly validation: readonly { readonly step: number; readonly loss: number }[];
  /** The bias of the first intervention that is loaded at the end. */
  readonly bias: readonly number[];
  readonly bestStep: number;
}

const folder = fileURLToPath(new URL("../goldens/validation/", import.meta.url));
const goldens: readonly Golden[] = JSON.parse(await Deno.readTextFile(join(folder, "trainings.json")));

async function compare(golden: Golden, shared: string): Promise<void> {
  const { model, blocks, positions, rank, initial, learningRate, warmup, trainRows, validationRows } = golden;
  const { epochs, batchSize, maxGradNorm } = golden;
  const source = model === "smollm2" ? await smollm2Folder(shared) : join(shared, "models", model);
  const rows = jsonl(join(shared, "data", "multiarith.test.jsonl"), {
    prompt: "{instruction}\n",
    completion: "{answer}",
  });
  const edit = loreft({ at: block(blocks).output, positions, rank, initial: join(folder, initial) });
  await inFolder(async (scratch) => {
    const [member] = await runIn(
      scratch,
      folder,
      pipeline("validation", () => ({
        tuned: train(baseModel(source).with(edit), {
          data: rows.take(trainRows),
          epochs,
          batchSize,
          shuffle: false,
          maxGradNorm,
          optimizer: adamw({ learningRate, schedule: linearSchedule({ warmup }) }),
          validate: { data: rows.slice(trainRows, trainRows + validationRows), metrics: [loss()] },
          keep: "best",
        }),
      })),
    );
    const [trained] = ofKind(member!.stages, "train"), { losses, gradientNorms = [], validation = [], best } = trained!;
    const worst = assertTrajectory(losses, golden.losses);
    const worstNorm = assertTrajectory(gradientNorms, golden.gradientNorms);
    const worstValidation = assertTrajectory(
      validation.map(({ metrics }) => metrics["loss"]!),
      golden.validation.map((each) => each.loss),
    );
    assert.deepEqual(validation.map(({ step }) => step), golden.validation.map(({ step }) => step));
    assert.deepEqual(best, { step: golden.bestStep, metric: "loss" });
    const last = lastStep(golden);
    const path = join(scratch, "out/members/main/intervention/weights.safetensors");
    const bias = [...(await readTensor((await readHeader(path)).tensors.get("0.bias")!))];
    const apart = Math.max(...golden.bias.map((each, at) => Math.abs(each - Number(bias[at]))));
    assert.ok(apart <= 1e-3 * Math.max(...golden.bias.map(Math.abs)), `the bias that is kept is ${apart} apart`);
    console.log(
      `largest relative differences: losses ${worst.toExponential(1)}, norms ${worstNorm.toExponential(1)}, ` +
        `validation ${worstValidation.toExponential(1)}; the best is step ${best!.step} of ${last}`,
    );
  });
}

const lastStep = ({ validation }: Golden) => validation.at(-1)!.step;

Deno.test("the best epoch is not the last of every training, so that the selection matters", () => {
  assert.ok(goldens.some((golden) => golden.bestStep < lastStep(golden)));
});

const shared = sharedFolder();

for (const golden of goldens) {
  Deno.test({
    name: `a validated training of ${golden.model} follows ReftTrainer's losses and keeps its best epoch`,
    ignore: shared === undefined,
    fn: () => compare(golden, shared as string),
  });
}
