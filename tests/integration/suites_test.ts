/**
 * The paper's suites compared with pyreft's own data preparation and trainers: for the same rows, from the same initial
 * values, the same ids, labels and edited tokens, the losses of the first 20 steps within 1e-4, and the same answers.
 * pyreft's results are in goldens/tasks, so that neither torch nor pyreft need be installed.
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
  direft,
  evaluate,
  greedy,
  linearSchedule,
  loreft,
  pipeline,
  task,
  train,
} from "refract";
import { ofKind } from "../../pipelines/common/of_kind.ts";
import { isEdited } from "../../pipelines/compile/lower/edited_tokens.ts";
import { positionsOf, sidesOf } from "../../pipelines/compile/lower/positions.ts";
import { tokenize, type TokenizedExample } from "../../pipelines/data/examples.ts";
import { classOf, tokenizeLabelled } from "../../pipelines/data/labelled.ts";
import { loadRows } from "../../pipelines/data/rows.ts";
import { openModel } from "../../pipelines/models/open/model.ts";
import { inFolder } from "../pipelines/models/support.ts";
import { sharedFolder } from "../support/shared.ts";
import { assertTrajectory, lossesOf, runIn } from "../support/trajectory.ts";

/** A row prepared by pyreft. */
interface Prepared {
  /** Token ids as text, including the padding that nothing attends to. */
  readonly ids: string;
  /** The number of leading tokens without a label, or the class. */
  readonly labels?: number;
  /** The labelled tokens, where they differ from the input. */
  readonly taught?: string;
  /** Those of the first and the last intervention. */
  readonly positions: readonly (readonly number[])[];
}

/** The results of make_tasks.py for a training. */
interface Golden {
  readonly rows: string;
  readonly kind: "loreft" | "nodireft";
  readonly layers: readonly number[];
  readonly rank: number;
  readonly positions: string;
  readonly tied: boolean;
  readonly batchSize: number;
  readonly gradientAccumulation: number;
  readonly learningRate: number;
  readonly weightDecay?: number;
  readonly maxLength: number;
  /** The indices of the training rows. */
  readonly trained: readonly number[];
  readonly prepared: readonly Prepared[];
  readonly losses: readonly number[];
}

/** The same for a task with generated answers. */
interface WrittenGolden extends Golden {
  readonly task: "ARC-Easy" | "gsm8k" | "gsm8k_own" | "ultrafeedback" | "ultrafeedback_pair";
  readonly tested: readonly number[];
  readonly asked: readonly Prepared[];
  readonly newTokens: number;
  readonly answers: readonly string[];
}

const folder = fileURLToPath(new URL("../goldens/tasks/", import.meta.url)), shared = sharedFolder();
const golden: {
  readonly warmup: number;
  readonly generation: Readonly<Record<string, WrittenGolden>>;
  readonly glue: readonly (Golden & { readonly task: "rte"; readonly trainsHead: boolean })[];
} = JSON.parse(await Deno.readTextFile(join(folder, "trainings.json")));

