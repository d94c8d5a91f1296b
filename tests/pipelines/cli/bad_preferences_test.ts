/**
 * Every invalid preference, objective or reward head is refused in one line with its location and a remedy, and leaves
 * no files.
 *
 * @module
 */
import assert from "node:assert/strict";
import { inScene } from "../../support/scene.ts";

interface BadPreferences {
  readonly template?: string;
  /** pairs.jsonl. */
  readonly rows?: readonly object[];
  readonly data?: string;
  readonly objective?: string;
  /** TypeScript after the model. */
  readonly more?: string;
  readonly model?: string;
  readonly heldOut?: string;
  readonly metrics?: string;
  /** The expected line, without the scene's folder. */
  readonly says: RegExp;
}

const usual = [
  { question: "The cat", better: "sits", worse: "eats a red house" },
  { question: "A bird", better: "flies over", worse: "is" },
];
const template = `{ prompt: "{question}\\n", chosen: "{better}", rejected: "{worse}" }`;

/** Tests that a pipeline that trains on preferences is refused in one line and writes nothing. */
function refuses(name: string, bad: BadPreferences): void {
  const { rows = usual, objective = "refract.dpo({ beta: 0.1 })", model = "edited", more = "" } = bad;
  const data = bad.data ?? `jsonl("./pairs.jsonl", refract.prefer(${bad.template ?? template}))`;
  const { heldOut = data, metrics = "[refract.rewardAccuracy()]" } = bad;
  const settings = objective === "" ? "" : `objective: ${objective}`;
  const stages =
    `{ told: evaluate(train(${model}${more}, { data: ${data}, epochs, batchSize, optimizer, ${settings} }), ` +
    `{ data: ${heldOut}, metrics: ${metrics} }) }`;
  Deno.test(`bad preferences: ${name}`, () =>
    inScene({ stages }, async (scene) => {
      await scene.write("pairs.jsonl", rows.map((row) => JSON.stringify(row)).join("\n"));
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

refuses("no objective", {
  objective: "",
  says:
    /^error: .*the rows have two answers each but .* give it an objective, as in objective: dpo\(\{ beta: 0\.1 \}\)$/,
});
refuses("an objective for rows with one answer", {
  data: "rows",
  says: /^error: rows\.jsonl:1: the objective dpo compares two answers but the row has one; give the rows prefer\(/,
});
refuses("a beta of 0", {
  objective: "refract.dpo({ beta: 0 })",
  says: /^error: pipeline\.ts:\d+:\d+: .*beta is 0; give a number above 0$/,
});
refuses("a beta below 0", {
  objective: "refract.ipo({ beta: -0.1 })",
  says: /^error: pipeline\.ts:\d+:\d+: .*beta is -0\.1; give a number above 0$/,
});
refuses("no beta", {
  objective: "refract.simpo({ gamma: 1 })",
  says: /^error: pipeline\.ts:\d+:\d+: .*beta is missing; give a number above 0$/,
});
refuses("a label smoothing of a half", {
  objective: "refract.dpo({ beta: 1, labelSmoothing: 0.5 })",
  says: /labelSmoothing is 0\.5; give a number of at least 0 and below 0\.5$/,
});
refuses("an unknown setting", {
  objective: "refract.dpo({ beta: 1, smoothing: 0.1 })",
  says: /dpo has no setting "smoothing"; use one of those it has: "beta", "labelSmoothing"/,
});
refuses("an objective that is not called", {
  objective: "refract.dpo",
  says: /objective is .*call it, as in dpo\(…\)$/,
});
refuses("an objective given by its name", {
  objective: `"dpo"`,
  says: /objective is "dpo"; call the function, as in dpo\(…\)$/,
});
refuses("a row without a field", {
  rows: [...usual, { question: "Water", better: "is wet" }],
  says: /^error: pairs\.jsonl:3: the row has no field "worse", which the rejected template names; /,
});
refuses("an empty answer", {
  rows: [...usual, { question: "Water", better: "", worse: "is dry" }],
  says:
    /^error: pairs\.jsonl:3: the row's chosen is empty; fill its field or remove it \(declared at pipeline\.ts:\d+:\d+\)$/,
});
refuses("answers that are all equal", {
  rows: [{ question: "Water", better: "is wet", worse: "is wet" }],
  says:
    /^error: pairs\.jsonl:1: the row's two answers are the same, and so are those of all rows; correct their fields$/,
});
refuses("a template without the rejected answer", {
  template: `{ prompt: "{question}\\n", chosen: "{better}" }`,
  says: /^error: pipeline\.ts:\d+:\d+: rejected is missing; give a text$/,
});
refuses("a reward head without its objective", {
  more: ".with(refract.reward())",
  objective: "",
  says: /give it an objective, as in objective: bradleyTerry\(\)$/,
});
refuses("a reward head with an objective for generated answers", {
  more: ".with(refract.reward())",
  says:
    /the objective dpo compares generated answers, but the model has a head \(reward\); .* or use bradleyTerry\(\)$/,
});
refuses("the pairwise loss without a head", {
  objective: "refract.bradleyTerry()",
  says:
    /bradleyTerry compares a head's scores of answers, but the model has no head; add one, as in model\.with\(reward\(\)\)$/,
});
refuses("a reward head for rows with one answer", {
  data: "rows",
  more: ".with(refract.reward())",
  objective: "refract.bradleyTerry()",
  says: /^error: .*rows\.jsonl: the model's head compares two answers but the rows have one; give them prefer\(/,
});
refuses("a reward metric for rows with one answer", {
  heldOut: "rows",
  says: /^error: rows\.jsonl:1: the metric rewardAccuracy of told compares two answers but the row has one; /,
});
refuses("another metric for a reward head", {
  more: ".with(refract.reward())",
  objective: "refract.bradleyTerry()",
  metrics: "[accuracy()]",
  says: /does not fit: its model's head compares two answers; measure rewardAccuracy\(\), rewardMargin\(\)$/,
});
refuses("an objective without frozen weights to compare with", {
  model: "base",
  more: ".with(refract.fullFinetuning({ initializeFrom: 1 }))",
  says: /compares with the frozen model, but freshly initialized weights have none; omit initializeFrom, or use simpo$/,
});

Deno.test("rows with equal answers are counted, and the training continues", () =>
  inScene({
    stages:
      `{ tuned: train(edited, { data: jsonl("./pairs.jsonl", refract.prefer(${template})), epochs: 1, batchSize, ` +
      `optimizer, objective: refract.dpo({ beta: 0.1 }) }) }`,
  }, async (scene) => {
    const rows = [...usual, { question: "Water", better: "is wet", worse: "is wet" }];
    await scene.write("pairs.jsonl", rows.map((row) => JSON.stringify(row)).join("\n"));
    const { code, stderr } = await scene.run();
    assert.equal(code, 0, stderr);
    assert.match(
      stderr,
      /1 of the 3 rows that tuned trains on has two answers with the same tokens, .*pairs\.jsonl:3; remove/,
    );
  }));
