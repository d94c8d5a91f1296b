/** Positions and GLUE's metrics, compared with pyreft and Hugging Face's evaluate in ../shared. @module */
import assert from "node:assert/strict";
import { isEdited } from "../../../pipelines/compile/lower/edited_tokens.ts";
import { positionsOf, type Side, sidesOf } from "../../../pipelines/compile/lower/positions.ts";
import { measure } from "../../../pipelines/metrics/measure.ts";
import type { Predicted } from "../../../pipelines/metrics/predicted.ts";
import { evaluationOf } from "../../../pipelines/tasks/evaluation.ts";
import { glue } from "../../../pipelines/tasks/glue.ts";
import { readGolden, taskFolder } from "../../support/task_goldens.ts";
import { promptOf } from "../compile/support.ts";

/** The positions of a prompt that pyreft edits. */
interface Located {
  readonly positions: string;
  readonly last_position: number;
  readonly share_weights: boolean;
  readonly num_interventions: number;
  /** One list per intervention, in which missing positions are -1 or the prompt's length. */
  readonly locations: readonly (readonly number[])[];
}

Deno.test({
  name: "the edited tokens match pyreft's, whether its padding is in front or at the end",
  ignore: taskFolder === undefined,
  async fn() {
    const { cases } = await readGolden<{ readonly cases: readonly Located[] }>("positions");
    assert.ok(cases.length >= 360);
    for (const { positions, last_position: length, share_weights: tied, num_interventions, locations } of cases) {
      const declared = positionsOf(positions, undefined, "pyreft"), prompt = promptOf(length);
      const edited = (side: Side) =>
        [...Array(length).keys()].filter((index) => isEdited({ positions: declared, side }, prompt, index));
      const theirs = locations.map((list) => list.filter((at) => at >= 0 && at < length));
      const sides = sidesOf(declared, tied), count = num_interventions / sides.length;
      const ours = length === 1
        // pyreft has one list of padding for both ends here.
        ? locations.map(() => [])
        : sides.flatMap((side) => Array.from({ length: count }, () => edited(side)));
      assert.deepEqual(theirs, ours, JSON.stringify([positions, length, tied]));
    }
  },
});

/** The metrics of predictions in Hugging Face's evaluate. */
interface Measured {
  readonly task: keyof typeof glue;
  readonly predictions: readonly number[];
  readonly references: readonly number[];
  readonly metrics: Readonly<Record<string, number | "nan">>;
}

/** The names of metrics in GLUE. */
const theirNames: Readonly<Record<string, string>> = { matthews: "matthews_correlation", spearman: "spearmanr" };

Deno.test({
  name: "GLUE's metrics match Hugging Face's evaluate, including the combined score",
  ignore: taskFolder === undefined,
  async fn() {
    const { cases } = await readGolden<{ readonly cases: readonly Measured[] }>("glue_metrics");
    assert.ok(cases.length >= 47);
    for (const { task, predictions, references, metrics } of cases) {
      const { head } = glue[task], single = (x: readonly number[]) => x.map((each) => Math.fround(each));
      const [predicted, expected] = head === "number"
        ? [single(predictions), single(references)]
        : [predictions, references];
      const rows = predicted.map((prediction, at) => {
        const place = { file: "dev.jsonl", line: at + 1 };
        const row = { prompt: "", completion: String(expected[at]), prediction, fields: {}, place };
        return { expected: expected[at]!, predicted: prediction, loss: 0, row };
      });
      const found: Predicted = head === "number" ? { kind: "numbers", rows } : { kind: "classes", rows, labels: head };
      const specs = evaluationOf("glue", task, glue[task], undefined, { data: ".", seed: 42 }).metrics;
      const ours = measure(specs, found).metrics;
      assert.deepEqual(Object.keys(ours).map((name) => theirNames[name] ?? name), Object.keys(metrics));
      for (const [name, value] of Object.entries(ours)) {
        const theirs = metrics[theirNames[name] ?? name]!;
        // If all predictions are equal a correlation has no value; it is reported as 0, with a note.
        const wanted = theirs === "nan" ? 0 : theirs;
        assert.ok(Math.abs(value - wanted) <= 1e-6, `${task} ${name}: ${value}, not ${theirs}`);
      }
    }
  },
});
