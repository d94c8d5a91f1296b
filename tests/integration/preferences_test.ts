/**
 * Trainings on preferences compared with trl step by step: from the same initial values, over the same rows in the same
 * order, every loss, reward, margin and accuracy agrees within 1e-4. trl's results are in goldens/preferences, so that
 * neither it nor torch need be installed.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  adamw,
  baseModel,
  block,
  bradleyTerry,
  dpo,
  ipo,
  jsonl,
  linearSchedule,
  loreft,
  type Model,
  pipeline,
  reps,
  reward,
  simpo,
  train,
} from "refract";
import { ofKind } from "../../pipelines/common/of_kind.ts";
import type { ModelSpec, ObjectiveSpec, Sweepable } from "../../pipelines/spec/mod.ts";
import { inFolder } from "../pipelines/models/support.ts";
import { sharedFolder, smollm2Folder } from "../support/shared.ts";
import { runIn } from "../support/trajectory.ts";

/** One number per step of each, as written by make_preferences.py. */
type Steps = Readonly<Record<"loss" | "chosen" | "rejected" | "margins" | "accuracies", readonly number[]>>;

/** The objectives by their names there. */
const objectives = {
  "dpo": dpo({ beta: 0.1 }),
  "dpo-smoothed": dpo({ beta: 0.5, labelSmoothing: 0.1 }),
  "ipo": ipo({ beta: 0.1 }),
  "simpo": simpo({ beta: 2, gamma: 0.5 }),
  "reps": reps(),
} satisfies Readonly<Record<string, ObjectiveSpec>>;

interface Goldens {
  readonly batchSize: number;
  readonly learningRate: number;
  readonly models: Readonly<
    Record<"stories260k" | "smollm2", {
      readonly block: number;
      readonly epochs: number;
      readonly rank: number;
      readonly objectives: Readonly<Record<keyof typeof objectives, Steps>>;
    }>
  >;
}

const folder = fileURLToPath(new URL("../goldens/preferences/", import.meta.url));
const goldens: Goldens = JSON.parse(await Deno.readTextFile(join(folder, "losses.json")));

const shared = sharedFolder();

/** The folder of each model, created if necessary. */
const folders = {
  stories260k: (shared: string) => Promise.resolve(join(shared, "models", "stories260k")),
  smollm2: smollm2Folder,
};

const tolerance = 1e-4;

/** A training of a model on the rows, and trl's results for it. */
interface Compared {
  readonly model: Sweepable<ModelSpec>;
  readonly objective: ObjectiveSpec;
  readonly epochs: number;
  readonly expected: Steps;
}

async function compare({ model, objective, epochs, expected }: Compared): Promise<void> {
  const { batchSize, learningRate } = goldens, data = jsonl(join(folder, "rows.jsonl"));
  const settings = { data, epochs, batchSize, shuffle: false, objective };
  await inFolder(async (scratch) => {
    const optimizer = adamw({ learningRate, schedule: linearSchedule() });
    const declared = pipeline("preferences", () => ({ tuned: train(model, { ...settings, optimizer }) }));
    const [member] = await runIn(scratch, folder, declared);
    const [{ losses, rewards } = assert.fail()] = ofKind(member!.stages, "train");
    const found: Steps = { loss: losses, ...rewards! };
    const worst = Object.entries(expected).map(([of, steps]) => {
      const values = found[of as keyof Steps];
      assert.equal(values.length, steps.length);
      // Rewards are sums over tokens, so that the errors of large ones are proportional.
      const differences = steps.map((number, step) => Math.abs(values[step]! - number) / Math.max(1, Math.abs(number)));
      return [of, Math.max(...differences)] as const;
    });
    console.log(worst.map(([of, difference]) => `${of} ${difference.toExponential(1)}`).join(", "));
    for (const [of, difference] of worst) assert.ok(difference <= tolerance, `${of} differs by ${difference}`);
  });
}

/** The model with the initial edit of its trainings. */
async function editedModel(name: keyof typeof folders): Promise<Model> {
  const { block: at, rank } = goldens.models[name], initial = join(folder, `${name}.safetensors`);
  const edit = loreft({ at: block(at).output, positions: "l1", rank, initial });
  return baseModel(await folders[name](shared as string)).with(edit);
}

for (const model of ["stories260k", "smollm2"] as const) {
  for (const name of Object.keys(objectives) as (keyof typeof objectives)[]) {
    Deno.test({
      name: `${name} on ${model} has trl's losses and rewards`,
      ignore: shared === undefined,
      fn: async () => {
        const { epochs, objectives: { [name]: expected } } = goldens.models[model];
        await compare({ model: await editedModel(model), objective: objectives[name], epochs, expected });
      },
    });
  }
}

Deno.test({
  name: "a reward model over an edit has trl's losses and rewards",
  ignore: shared === undefined,
  fn: async () => {
    const golden = JSON.parse(await Deno.readTextFile(join(folder, "reward.json")));
    const { centering, epochs, steps: expected }: { centering: number; epochs: number; steps: Steps } = golden;
    const head = reward({ initial: join(folder, "reward.safetensors") });
    const model = (await editedModel("stories260k")).with(head);
    await compare({ model, objective: bradleyTerry({ centering }), epochs, expected });
  },
});
