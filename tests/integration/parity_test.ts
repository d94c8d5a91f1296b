/**
 * Trainings against pyreft's, step by step: from the same initial values, over the same rows in the same order, every
 * loss agrees within 1e-3. What pyreft found is in goldens/pyreft, so that neither torch nor pyreft need be here.
 *
 * With weight decay pyreft's rotation collapses to zero: torch's orthogonal parametrization takes the decayed ±1 of its
 * diagonal by truncation. Refract follows it there, too.
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
import { RunFolder } from "../../pipelines/report/run_folder.ts";
import { expand } from "../../pipelines/schedule/expand.ts";
import { runMembers } from "../../pipelines/schedule/run.ts";
import { Workshop } from "../../pipelines/schedule/workshop.ts";
import type { EditSpec, Pipeline } from "../../pipelines/spec.ts";
import { inFolder } from "../pipelines/models/support.ts";
import { sharedFolder } from "../support/shared.ts";

/** What make_pyreft.py writes of an edit. */
interface Golden {
  readonly kind: keyof typeof edits;
  readonly initial: string;
  readonly blocks: readonly number[] | "all";
  readonly positions: string;
  readonly rank: number;
  readonly tied: boolean;
  /** Losses by epoch and step. */
  readonly trainings: readonly { readonly weightDecay: number; readonly losses: readonly (readonly number[])[] }[];
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

const tolerance = 1e-3;
const folder = fileURLToPath(new URL("../goldens/pyreft/", import.meta.url));
const goldens: readonly Golden[] = JSON.parse(await Deno.readTextFile(join(folder, "losses.json")));

function editOf({ kind, initial, blocks, positions, rank, tied }: Golden): EditSpec {
  const options = { at: block(blocks).output, positions, rank, tied, initial: join(folder, initial) };
  return edits[kind](options);
}

/** One member a weight decay. */
function pipelineOf(golden: Golden, shared: string): Pipeline {
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
      optimizer: adamw({
        learningRate: 5e-3,
        weightDecay: sweep("weightDecay", golden.trainings.map(({ weightDecay }) => weightDecay)),
        schedule: linearSchedule({ warmup: 0.1 }),
      }),
    }),
  }));
}

/** The losses of each member. */
async function lossesOf(declared: Pipeline, scratch: string): Promise<(readonly number[])[]> {
  const progress = { begin: () => () => {}, warn: console.log };
  await using workshop = new Workshop({
    base: folder,
    store: join(scratch, "store"),
    provider: "cpu",
    threads: 2,
    progress,
  });
  const out = new RunFolder(join(scratch, "out"));
  const { results } = await runMembers(workshop, declared.name, expand(declared), out);
  return results.members.map(({ stages }) => stages.flatMap((stage) => (stage.kind === "train" ? stage.losses : [])));
}

async function compare(golden: Golden, shared: string): Promise<void> {
  await inFolder(async (scratch) => {
    const members = await lossesOf(pipelineOf(golden, shared), scratch);
    golden.trainings.forEach(({ weightDecay, losses }, member) => {
      const found = members[member] ?? [], expected = losses.flat();
      assert.equal(found.length, expected.length);
      const differences = expected.map((loss, step) => Math.abs((found[step] as number) - loss) / loss);
      const worst = Math.max(...differences);
      const step = differences.indexOf(worst);
      console.log(`weight decay ${weightDecay}: largest relative difference ${worst.toExponential(1)}`);
      assert.ok(worst <= tolerance, `The loss of step ${step + 1} is ${found[step]} and not ${expected[step]}`);
    });
  });
}

const shared = sharedFolder();

for (const golden of goldens) {
  const { kind, positions, rank, tied, blocks } = golden;
  const place = `${positions}${tied ? " tied" : ""} of ${blocks === "all" ? "all blocks" : `block ${blocks.join()}`}`;
  Deno.test({
    name: `${kind} at ${place}, rank ${rank}, walks pyreft's trajectory`,
    ignore: shared === undefined,
    fn: () => compare(golden, shared as string),
  });
}
