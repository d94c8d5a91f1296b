/** Answer metrics compared with sacrebleu, rouge-score, SQuAD's script and the ReFT paper's rules. @module */
import assert from "node:assert/strict";
import { bleu, exactMatch, type MetricSpec, numericMatch, regexMatch, rouge, tokenF1 } from "refract";
import goldens from "../../goldens/answer_metrics.json" with { type: "json" };
import { measure } from "../../../pipelines/metrics/measure.ts";
import { metricNameOf } from "../../../pipelines/metrics/mod.ts";
import type { MeasuredRow } from "../../../pipelines/metrics/prediction.ts";

const rowOf = (prediction: string, references: readonly string[], line = 1): MeasuredRow => ({
  prompt: "",
  completion: references[0]!,
  prediction,
  fields: { references },
  place: { file: "rows.jsonl", line },
});

const rows = goldens.rows.map(({ answer, references }, at) => rowOf(answer, references, at + 1));

/** The value of a metric over rows. */
function measured(spec: MetricSpec, of: readonly MeasuredRow[]): number {
  return measure([spec], { kind: "texts", rows: of }).metrics[metricNameOf(spec)]!;
}

function assertNear(found: number, expected: number, what: string): void {
  assert.ok(Math.abs(found - expected) <= 1e-6 * Math.max(1, expected), `${found} and not ${expected}: ${what}`);
}

const references = "references";

for (
  const spec of [
    tokenF1({ references }),
    ...(["rouge1", "rouge2", "rougeL"] as const).map((each) => rouge(each, { references })),
  ]
) {
  const name = metricNameOf(spec) as "tokenF1" | "rouge1" | "rouge2" | "rougeL";
  Deno.test(`${name}() matches its reference implementation, and takes the best of several right answers`, () => {
    goldens.rows.forEach((golden, at) => assertNear(measured(spec, [rows[at]!]), golden[name], golden.answer));
    const mean = goldens.rows.reduce((sum, golden) => sum + golden[name], 0) / rows.length;
    assertNear(measured(spec, rows), mean, "the mean");
  });
}

Deno.test("bleu() matches sacrebleu, for one row and for all together", () => {
  const several = bleu({ references });
  goldens.rows.forEach((golden, at) => assertNear(measured(several, [rows[at]!]), golden.bleu, golden.answer));
  assertNear(measured(several, rows), goldens.bleu.all, "all");
  assertNear(measured(several, rows.slice(0, rows.length / 2)), goldens.bleu.firstHalf, "the first half");
  assertNear(measured(bleu(), rows), goldens.bleu.first, "the completions alone");
});

Deno.test("references in a missing or invalid field are refused with the row's location", () => {
  const of = (field: string, holds: unknown) => [{ ...rowOf("x", ["x"], 7), fields: { [field]: holds } }];
  const spec = tokenF1({ references });
  assert.throws(
    () => measured(spec, of("reference", ["x"])),
    /^RequestError: rows\.jsonl:7: the row has no field "references", which the metric's option references names; did you mean "reference"/,
  );
  assert.throws(
    () => measured(spec, of("references", "x")),
    /rows\.jsonl:7: the field "references" is not a list of texts/,
  );
  assert.throws(() => measured(spec, of("references", [])), /rows\.jsonl:7: the field "references".* is empty/);
});

/** Asserts which answers count as correct. */
function assertRights(
  spec: MetricSpec,
  cases: readonly (readonly [answer: string, expected: string, right: boolean])[],
) {
  for (const [answer, expected, right] of cases) {
    assert.equal(measured(spec, [rowOf(answer, [expected])]), Number(right), JSON.stringify([answer, expected]));
  }
}

Deno.test("numericMatch() compares the last number of an answer, as the ReFT paper's arithmetic tasks do", () => {
  assertRights(numericMatch(), [
    ["so the answer is 18.", "18", true],
    ["3 and then 4", "3", false],
    ["1,000 in all", "1000", true],
    ["it is $1,000.", "1,000", true],
    ["5%", "5", true],
    [".5", "5", true],
    ["1e5", "5", true],
    ["3-5", "-5", true],
    ["10:30", "30", true],
    ["1/2", "2", true],
    ["−3", "3", true],
    ["１８", "18", true],
    ["١٨", "18", true],
    ["𝟙𝟠", "18", true],
    ["15.001", "15", true],
    ["144.001", "144", false],
    ["none", "1", false],
    // The completion is parsed like Python's float(), or by its last number where that fails.
    ["so 1000", "1_000", true],
    ["so 1000", "1e3", true],
    ["so 10", "0x10", true],
    ["so 16", "0x10", false],
    ["so 3", "٣", true],
    ["0.33", "0.3333333333", false],
    ["the answer is 72", "6 * 12 = 72\n#### 72", true],
    ["1".repeat(400), "1", false],
  ]);
  assertRights(numericMatch({ tolerance: 0.5 }), [["10.4", "10", true], ["10.6", "10", false]]);
  assert.throws(
    () => measured(numericMatch(), [rowOf("1", ["one"], 4)]),
    /rows\.jsonl:4: the row's completion "one" has no number/,
  );
});

Deno.test("regexMatch() compares the first or the last match, or its group", () => {
  assertRights(regexMatch(/A|B|C|D|E/), [
    ["Answer: C", "A", true],
    ["Because it is A", "B", true],
    ["THE ANSWER IS C", "E", true],
    ["nothing", "A", false],
  ]);
  assertRights(regexMatch(/A|B|C|D|E/g, { take: "last" }), [["Answer: C", "C", true], ["A, then B", "A", false]]);
  assertRights(regexMatch(/answer is (\w+)/i), [["The ANSWER IS yes", "yes", true], [
    "the answer is no",
    "yes",
    false,
  ]]);
});

Deno.test("extract and map determine which part of an answer is compared, and an answer without a match is never correct", () => {
  const spec = exactMatch({
    extract: (text) => /answer: (\w+)/.exec(text)?.[1],
    map: (answer, { fields }) => `${answer}${String(fields["references"]).length}`,
  });
  assertRights(spec, [["answer: x", "x2", true], ["answer x", "x2", false]]);
  assert.equal(measured(exactMatch({ extract: () => undefined }), [rowOf("", [""])]), 0);
});
