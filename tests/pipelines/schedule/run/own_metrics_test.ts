/** Metrics that a pipeline declares: what they receive, what they return and how they fail. @module */
import assert from "node:assert/strict";
import type { Prediction } from "../../../../pipelines/metrics/prediction.ts";
import type { EvaluateRecord, Results } from "../../../../pipelines/results/results.ts";
import { inProcess } from "../../../support/command.ts";
import { inScene, type PipelineParts, sceneRows } from "../../../support/scene.ts";
import { evaluationOf, resultsOf } from "../support.ts";

const parts = (metrics: string, more: Partial<PipelineParts> = {}): Partial<PipelineParts> => ({
  metrics,
  preamble: "const { bitsPerByte, metric, perplexity } = refract;",
  heldOut: "rows",
  stages: "{ tuned: evaluate(base, { data: heldOut, metrics, decoding }) }",
  ...more,
});

/** The evaluation of a run with the given metrics. */
async function measured(metrics: string, more: Partial<PipelineParts> = {}): Promise<EvaluateRecord> {
  let found: EvaluateRecord | undefined;
  await inScene(parts(metrics, more), async (scene) => {
    const { members: [member] } = await resultsOf(scene);
    found = evaluationOf(member!);
  });
  return found!;
}

type Chosen = Required<Pick<Prediction, "prediction" | "choices" | "scores" | "choiceTokens" | "unconditionalScores">>;

const lengths = sceneRows.map(({ a }) => a.length), count = lengths.length;
const mean = lengths.reduce((sum, each) => sum + each, 0) / count;
const deviation = Math.sqrt(lengths.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (count - 1));

Deno.test("a metric of single rows has a mean with its standard error, and one of all rows a bootstrapped standard error", async () => {
  const { metrics, standardErrors, lowerIsBetter, units } = await measured(`[
    metric("length", { measure: (_, { completion }) => completion.length, unit: "letters", lowerIsBetter: true }),
    metric("isText", { measure: (answer) => typeof answer === "string" }),
    metric("asked", { measure: (_, { fields, prompt }) => prompt === fields.q + "\\n" }),
    metric("total", { measureAll: (answers, all) => all.reduce((sum, row) => sum + row.completion.length, 0) / answers.length }),
    metric("bare", { measureAll: (answers) => answers.length, resamples: 0 }),
  ]`);
  assert.deepEqual(metrics, { length: mean, isText: 1, asked: 1, total: mean, bare: count });
  const { length, total, ...rest } = standardErrors!;
  assert.ok(Math.abs(length! - deviation / Math.sqrt(count)) < 1e-12);
  // The bootstrap's expectation has n instead of n − 1.
  assert.ok(Math.abs(total! / (deviation / Math.sqrt(count)) - Math.sqrt((count - 1) / count)) < 0.08, String(total));
  assert.deepEqual(rest, { isText: 0, asked: 0 });
  assert.deepEqual([lowerIsBetter, units], [["length"], { length: "letters" }]);
});

Deno.test("perplexity, bits per byte and a metric of scores are computed from the loss", async () => {
  const { metrics } = await measured(
    `[
    loss(), perplexity(), bitsPerByte(),
    metric("sum", { reads: "scores", measureAll: (losses) => losses.reduce((sum, each) => sum + each, 0) }),
    metric("tokens", { reads: "scores", measureAll: (_, all) => all.reduce((sum, { tokens }) => sum + tokens, 0) }),
  ]`,
    { decoding: "undefined", stages: "{ tuned: evaluate(base, { data: heldOut, metrics }) }" },
  );
  const { loss, perplexity, bitsPerByte, sum, tokens } = metrics;
  const bytes = lengths.reduce((all, each) => all + each, 0),
    near = (a: number, b: number) => Math.abs(a / b - 1) < 1e-12;
  assert.ok(near(loss!, sum! / tokens!) && near(perplexity!, Math.exp(loss!)), JSON.stringify(metrics));
  assert.ok(near(bitsPerByte!, sum! / Math.LN2 / bytes), JSON.stringify(metrics));
});

Deno.test("a changed metric is measured on stored answers", () =>
  inScene(parts(`[metric("length", { measure: (answer) => answer.length })]`), async (scene) => {
    const first = evaluationOf((await resultsOf(scene)).members[0]!), entries = scene.entries;
    const text = await Deno.readTextFile(scene.pipeline);
    const digest = async () =>
      /digest: (\w+)\n/.exec((await Deno.readTextFile(scene.path("out", "manifest.yaml"))).split("members:")[1]!)?.[1];
    const before = await digest();
    // A module is loaded only once per process.
    await scene.write("changed.ts", text.replace("answer.length", "answer.length + 1"));
    const { code, stdout, stderr } = await inProcess("run", scene.path("changed.ts"), ...scene.places, "--json");
    assert.equal(code, 0, stderr);
    const { members: [member] } = JSON.parse(stdout) as Results, later = evaluationOf(member!);
    assert.deepEqual([first.cached, later.cached], [false, true]);
    assert.equal(later.metrics["length"], first.metrics["length"]! + 1);
    assert.deepEqual(scene.entries, entries);
    // The manifest has the function's text in the member's digest.
    assert.ok(before !== undefined && before !== await digest());
  }));

