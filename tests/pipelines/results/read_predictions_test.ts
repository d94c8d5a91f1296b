import assert from "node:assert/strict";
import { eachPrediction, readPredictions } from "../../../pipelines/results/read_predictions.ts";
import { inFolder } from "../models/support.ts";

const line = (prompt: string) => `${JSON.stringify({ prompt, completion: "é" })}\n`;

Deno.test("predictions are read as they are asked for, and those that are not are not looked at", () =>
  inFolder(async (folder) => {
    const path = `${folder}/predictions.jsonl`, many = Array.from({ length: 5000 }, (_, at) => line(`é ${at}`));
    await Deno.writeTextFile(path, `${many.join("")}\nno prediction\n`);
    assert.deepEqual((await readPredictions(path, 2)).map(({ prompt }) => prompt), ["é 0", "é 1"]);
    let count = 0;
    await assert.rejects(async () => {
      for await (const { prompt, completion } of eachPrediction(path)) {
        assert.deepEqual([prompt, completion], [`é ${count++}`, "é"]);
      }
    }, /predictions\.jsonl:5002: is not a prediction; run the pipeline again/);
    assert.equal(count, 5000);
  }));

Deno.test("there are no predictions where there is no file, and a folder is none", () =>
  inFolder(async (folder) => {
    assert.deepEqual(await readPredictions(`${folder}/none.jsonl`), []);
    await assert.rejects(readPredictions(folder), /is not a file; run the pipeline again/);
  }));
