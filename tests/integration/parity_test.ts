/**
 * Trainings compared with pyreft step by step: from the same initial values, over the same rows in the same order,
 * every loss agrees within 1e-3. pyreft's results are in goldens/pyreft, so that neither torch nor pyreft need be
 * installed.
 *
 * With weight decay pyreft's rotation collapses to zero, because torch's orthogonal parametrization truncates the
 * decayed ±1 of its diagonal. Refract reproduces this.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  adamw,
  baseModel,
  block,
  consreft,
  direft,
  type EditOptions,
  jsonl,
  linearSchedule,
  lobireft,
  loreft,
  noreft,
  pipeline,
  sweep,
  train,
} from "refract";
import type { EditSpec, Pipeline } from "../../pipelines/spec/mod.ts";
import { inFolder } from "../pipelines/models/support.ts";
import { sharedFolder } from "../support/shared.ts";
import { assertTrajectory, lossesOf, runIn } from "../support/trajectory.ts";

/** The results of make_pyreft.py for an edit. */
interface Golden {
  readonly kind: keyof typeof edits;
  readonly initial: string;
  readonly blocks: readonly number[] | "all";
  readonly positions: string;
  readonly rank: number;
  readonly tied: boolean;
  /** Losses by epoch and step. */
  readonly trainings: readonly { readonly weightDecay: number; readonly losses: readonly (readonly number[])[] }[];
  /** A training without weight decay whose gradients are clipped, with the norms before clipping. */
  readonly clipped: {
    readonly maxGradNorm: number;
    readonly losses: readonly (readonly number[])[];
    readonly gradientNorms: readonly (readonly number[])[];
  };
}

/** The edits by pyreft's names. */
const edits = {
  loreft,
  noreft,
  consreft,
  lobireft,
  // What pyreft calls DiReFT keeps its projection orthonormal; the paper's DiReFT is pyreft's NodireftIntervention.
  direft: (options: EditOptions) => direft({ ...options, orthogonal: true }),
  nodireft: direft,
};

const folder = fileURLToPath(new URL("../goldens/pyreft/", import.meta.url));
const goldens: readonly Golden[] = JSON.parse(await Deno.readTextFile(join(folder, "losses.json")));

function editOf({ kind, initial, blocks, positions, rank, tied }: Golden): EditSpec {
  const options = { at: block(blocks).output, positions, rank, tied, initial: join(folder, initial) };
  return edits[kind](options);
}

/** One member per weight decay. */
function pipelineOf(
  golden: Golden,
  shared: string,
  weightDecays: readonly number[],
  clipping: { readonly maxGradNorm?: number } = {},
): Pipeline {
  const model = baseModel(join(shared, "models", "stories260k"));
  const data = jsonl(join(shared, "data", "multiarith.test.jsonl"), {
    prompt: "{instruction}\n",
    completion: "{answer}",
  });
  return pipeline("parity", () => ({
    tuned: train(model.with(editOf(golden)), {
      data: data.take(24),
      epochs: 4,
      batchSize: 4,
      shuffle: false,
      ...clipping,
      optimizer: adamw({
        learningRate: 5e-3,
        weightDecay: sweep("weightDecay", weightDecays),
        schedule: linearSchedule({ warmup: 0.1 }),
      }),
    }),
  }));
}

async function compare(golden: Golden, shared: string): Promise<void> {
  await inFolder(async (scratch) => {
    const members = await runIn(
      scratch,
      folder,
      pipelineOf(golden, shared, golden.trainings.map(({ weightDecay }) => weightDecay)),
    );
    golden.trainings.forEach(({ weightDecay, losses }, at) => {
      const worst = assertTrajectory(lossesOf(members[at]!), losses.flat());
      console.log(`weight decay ${weightDecay}: largest relative difference ${worst.toExponential(1)}`);
    });
  });
  await inFolder(async (scratch) => {
    const { maxGradNorm, losses, gradientNorms } = golden.clipped;
    const [member] = await runIn(scratch, folder, pipelineOf(golden, shared, [0], { maxGradNorm }));
    const worst = assertTrajectory(lossesOf(member!), losses.flat());
    const norms = member!.stages.flatMap((stage) => stage.kind === "train" ? stage.gradientNorms ?? [] : []);
    const worstNorm = assertTrajectory(norms, gradientNorms.flat());
    console.log(
      `clipped: largest relative difference ${worst.toExponential(1)}, of norms ${worstNorm.toExponential(1)}`,
    );
  });
}

const shared = sharedFolder();

for (const golden of goldens) {
  const { kind, positions, rank, tied, blocks } = golden;
  const place = `${positions}${tied ? " tied" : ""} of ${blocks === "all" ? "all blocks" : `block ${blocks.join()}`}`;
  Deno.test({
    name: `${kind} at ${place}, rank ${rank}, follows pyreft's losses`,
    ignore: shared === undefined,
    fn: () => compare(golden, shared as string),
  });
}
