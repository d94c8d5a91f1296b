/**
 * Every invalid head, label or column is refused in one line with its location and a remedy, and leaves no files.
 *
 * @module
 */
import assert from "node:assert/strict";
import { readHeader, readTensor } from "../../../pipelines/models/weights/safetensors.ts";
import { writeSafetensors } from "../../../pipelines/models/weights/safetensors_writer.ts";
import { inProcess } from "../../support/command.ts";
import { inScene, type Scene } from "../../support/scene.ts";

interface BadHead {
  /** The head, as TypeScript. */
  readonly head?: string;
  readonly data?: string;
  /** rows.tsv. */
  readonly file?: string;
  readonly metrics?: string;
  /** Further settings of the evaluation. */
  readonly settings?: string;
  /** Further settings of the training. */
  readonly training?: string;
  readonly positions?: string;
  readonly change?: (scene: Scene) => Promise<void>;
  /** The expected line, without the scene's folder. */
  readonly says: RegExp;
}

const usual = "sentence\tlabel\nThe cat sits\tgood\nA bird the\tbad\n";
const labels = `labels: ["bad", "good"]`, template = `{ text: "{sentence}", label: "{label}" }`;

/** Tests that a classification pipeline is refused in one line and writes nothing. */
function refuses(name: string, bad: BadHead): void {
  const { head = `classification({ ${labels} })`, metrics = "[accuracy()]", settings = "", file = usual } = bad;
  const data = bad.data ?? `refract.tsv("./rows.tsv", ${template})`;
  const stages =
    `{ told: evaluate(train(edited.with(refract.${head}), { data: ${data}, epochs, batchSize, optimizer, ${
      bad.training ?? ""
    } }), ` +
    `{ data: ${data}, metrics: ${metrics}, ${settings} }) }`;
  const positions = bad.positions ?? `"l1"`;
  Deno.test(`bad head: ${name}`, () =>
    inScene({ stages, positions }, async (scene) => {
      await scene.write("rows.tsv", file);
      await bad.change?.(scene);
      const { code, stdout, stderr } = await scene.run();
      assert.equal(code, 2, stderr);
      assert.equal(stdout, "");
      const lines = stderr.replaceAll(`${scene.folder}/`, "").trimEnd().split("\n");
      assert.deepEqual(lines.slice(1), []);
      assert.match(lines[0]!, bad.says);
      assert.deepEqual(scene.written, []);
      assert.deepEqual(scene.entries, []);
    }));
}