Deno.test("choices have their log-likelihoods in predictions.jsonl, by which they are compared in several ways", () =>
  inScene(
    parts(`[accuracy(), ...["sum", "character", "byte", "token", "mutualInformation"].map((by) => accuracy({ by }))]`, {
      decoding: `choices("options", { by: "token", unconditional: "Answer" })`,
    }),
    async (scene) => {
      const { members: [member] } = await resultsOf(scene), { metrics, predictions } = evaluationOf(member!);
      const lines = (await Deno.readTextFile(scene.path("out", predictions))).trim().split("\n").map((line): Chosen =>
        JSON.parse(line)
      );
      const best = (scores: readonly number[]) => scores.indexOf(Math.max(...scores));
      const rights: Record<string, number> = {};
      for (const [row, { prediction, choices, scores, choiceTokens, unconditionalScores }] of lines.entries()) {
        assert.deepEqual(choices, sceneRows[row]!.options);
        const ways: Readonly<Record<string, (score: number, at: number) => number>> = {
          accuracyBySum: (score) => score,
          accuracyByCharacter: (score, at) => score / choices[at]!.length,
          accuracyByByte: (score, at) => score / choices[at]!.length,
          accuracyByToken: (score, at) => score / choiceTokens[at]!,
          accuracyByMutualInformation: (score, at) => score - unconditionalScores[at]!,
        };
        for (const [name, way] of Object.entries(ways)) {
          const picked = choices[best(scores.map(way))];
          rights[name] = (rights[name] ?? 0) + Number(picked === sceneRows[row]!.a) / lines.length;
          if (name === "accuracyByToken") assert.equal(prediction, picked);
        }
      }
      const { accuracy, ...others } = metrics;
      for (const [name, value] of Object.entries(rights)) assert.ok(Math.abs(others[name]! - value) < 1e-12, name);
      assert.equal(accuracy, others["accuracyByToken"]);
    },
  ));

Deno.test("another comparison of choices uses their stored log-likelihoods", () =>
  inScene(parts("[accuracy()]", { decoding: `choices("options")` }), async (scene) => {
    const first = evaluationOf((await resultsOf(scene)).members[0]!), entries = scene.entries;
    const text = await Deno.readTextFile(scene.pipeline);
    await scene.write("changed.ts", text.replace(`choices("options")`, `choices("options", { by: "token" })`));
    const { code, stdout, stderr } = await inProcess("run", scene.path("changed.ts"), ...scene.places, "--json");
    assert.equal(code, 0, stderr);
    const later = evaluationOf((JSON.parse(stdout) as Results).members[0]!);
    assert.deepEqual([first.cached, later.cached], [false, true]);
    assert.deepEqual(scene.entries, entries);
  }));

Deno.test("the first of equal choices is taken", () =>
  inScene(parts("[accuracy()]", { decoding: `choices(["sits", "sits"])`, heldOut: "rows.take(1)" }), async (scene) => {
    const { members: [member] } = await resultsOf(scene);
    const { prediction, scores: [one, other] } = JSON.parse(
      await Deno.readTextFile(scene.path("out", evaluationOf(member!).predictions)),
    );
    assert.deepEqual([prediction, one], ["sits", other]);
  }));

