import assert from "node:assert/strict";
import { eachPrediction, readPredictions } from "../../../pipelines/results/read_predictions.ts";
import { inFolder } from "../models/support.ts";

const line = (prompt: string) => `${JSON.stringify({ prompt, completion: "é" })}\n`;

Deno.test("predictions are read one after the other, up to a line that is none", () =>
  inFolder(async (folder) => {
    const run = { folder, files: new Map<string, string>() },
      path = "predictions.jsonl",
      many = Array.from({ length: 5000 }, (_, at) => line(`é ${at}`));
    await Deno.writeTextFile(`${folder}/${path}`, `${many.join("")}\nno prediction\n`);
    let count = 0;
    await assert.rejects(async () => {
      for await (const { prompt, completion } of eachPrediction(run, path)) {
        assert.deepEqual([prompt, completion], [`é ${count++}`, "é"]);
      }
    }, /predictions\.jsonl:5002: is not a prediction; run the pipeline again/);
    assert.equal(count, 5000);
  }));

Deno.test("there are no predictions where there is no file, and what the run did not write is refused", () =>
  inFolder(async (folder) => {
    const run = { folder, files: new Map([["other.jsonl", "0"]]) };
    assert.deepEqual(await readPredictions(run, "none.jsonl"), []);
    await assert.rejects(readPredictions(run, "."), /is not a file; run the pipeline again/);
    await Deno.writeTextFile(`${folder}/other.jsonl`, line("a"));
    await assert.rejects(readPredictions(run, "other.jsonl"), /is damaged, its content is not what the run wrote/);
  }));
