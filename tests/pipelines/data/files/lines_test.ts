import assert from "node:assert/strict";
import { join } from "node:path";
import { readLines } from "../../../../pipelines/data/files/lines.ts";
import { loadRows } from "../../../../pipelines/data/rows.ts";
import { jsonl } from "../../../../pipelines/dsl/data.ts";
import { inFolder } from "../../models/support.ts";

Deno.test("readLines() reads lines across chunk boundaries", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "lines.jsonl"), long = "é".repeat(1_200_000);
    await Deno.writeTextFile(path, `\ufeffone\n\n  \n${long}\nthree\r\nfour`);
    const lines = await Array.fromAsync(readLines(path, ".jsonl"));
    assert.deepEqual(lines.map(({ text }) => text), ["one", long, "three\r", "four"]);
    assert.deepEqual(lines.map(({ place }) => place.line), [1, 4, 5, 6]);
  });
});

Deno.test("readLines() reads no more than the requested lines", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "lines.jsonl"), encoder = new TextEncoder();
    const file = encoder.encode("one\n\ntwo\n" + "x\n".repeat(2_000_000));
    file[file.length - 2] = 0xff;
    await Deno.writeFile(path, file);
    const texts: string[] = [];
    for await (const { text } of readLines(path, ".jsonl")) if (texts.push(text) === 2) break;
    assert.deepEqual(texts, ["one", "two"]);
    await assert.rejects(Array.fromAsync(readLines(path, ".jsonl")), /the line is not UTF-8 text/);
  });
});

Deno.test("loadRows() reads a file up to the last row that its views can select", async () => {
  await inFolder(async (folder) => {
    const lines = Array.from({ length: 10 }, (_, at) => JSON.stringify({ q: `q${at}`, a: "a" }));
    await Deno.writeTextFile(join(folder, "rows.jsonl"), [...lines, "no JSON"].join("\n"));
    const rows = jsonl("rows.jsonl", { prompt: "{q}", completion: "{a}" });
    const prompts = async (dataset: Parameters<typeof loadRows>[0]) => {
      return (await loadRows(dataset, folder)).map(({ prompt }) => prompt);
    };
    assert.deepEqual(await prompts(rows.take(2)), ["q0", "q1"]);
    assert.deepEqual(await prompts(rows.skip(8).take(2)), ["q8", "q9"]);
    assert.deepEqual(await prompts(rows.take(10).take(1)), ["q0"]);
    assert.deepEqual(await prompts(rows.take(4).split({ test: 1, seed: 1 }).test.take(1)), ["q3"]);
    await assert.rejects(prompts(rows.take(11)), /the line is not JSON/);
    await assert.rejects(prompts(rows.split({ test: 1, seed: 1 }).test), /the line is not JSON/);
    await assert.rejects(prompts(rows.take(0)), /the line is not JSON/);
  });
});

Deno.test("a device is refused without waiting for it", { ignore: Deno.build.os === "windows" }, async () => {
  await assert.rejects(
    Array.fromAsync(readLines("/dev/null", ".jsonl")),
    /^RequestError: \/dev\/null: this is not a regular file/,
  );
});
