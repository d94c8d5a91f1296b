/** A run's results next to the paper's: what is compared, averaged and linked, and what was not run. @module */
import assert from "node:assert/strict";
import { paperTables } from "../../../pipelines/report/paper_table.ts";
import { paperText } from "../../../pipelines/report/paper_text.ts";
import type { MemberRecord } from "../../../pipelines/results/results.ts";
import { commonsense } from "../../../pipelines/tasks/commonsense.ts";

/** The properties of a member that was evaluated on tasks. */
interface Given {
  readonly id: string;
  readonly base?: string;
  readonly method?: string;
  readonly parameters?: number;
  readonly scoring?: string;
  readonly suite?: string;
  readonly trained?: number;
}

function memberOf(
  { id, base = "huggyllama/llama-7b", method, parameters = 0, ...rest }: Given,
  values: Readonly<Record<string, number>>,
): MemberRecord {
  const { scoring = "pyreft", suite = "commonsense", trained } = rest;
  const stages = Object.entries(values).map(([name, value]) => ({
    ...{ name, kind: "evaluate" as const, cached: false, seconds: 1, metrics: { [scoring]: value } },
    task: {
      ...{ suite, name, scoring, metric: scoring, base, baseParameters: 6_738_415_616, parameters, rows: 10 },
      ...method !== undefined && { method },
      ...trained !== undefined && { trained },
    },
    predictions: `members/${id}/${name}/predictions.jsonl`,
  }));
  return { id, axes: {}, trainableParameters: parameters, stages };
}

const reft = { method: "loreft", parameters: 2_097_408, trained: 0 },
  adapted = { method: "lora", parameters: 56_098_816, trained: 2 };
const seeds = [42, 43].map((seed, at) =>
  memberOf({ id: `seed=${seed}`, ...reft }, { boolq: 0.7 + at / 100, piqa: 0.85 })
);
const summaries = [{ id: "main", axes: {}, members: ["seed=42", "seed=43"], stages: [] }];
const near = (value: number | undefined, expected: number) => assert.ok(Math.abs(value! - expected) < 1e-9, `${value}`);

Deno.test("a result has the deviation over seeds, the difference from the paper's and its predictions", () => {
  const [table] = paperTables({ members: seeds, summaries }), [ours] = table!.rows;
  assert.deepEqual([ours!.name, ours!.who, ours!.parameters], ["loreft", "ours", 2_097_408]);
  const [boolq, piqa, other] = ours!.cells;
  near(boolq!.value, 70.5);
  near(boolq!.deviation, Math.SQRT1_2);
  near(boolq!.difference, 70.5 - 69.3);
  assert.deepEqual(boolq!.predictions, seeds.map(({ id }) => `members/${id}/boolq/predictions.jsonl`));
  assert.deepEqual([piqa!.runs, other], [2, { isRun: false }]);
  // The average and its difference are over the two tasks that were run.
  near(ours!.average!.value, (70.5 + 85) / 2);
  near(ours!.average!.difference, (70.5 - 69.3 + 85 - 84.4) / 2);
  assert.equal(ours!.average!.tasks, 2);
  assert.deepEqual(table!.notes, [
    "The paper's rows are from table 1 (Wu et al. 2024); those for LoRA are copied there from other papers.",
    "No test question has the same words as a training row.",
  ]);
});

Deno.test("methods that were not run are reported as such, and the paper's rows never count as measured", () => {
  const [table] = paperTables({
    members: [...seeds, memberOf({ id: "lora", ...adapted }, { boolq: 0.69 })],
    summaries,
  });
  assert.deepEqual(table!.rows.map(({ who, name }) => [who, name]), [
    ["ours", "loreft"],
    ["ours", "lora"],
    ["ours", "DiReFT"],
    ["paper", "LoReFT on LLaMA-7B"],
    ["paper", "DiReFT on LLaMA-7B"],
    ["paper", "LoRA on LLaMA-7B"],
  ]);
  const [loreft, , direft, paper] = table!.rows;
  assert.ok(direft!.cells.every(({ isRun, value }) => !isRun && value === undefined));
  near(loreft!.ratio, 56_098_816 / 2_097_408);
  assert.deepEqual(
    paper!.cells.map(({ value }) => value),
    Object.values(commonsense).map(({ reported }) => reported.loreft!["LLaMA-7B"]),
  );
  near(Number(paper!.average!.value!.toFixed(1)), 80.2);
  assert.ok(table!.notes.includes("Test questions with the same words as a training row: boolq 2 of 10."));
});

Deno.test("a model or a rule that the paper does not have is not compared", () => {
  const [other] = paperTables({
    members: [memberOf({ id: "main", ...reft, base: "smollm2" }, { boolq: 0.5, piqa: 0.5 })],
  });
  assert.equal(other!.rows[0]!.cells[0]!.difference, undefined);
  assert.match(other!.notes[0]!, /^The paper did not train smollm2: its rows are for LLaMA-7B, and no difference/);
  const [rule] = paperTables({ members: [memberOf({ id: "main", scoring: "acc" }, { boolq: 0.5 })] });
  assert.deepEqual(rule!.rows.map(({ who }) => who), ["ours"]);
  assert.deepEqual(rule!.notes, ["The paper has no numbers for these tasks by the rule acc."]);
  assert.deepEqual(paperTables({ members: [{ ...seeds[0]!, stages: [] }] }), []);
});

Deno.test("a table is written in Markdown for a README and in LaTeX for a paper", () => {
  const tables = paperTables({ members: seeds, summaries }), lines = paperText(tables, "markdown").split("\n");
  assert.equal(lines[0], "**commonsense on huggyllama/llama-7b, judged as pyreft, in percent**");
  assert.match(
    lines[4]!,
    /^\| ours \| loreft \| 0\.031 \| {2}\| 70\.5 ± 0\.7 \(\+1\.2\) \| 85\.0 ± 0\.0 \(\+0\.6\) \| not run \|/,
  );
  assert.match(lines[4]!, /\| 77\.8 ± 0\.4 \(\+0\.9\) of 2 \|$/);
  assert.equal(lines.at(-1), "- ± is the standard deviation over seeds.");
  const one = paperText(paperTables({ members: seeds.slice(0, 1) }), "markdown");
  assert.doesNotMatch(one, /ours.*±|standard deviation/);
  const latex = paperText(tables, "latex");
  assert.match(latex, /parameters \(\\%\) & LoRA \/ own & boolq & piqa & social\\_i\\_qa/);
  assert.match(latex, /\nours & loreft & 0\.031 & {2}& 70\.5 \$\\pm\$ 0\.7 \(\+1\.2\) &/);
});