/** A file with some rows of a data set. */
async function rowsAt(scratch: string, { rows }: Golden, numbers: readonly number[], name: string): Promise<string> {
  const lines = (await Deno.readTextFile(join(shared!, "tasks", "data", rows))).split("\n");
  const path = join(scratch, `${name}.jsonl`);
  const found = numbers.map((at) => JSON.parse(lines[at]!));
  // In pairs, the worse output is that of the row before.
  const paired = found.map((row, at) => {
    return { ...row, chosen_output: row.output, rejected_output: found.at(at - 1).output };
  });
  await Deno.writeTextFile(path, paired.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return path;
}

function editOf({ kind, layers, positions, rank, tied }: Golden, initial: string) {
  const options = { at: block(layers).output, positions, short: "pyreft", rank, tied, initial } as const;
  return kind === "loreft" ? loreft(options) : direft(options);
}

/** The settings of its training: those of examples/paper, in file order. */
function trainingOf({ batchSize, gradientAccumulation, learningRate, weightDecay = 0, maxLength, ...of }: Golden) {
  return {
    epochs: 20 * batchSize * gradientAccumulation / of.trained.length,
    batchSize,
    gradientAccumulation,
    lossReduction: "microbatches",
    shuffle: false,
    maxLength,
    truncate: "right",
    maxGradNorm: 1,
    optimizer: adamw({
      learningRate,
      weightDecay,
      decay: "weights",
      schedule: linearSchedule({ warmup: golden.warmup }),
    }),
  } as const;
}

/** The edited tokens of the first intervention and the last, without pyreft's fillers. */
function editedOf({ positions, tied }: Golden, example: TokenizedExample): readonly (readonly number[])[] {
  const declared = positionsOf(positions, undefined, "pyreft"), sides = sidesOf(declared, tied);
  return [sides.at(0)!, sides.at(-1)!].map((side) =>
    example.prompt.flatMap((_, index) => isEdited({ positions: declared, side }, example, index) ? [index] : [])
  );
}

const idsIn = (text: string) => text.split(" ").map(Number);

for (const [name, of] of Object.entries(golden.generation)) {
  Deno.test({
    name: `${name} is prepared, trained and answered as pyreft does`,
    ignore: shared === undefined,
    fn: () =>
      inFolder(async (scratch) => {
        const source = join(shared!, "models", "stories260k"), { maxLength } = of;
        const [seen, unseen] = [
          await rowsAt(scratch, of, of.trained, "seen"),
          await rowsAt(scratch, of, of.tested, "unseen"),
        ];
        const taught = task(of.task, { data: seen }), asked = task(of.task, { data: unseen });
        const { tokenizer } = await openModel(source, { base: scratch });
        const limits = { maxContext: 512, maxLength, truncate: "right" } as const;
        const examples = tokenize(await loadRows(taught.train, scratch), tokenizer, limits);
        for (const [at, { ids, labels, taught, positions }] of of.prepared.entries()) {
          // The first token is padding that nothing attends to.
          const example = examples[at]!, theirs = idsIn(ids).slice(1), { prompt, completion, reads } = example;
          assert.deepEqual([...prompt, ...reads?.tokens ?? completion], theirs);
          assert.deepEqual(completion, taught === undefined ? theirs.slice(labels! - 1) : idsIn(taught));
          assert.equal(prompt.length + 1, labels);
          assert.deepEqual(editedOf(of, example), positions.map((list) => list.map((place) => place - 1)));
        }
        const prompts = tokenize(await loadRows(asked.test, scratch), tokenizer, { ...limits, cutsPrompt: true });
        assert.deepEqual(prompts.map(({ prompt }) => prompt), of.asked.map(({ ids }) => idsIn(ids).slice(1)));

        const tuned = train(baseModel(source).with(editOf(of, join(folder, `${name}.safetensors`))), {
          ...trainingOf(of),
          data: taught.train,
        });
        const [member] = await runIn(
          scratch,
          folder,
          pipeline(name, () => ({
            answers: evaluate(tuned, {
              ...asked.evaluation,
              decoding: greedy({ maxNewTokens: of.newTokens }),
              batchSize: 1,
              maxLength,
              truncate: "right",
            }),
          })),
        );
        const losses = lossesOf(member!);
        const worst = assertTrajectory(losses, of.losses, 1e-4);
        const [evaluated] = ofKind(member!.stages, "evaluate");
        const written = (await Deno.readTextFile(join(scratch, "out", evaluated!.predictions))).trim().split("\n");
        assert.deepEqual(written.map((line) => JSON.parse(line).prediction), of.answers);
        console.log(`${name}: ${losses.length} steps, largest relative difference ${worst.toExponential(1)}`);
      }),
  });
}

for (const of of golden.glue) {
  Deno.test({
    name: `RTE is prepared and trained with a ${of.trainsHead ? "trained" : "frozen"} head as pyreft does`,
    ignore: shared === undefined,
    fn: () =>
      inFolder(async (scratch) => {
        const source = join(folder, "roberta");
        const rte = task(of.task, { data: await rowsAt(scratch, of, of.trained, "rte.train") });
        const { tokenizer } = await openModel(source, { base: scratch });
        const labels = ["entailment", "not_entailment"];
        const examples = tokenizeLabelled(
          await loadRows(rte.train, scratch),
          tokenizer,
          (label, place) => classOf(labels, label, place),
          { maxContext: 512, maxLength: of.maxLength, truncate: "right" },
        );
        for (const [at, { ids, labels, positions }] of of.prepared.entries()) {
          // The last token is padding that nothing attends to.
          const example = examples[at]!, theirs = idsIn(ids).slice(0, -1);
          assert.deepEqual(example.prompt, theirs);
          assert.deepEqual(example.completion, [labels]);
          assert.deepEqual(editedOf(of, example), positions);
        }
        const edited = baseModel(source).with(editOf(of, join(folder, "glue.safetensors")), {
          ...rte.head,
          frozen: !of.trainsHead,
        });
        const tuned = train(edited, { ...trainingOf(of), data: rte.train });
        const [member] = await runIn(scratch, folder, pipeline("glue", () => ({ tuned })));
        const losses = lossesOf(member!);
        console.log(`RTE: largest relative difference ${assertTrajectory(losses, of.losses, 1e-4).toExponential(1)}`);
      }),
  });
}