refuses("a label that is not one of the head's", {
  file: usual + "Water\tgod\n",
  says: /^error: rows\.tsv:4: the label "god" is not among the head's; did you mean "good"/,
});
refuses("an id beyond the head's classes", {
  file: usual + "Water\t2\n",
  says: /^error: rows\.tsv:4: the label "2" is not among/,
});
refuses("a missing label column", {
  file: "sentence\nThe cat sits\n",
  says: /^error: rows\.tsv:2: the row has no field "label", which the label template names; /,
});
refuses("a row with three columns instead of two", {
  file: usual + "Water\tgood\tbad\n",
  says: /^error: rows\.tsv:4: the line has 3 columns where 2 are expected \(sentence, label\); correct or remove it$/,
});
refuses("two columns with the same name", {
  file: "a\ta\n1\t2\n",
  says: /^error: rows\.tsv:1: two columns are called "a"; /,
});
refuses("a file without rows", { file: "sentence\tlabel\n", says: /^error: rows\.tsv: the file has no rows; / });
refuses("an empty label", { file: usual + "Water\t\n", says: /^error: rows\.tsv:4: the row's label is empty; / });
refuses("columns without names", {
  data: `refract.tsv("./rows.tsv", ${template}, { header: false })`,
  says: /^error: .*tsv without a header has no names for its columns; /,
});
refuses("columns with two sources of names", {
  data: `refract.tsv("./rows.tsv", ${template}, { columns: ["sentence", "label"] })`,
  says: /^error: .*tsv has both columns and a header that names them; /,
});
for (const label of ["NaN", "Infinity", "many", " "]) {
  refuses(`the label ${JSON.stringify(label)} for a regression`, {
    head: "regression()",
    metrics: "[refract.pearson()]",
    file: usual + `Water\t${label}\n`,
    data: `refract.tsv("./rows.tsv", ${template}).skip(2)`,
    says: /^error: rows\.tsv:4: the label ".*" is not a number for a regression; write one, as in 2\.5$/,
  });
}
refuses("labels that are all equal", {
  head: "regression()",
  metrics: "[loss(), refract.spearman()]",
  file: "sentence\tlabel\nOne\t2\nTwo\t2.0\n",
  says: /^error: rows\.tsv: the rows' numbers are all equal, so spearman is not defined; /,
});
refuses("label smoothing for a regression", {
  head: "regression()",
  file: "sentence\tlabel\nThe cat sits\t2.5\nA bird the\t1\n",
  metrics: "[refract.mse()]",
  training: "labelSmoothing: 0.1",
  says:
    /^error: pipeline\.ts:\d+:\d+: labelSmoothing spreads a label over classes, but a regression has none; omit it$/,
});
refuses("a regression metric for a classification", {
  metrics: "[refract.pearson()]",
  says:
    /^error: pipeline\.ts:\d+:\d+: the metric pearson of told does not fit: its model's head predicts classes; measure /,
});
refuses("a classification metric for a regression", {
  head: "regression()",
  metrics: "[refract.matthews()]",
  file: "sentence\tlabel\nOne\t2\nTwo\t3\n",
  says:
    /the metric matthews of told does not fit: its model's head predicts numbers; measure pearson\(\), spearman\(\), mse\(\), loss\(\), combined\(\["accuracy", "f1"\]\), metric\(…\)$/,
});
refuses("binary f1 for three classes", {
  head: `classification({ labels: ["bad", "good", "other"] })`,
  file: usual + "Water\tother\n",
  metrics: "[refract.f1()]",
  says: /f1 of told is for two classes, but the head predicts 3; measure f1\(\{ average: "macro" \}\)$/,
});
refuses("a decoding for a model with a head", {
  settings: "decoding: greedy({ maxNewTokens: 2 })",
  says: /told has a decoding, but its model's head predicts classes and generates no text; omit the decoding$/,
});
refuses("completions for a model with a head", {
  data: "rows",
  says: /^error: rows\.jsonl: the rows have completions but /,
});
refuses("two heads", {
  head: `regression(), refract.classification({ ${labels} })`,
  says: /the model has two heads; give it one classification\(…\), regression\(…\) or reward\(…\)$/,
});
refuses("one class", {
  head: `classification({ labels: ["bad"] })`,
  says: /labels has only one class; give at least two/,
});
refuses("a repeated class", {
  head: `classification({ labels: ["bad", "good", "bad"] })`,
  says: /labels has "bad" twice; name each class once$/,
});
refuses("a misspelt setting", {
  head: `classification({ ${labels}, frosen: true })`,
  says: /classification has no setting "frosen"; did you mean "frozen"/,
});
refuses("edits after the prompt", {
  positions: `"completion"`,
  says: /the positions completion are after the prompt, where a model with a head reads nothing; edit others$/,
});
refuses("a checkpoint's head with a different number of classes", {
  change: async (scene) => {
    const path = scene.path("model/model.safetensors"), { tensors } = await readHeader(path);
    const own = [...tensors.values()].map(async (record) => ({ ...record, data: await readTensor(record) }));
    const score = { name: "score.weight", shape: [3, 16], data: new Float32Array(48) };
    await writeSafetensors(path, [...await Promise.all(own), score]);
  },
  says:
    /model\.safetensors: the checkpoint's head has score\.weight \[3, 16\] where \[2, 16\] is declared; declare as /,
});

Deno.test("bad head: labels without a head", () =>
  inScene({ data: `records([{ a: "1" }], { text: "{a}", label: "{a}" })` }, async (scene) => {
    const { code, stderr } = await scene.run();
    assert.equal(code, 2);
    assert.match(stderr, /the rows have labels but the model has no head to predict them; add one, as in model\.with/);
  }));

Deno.test("bad head: a frozen head and nothing else to train", () =>
  inScene({
    stages: `{ told: train(base.with(refract.classification({ ${labels}, frozen: true })), ` +
      `{ data: records([{ a: "good" }], { text: "{a}", label: "{a}" }), epochs, batchSize, optimizer }) }`,
  }, async (scene) => {
    const { code, stderr } = await scene.run();
    assert.equal(code, 2);
    assert.match(stderr, /the training told has nothing to train; give its model an edit/);
  }));

Deno.test("a class without rows is allowed, and noted once", () =>
  inScene({
    stages: `{ told: train(edited.with(refract.classification({ labels: ["bad", "good", "odd"] })), ` +
      `{ data: records([{ a: "good" }, { a: "bad" }], { text: "{a}", label: "{a}" }), epochs, batchSize, optimizer }) }`,
    rank: 'sweep("rank", [1, 2])',
  }, async (scene) => {
    const { code, stderr } = await scene.run();
    assert.equal(code, 0, stderr);
    assert.equal(stderr.split("no row that told trains on has the label odd").length, 2, stderr);
  }));

Deno.test("a model with a head can neither chat nor be exported as a generative model", () =>
  inScene({
    stages: `{ told: train(edited.with(refract.classification({ ${labels} })), ` +
      `{ data: records([{ a: "good" }, { a: "bad" }], { text: "{a}", label: "{a}" }), epochs, batchSize, optimizer }) }`,
  }, async (scene) => {
    assert.equal((await scene.run()).code, 0);
    const run = scene.path("out"), exported = scene.path("exported");
    for (
      const [command, says] of [
        [["chat", run], /the model has a head, which predicts labels and generates no text; chat with one without/],
        [
          ["export", run, "--to", "pyreft", "--out", exported],
          /a pyreft folder cannot hold classification; export an edit/,
        ],
        [["export", run, "--to", "onnx", "--out", exported], /the model has a head, .*; export one without a head/],
      ] as const
    ) {
      const { code, stderr } = await inProcess(...command);
      assert.equal(code, 2, stderr);
      assert.match(stderr.trimEnd().split("\n").at(-1)!, says);
    }
    assert.deepEqual(scene.filesOf("exported"), []);
  }));
