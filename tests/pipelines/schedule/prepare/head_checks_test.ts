/** Heads compared with transformers and torch: their predictions, their training and their use in runs. @module */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import {
  accuracy,
  adamw,
  baseModel,
  bitfit,
  classification,
  evaluate,
  fullFinetuning,
  loss,
  pearson,
  pipeline,
  records,
  regression,
  train,
} from "refract";
import type { MemberRecord } from "../../../../pipelines/results/results.ts";
import { lossesOf, runIn } from "../../../support/trajectory.ts";
import { inFolder } from "../../models/support.ts";
import { assertClose, evaluationOf } from "../support.ts";

interface Expected {
  readonly rows: readonly { readonly text: string; readonly pair: string; readonly label: string | number }[];
  readonly training: Readonly<Record<"batchSize" | "epochs" | "learningRate" | "weightDecay", number>>;
  readonly losses: readonly number[];
  readonly before: readonly (readonly number[])[];
  readonly after: readonly (readonly number[])[];
}

const folderOf = (name: string) => fileURLToPath(new URL(`../../../goldens/classification/${name}`, import.meta.url));
const labels = ["no", "maybe", "yes"];

/** Texts whose first word determines the label. */
const spoken = Array.from({ length: 18 }, (_, row) => ({
  text: `w${5 + row % 3} w${10 + (7 * row) % 20} w${12 + (5 * row) % 13}`,
  label: labels[row % 3]!,
}));

/** Evaluates a model unchanged and with new biases, trained like in the golden's script. */
async function trained(
  name: string,
  head: ReturnType<typeof classification | typeof regression>,
  projection = "intermediate.dense",
) {
  const expected: Expected = JSON.parse(await Deno.readTextFile(join(folderOf(name), "expected.json")));
  const data = records(expected.rows, { text: "{text}", pair: "{pair}", label: "{label}" });
  const { learningRate, weightDecay, ...rest } = expected.training;
  const model = baseModel(folderOf(name)).with(bitfit({ blocks: 1, modules: [projection] }), head);
  const settings = { data, shuffle: false, ...rest, optimizer: adamw({ learningRate, weightDecay }) };
  const metrics = head.kind === "classification" ? [accuracy(), loss()] : [pearson(), loss()];
  const declared = pipeline(name, () => ({
    before: evaluate(model, { data, metrics, batchSize: 3 }),
    after: evaluate(train(model, settings), { data, metrics, batchSize: 3 }),
  }));
  let found: { member: MemberRecord; before: Answer[]; after: Answer[] } | undefined;
  await inFolder(async (scratch) => {
    const [member] = await runIn(scratch, scratch, declared);
    const answers = async (stage: string) => {
      const text = await Deno.readTextFile(join(scratch, "out", "members", "main", stage, "predictions.jsonl"));
      return text.trimEnd().split("\n").map((line) => JSON.parse(line) as Answer);
    };
    found = { member: member!, before: await answers("before"), after: await answers("after") };
  });
  return { expected, ...found! };
}

interface Answer {
  readonly pair?: string;
  readonly completion: string;
  readonly prediction: string;
  readonly probabilities: Readonly<Record<string, number>>;
}

/** The softmax of logits, `labels.length` per row. */
function probabilities(logits: readonly (readonly number[])[]): number[] {
  const flat = logits.flat(), rows = flat.length / labels.length;
  return Array.from({ length: rows }, (_, row) => {
    const exponentials = flat.slice(row * labels.length, (row + 1) * labels.length).map(Math.exp);
    const total = exponentials.reduce((sum, each) => sum + each, 0);
    return exponentials.map((each) => each / total);
  }).flat();
}

for (const [name, projection] of [["llama-classes", "down_proj"], ["bert-classes"]] as const) {
  Deno.test(`${name}: a checkpoint's head classifies texts and pairs and is trained as in transformers`, async () => {
    const { expected, member, before, after } = await trained(name, classification({ labels }), projection);
    const told = (answers: readonly Answer[]) => answers.flatMap(({ probabilities }) => Object.values(probabilities));
    assertClose(told(before), probabilities(expected.before), 2e-5);
    assertClose(lossesOf(member), expected.losses, 2e-5);
    assertClose(told(after), probabilities(expected.after), 1e-4);
    assert.deepEqual(before.map(({ completion }) => completion), expected.rows.map(({ label }) => label));
    const right = after.filter(({ prediction, completion }) => prediction === completion).length;
    assert.equal(evaluationOf(member).metrics["accuracy"], right / after.length);
  });
}

