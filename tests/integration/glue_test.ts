/**
 * GLUE's CoLA, RTE and STS-B on a real encoder, all-MiniLM-L6-v2, through the command line: LoReFT on every token at
 * every block, with a new head.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { EvaluateRecord, Results } from "../../pipelines/results/results.ts";
import { ownProcess } from "../support/command.ts";
import { minilmFolder, sharedFolder } from "../support/shared.ts";

/** A task; all but its name is TypeScript. */
interface Task {
  readonly name: string;
  readonly head: string;
  readonly seen: string;
  readonly unseen: string;
  readonly epochs: number;
  readonly learningRate: number;
  readonly metrics: string;
}

const pipelineText = (model: string, task: Task) => `
import * as refract from "refract";
const { accuracy, classification, f1, loreft, matthews, pearson, regression, spearman, tsv } = refract;

export default refract.pipeline(${JSON.stringify(task.name)}, () => {
  const edit = loreft({ at: refract.block("all").output, positions: "all", rank: 8 });
  const edited = refract.baseModel(${JSON.stringify(model)}).with(edit, ${task.head});
  const schedule = refract.linearSchedule({ warmup: 0.06 });
  const tuned = refract.train(edited, {
    data: ${task.seen},
    epochs: ${task.epochs},
    batchSize: 32,
    maxLength: 128,
    optimizer: refract.adamw({ learningRate: ${task.learningRate}, schedule }),
  });
  return { dev: refract.evaluate(tuned, { data: ${task.unseen}, metrics: [${task.metrics}] }) };
});
`;

const shared = sharedFolder();

/** The expression that declares a file of GLUE. */
const file = (path: string, template: string, more = "") =>
  `tsv(${JSON.stringify(join(shared ?? "", "data", "glue", path))}, ${template}${more})`;

/** Runs a task, and returns the metrics of its evaluation. */
async function measured(task: Task): Promise<EvaluateRecord["metrics"]> {
  const model = await minilmFolder(), folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "glue.ts");
    await Deno.writeTextFile(path, pipelineText(model, task));
    const options = ["run", path, "--json", "--store", join(folder, "store"), "--out", join(folder, "run")];
    const start = performance.now();
    const { code, stdout, stderr } = await ownProcess(options);
    assert.equal(code, 0, stderr);
    const { members: [member] }: Results = JSON.parse(stdout);
    const { metrics } = member!.stages.find((stage): stage is EvaluateRecord => stage.kind === "evaluate")!;
    console.log(`${task.name}: ${JSON.stringify(metrics)} in ${((performance.now() - start) / 1000).toFixed(0)} s`);
    return metrics;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name: "CoLA: an encoder classifies sentences as acceptable better than chance",
  ignore: shared === undefined,
  async fn() {
    const template = `{ text: "{sentence}", label: "{label}" }`;
    const columns = `, { header: false, columns: ["source", "label", "mark", "sentence"] }`;
    const { matthews } = await measured({
      name: "cola",
      head: `classification({ labels: ["unacceptable", "acceptable"] })`,
      seen: `${file("CoLA/train.tsv", template, columns)}.take(4000)`,
      unseen: file("CoLA/dev.tsv", template, columns),
      epochs: 2,
      learningRate: 2e-3,
      metrics: "matthews(), accuracy(), f1()",
    });
    assert.ok(matthews! >= 0.1, `a correlation of ${matthews}`);
  },
});

Deno.test({
  name: "RTE: pairs of long texts run, though this encoder stays near chance in so few steps",
  ignore: shared === undefined,
  async fn() {
    const template = `{ text: "{sentence1}", pair: "{sentence2}", label: "{label}" }`;
    const { accuracy, loss } = await measured({
      name: "rte",
      head: `classification({ labels: ["not_entailment", "entailment"] })`,
      seen: `${file("RTE/train.tsv", template)}.take(640)`,
      unseen: file("RTE/dev.tsv", template),
      epochs: 1,
      learningRate: 1e-3,
      metrics: "accuracy(), f1(), refract.loss()",
    });
    assert.ok(accuracy! >= 0.45 && loss! < 0.75, `an accuracy of ${accuracy} at a loss of ${loss}`);
  },
});

Deno.test({
  name: "STS-B: an encoder predicts the similarity of two sentences",
  ignore: shared === undefined,
  async fn() {
    const template = `{ text: "{sentence1}", pair: "{sentence2}", label: "{score}" }`;
    const rows = `${file("STS-B/dev.tsv", template)}.split({ test: 500, seed: 7 })`;
    const { pearson, spearman } = await measured({
      name: "sts-b",
      head: "regression()",
      seen: `${rows}.train`,
      unseen: `${rows}.test`,
      epochs: 4,
      learningRate: 2e-3,
      metrics: "pearson(), spearman()",
    });
    assert.ok(pearson! >= 0.7 && spearman! >= 0.7, `correlations of ${pearson} and ${spearman}`);
  },
});