/** Invalid metrics or choices, and the expected errors. */
const bad: readonly { readonly name: string; readonly parts: Partial<PipelineParts>; readonly says: RegExp }[] = [
  {
    name: "a metric that throws",
    parts: parts(`[metric("odd", { measure: (answer, { fields }) => fields.missing.length })]`),
    says:
      /pipeline\.ts:\d+:\d+: measure of the metric odd failed at .*rows\.jsonl:1 \(Cannot read properties of undefined.*\); correct it$/,
  },
  {
    name: "a metric that returns NaN for a row",
    parts: parts(`[metric("odd", { measure: (_, { completion }) => completion === "home" ? NaN : 1 })]`),
    says: /pipeline\.ts:\d+:\d+: measure of the metric odd returned NaN at .*rows\.jsonl:3; return a finite number$/,
  },
  {
    name: "a metric that is asynchronous",
    parts: parts(`[metric("odd", { measure: async () => 1 })]`),
    says:
      /measure of the metric odd returned a promise, which async functions return, at|measure of the metric odd returned a promise, which async functions return at .*rows\.jsonl:1/,
  },
  {
    name: "a metric of all rows that returns NaN",
    parts: parts(`[metric("odd", { measureAll: () => NaN })]`),
    says: /pipeline\.ts:\d+:\d+: measureAll of the metric odd returned NaN; return a finite number$/,
  },
  {
    name: "an extract that does not return a text",
    parts: parts(`[exactMatch({ extract: () => 1 })]`),
    says: /pipeline\.ts:\d+:\d+: extract returned 1 at .*rows\.jsonl:1; return a string, or undefined for none$/,
  },
  {
    name: "a metric without a function",
    parts: parts(`[metric("odd", {})]`),
    says: /the metric odd has no function; give it measure/,
  },
  {
    name: "a metric with another's name",
    parts: parts(`[metric("loss", { measure: () => 1 })]`),
    says: /pipeline\.ts:\d+:\d+: loss is the name of another metric; give this one of tuned a different name$/,
  },
  {
    name: "a name of two words",
    parts: parts(`[metric("two words", { measure: () => 1 })]`),
    says: /name is "two words"; give a name of letters, digits, -, \. and _$/,
  },
  {
    name: "two metrics of one name",
    parts: parts(`[exactMatch(), exactMatch({ extract: (text) => text })]`),
    says: /pipeline\.ts:\d+:\d+: two metrics of tuned are called exactMatch; give one of them another name/,
  },
  {
    name: "a pattern that is a text",
    parts: parts(`[refract.regexMatch("A")]`),
    says: /the first argument of regexMatch is "A"; give a regular expression, as in regexMatch\(.*\)$/,
  },
  {
    name: "choices from a field that a row lacks",
    parts: parts("[accuracy()]", { decoding: `choices("option")` }),
    says: /rows\.jsonl:1: the row has no field "option", which choices names; did you mean "options"/,
  },
  {
    name: "choices from an empty field",
    parts: parts("[accuracy()]", {
      decoding: `choices("options")`,
      heldOut: `records([{ q: "x", a: "y", options: [] }], { prompt: "{q}", completion: "{a}" })`,
    }),
    says: /records:1: the field "options", which choices names, is empty; list at least one text in it$/,
  },
  {
    name: "choices from a field that is a text",
    parts: parts("[accuracy()]", { decoding: `choices("a")` }),
    says: /rows\.jsonl:1: the field "a" is not a list of texts/,
  },
  {
    name: "a comparison of choices without choices",
    parts: parts(`[accuracy({ by: "byte" })]`),
    says: /the metric accuracyByByte of tuned compares choices; give the evaluation a decoding by choices/,
  },
  {
    name: "a continuation compared by its length",
    parts: parts("[accuracy()]", { decoding: `choices("options", { by: "byte", continuation: " it" })` }),
    says:
      /choices with a continuation are all scored on the same text, so by byte makes no difference; compare by sum$/,
  },
  {
    name: "an unknown way to compare",
    parts: parts("[accuracy()]", { decoding: `choices("options", { by: "norm" })` }),
    says: /by is "norm"; give "sum", "character", "byte", "token" or "mutualInformation"$/,
  },
  {
    name: "a best member by something that is not a metric",
    parts: parts("[exactMatch()]", {
      stages:
        `{ tuned: evaluate(refract.best(evaluate(tuned, { data, metrics, decoding }), "exactMatch"), { data, metrics, decoding }) }`,
    }),
    says:
      /the second argument of best is "exactMatch"; give a metric call, as in best\(evaluate\(…\), exactMatch\(\)\)$/,
  },
];

for (const { name, parts, says } of bad) {
  Deno.test(`bad metric: ${name}`, () =>
    inScene(parts, async (scene) => {
      const { code, stdout, stderr } = await scene.run();
      assert.equal(code, 2, stderr);
      const lines = stderr.trim().split("\n").filter((line) => line.startsWith("error"));
      assert.equal(lines.length, 1, stderr);
      assert.match(lines[0]!, says);
      assert.ok(!/\n\s+at /.test(stderr) && stdout === "", stderr);
    }));
}

Deno.test("a completion that is not among its row's choices, and a single choice, are noted once", () =>
  inScene(parts("[accuracy()]", { decoding: `choices(["sits"])` }), async (scene) => {
    const { code, stderr } = await scene.run();
    assert.equal(code, 0, stderr);
    assert.match(
      stderr,
      /tuned: .*rows\.jsonl:2: the completion "flies" is not among the row's choices, .* \(7 of 8 rows\)/,
    );
    assert.match(stderr, /tuned: .*rows\.jsonl:1: the row has one choice, which is always chosen \(8 of 8 rows\)/);
  }));