for (const [name, projection] of [["llama-number", "down_proj"], ["roberta-number"]] as const) {
  Deno.test(`${name}: a checkpoint's head predicts numbers and is trained as in transformers`, async () => {
    const { expected, member, before, after } = await trained(name, regression(), projection);
    const told = (answers: readonly Answer[]) => answers.map(({ prediction }) => Number(prediction));
    assertClose(told(before), expected.before.flat(), 2e-5);
    assertClose(lossesOf(member), expected.losses, 2e-5);
    assertClose(told(after), expected.after.flat(), 1e-4);
  });
}

for (const name of ["llama-classes", "bert-classes"]) {
  Deno.test(`${name}: weight decay of weights alone excludes the biases and norms that transformers excludes`, async () => {
    const [{ rows }, golden]: [Expected, Pick<Expected, "training" | "losses">] = [
      JSON.parse(await Deno.readTextFile(join(folderOf(name), "expected.json"))),
      JSON.parse(await Deno.readTextFile(join(folderOf(name), "decay.json"))),
    ];
    const { learningRate, weightDecay, ...rest } = golden.training;
    const data = records(rows, { text: "{text}", pair: "{pair}", label: "{label}" });
    const optimizer = adamw({ learningRate, weightDecay, decay: "weights" });
    const model = baseModel(folderOf(name)).with(fullFinetuning(), classification({ labels }));
    await inFolder(async (scratch) => {
      const declared = pipeline(name, () => ({ tuned: train(model, { data, shuffle: false, ...rest, optimizer }) }));
      const [member] = await runIn(scratch, scratch, declared);
      assertClose(lossesOf(member!), golden.losses, 1e-3);
    });
  });
}

Deno.test("whole models are trained with a head, and reopen unchanged", async () => {
  await inFolder(async (scratch) => {
    const data = records(spoken, { text: "{text}", label: "{label}" }), metrics = [accuracy(), loss()];
    const model = baseModel(folderOf("llama-classes")).with(fullFinetuning(), classification({ labels, fresh: true }));
    const [member] = await runIn(
      scratch,
      scratch,
      pipeline("full", () => ({
        tuned: evaluate(train(model, { data, epochs: 12, batchSize: 3, optimizer: adamw({ learningRate: 1e-2 }) }), {
          data,
          metrics,
        }),
      })),
    );
    const { metrics: { accuracy: share, loss: left } } = evaluationOf(member!);
    assert.ok(share! >= 0.99, `an accuracy of ${share}`);
    const folder = join(scratch, "out", "members", "main", "model");
    const config = JSON.parse(await Deno.readTextFile(join(folder, "config.json")));
    assert.deepEqual(config.architectures, ["LlamaForSequenceClassification"]);
    assert.deepEqual(config.id2label, { 0: "no", 1: "maybe", 2: "yes" });
    const reopened = baseModel(folder).with(classification({ labels }));
    const again = join(scratch, "again");
    const [found] = await runIn(
      again,
      scratch,
      pipeline("again", () => ({
        again: evaluate(reopened, { data, metrics }),
      })),
    );
    assertClose([evaluationOf(found!).metrics["loss"]!], [left!], 1e-6);
  });
});

Deno.test("a checkpoint that classifies can't generate", async () => {
  const data = records([{ q: "w5" }], { prompt: "{q}", completion: "{q}" });
  const written = pipeline("written", () => ({
    written: evaluate(baseModel(folderOf("llama-classes")), { data, metrics: [loss()] }),
  }));
  const problem = /the llama checkpoint has a head that scores classes, but one that predicts tokens is needed; use/;
  await inFolder((scratch) => assert.rejects(runIn(scratch, scratch, written), problem));
});
