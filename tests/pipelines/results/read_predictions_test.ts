import assert from "node:assert/strict";
import { digestOf } from "../../../pipelines/common/digest.ts";
import { eachPrediction, readPredictions } from "../../../pipelines/results/read_predictions.ts";
import { inFolder } from "../models/support.ts";

const name = "predictions.jsonl";
const line = (prompt: string) => `${JSON.stringify({ prompt, completion: "é" })}\n`;
const many = Array.from({ length: 5000 }, (_, at) => line(`é ${at}`)).join("");
/** The run's files with the digests that its results record. */
const written = (text: string) => new Map([[name, digestOf(new TextEncoder().encode(text))]]);

Deno.test("predictions are read one at a time, and an invalid line is reported by number", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/${name}`, `${many}\nno prediction\n`);
    let count = 0;
    await assert.rejects(async () => {
      for await (const { prompt, completion } of eachPrediction({ folder, files: new Map() }, name)) {
        assert.deepEqual([prompt, completion], [`é ${count++}`, "é"]);
      }
    }, /predictions\.jsonl:5002: is not a prediction; run the pipeline again/);
    assert.equal(count, 5000);
  }));

Deno.test("damaged predictions are refused with the file's name", () =>
  inFolder(async (folder) => {
    const files = written(many), path = `${folder}/${name}`;
    await Deno.writeTextFile(path, many);
    assert.equal((await readPredictions({ folder, files }, name)).length, 5000);
    for (const damaged of ["", many.replace("é 4711", "é 4712")]) {
      await Deno.writeTextFile(path, damaged);
      await assert.rejects(readPredictions({ folder, files }, name), /predictions\.jsonl: is damaged/);
    }
  }));

Deno.test("there are no predictions without a file, and a folder in its place is refused", () =>
  inFolder(async (folder) => {
    const run = { folder, files: new Map<string, string>() };
    assert.deepEqual(await readPredictions(run, name), []);
    await Deno.mkdir(`${folder}/${name}`);
    await assert.rejects(readPredictions(run, name), /is not a file; run the pipeline again/);
  }));
