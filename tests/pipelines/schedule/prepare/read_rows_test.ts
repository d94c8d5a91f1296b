/** Rows are tokenized once: what the store keeps of them, and when it is recomputed. @module */
import assert from "node:assert/strict";
import { csv, jsonl, prefer, records } from "../../../../mod.ts";
import { tokenize, type TokenizedExample } from "../../../../pipelines/data/examples.ts";
import type { Dataset } from "../../../../pipelines/data/dataset.ts";
import type { Row } from "../../../../pipelines/data/row.ts";
import { loadRows } from "../../../../pipelines/data/rows.ts";
import type { Model } from "../../../../pipelines/models/open/model.ts";
import { RunContext } from "../../../../pipelines/schedule/context/run_context.ts";
import { leastKept, readRows } from "../../../../pipelines/schedule/prepare/read_rows.ts";
import { onFullDisk, onReadOnlyDisk } from "../../../support/disk.ts";
import { inPreparedScene, type PreparedScene } from "../prepared.ts";

/** Different from the scene's own template, whose rows are already in the store. */
const template = { prompt: "{q}?\n", completion: "{a}" };

/** The result of reading rows, and the number of texts that were encoded for it. */
interface Read {
  readonly rows: readonly Row[];
  readonly examples: readonly TokenizedExample[];
  readonly encoded: number;
  readonly said: readonly string[];
  /** For a sample: the number of rows that it was drawn from. */
  readonly of: number | undefined;
}

/** Reads rows as a separate run would. */
async function read({ scene, trainings }: PreparedScene, data: Dataset, sample?: number): Promise<Read> {
  const { model } = trainings[0]!, said: string[] = [];
  let encoded = 0;
  const tokenizer = { ...model.tokenizer, encode: (text: string) => (encoded++, model.tokenizer.encode(text)) };
  await using runContext = new RunContext({
    base: scene.folder,
    store: scene.path("store"),
    provider: "cpu",
    threads: 1,
    emit: (event) => event.kind === "note" ? void said.push(event.message) : undefined,
  });
  const reading = {
    head: undefined,
    maxLength: undefined,
    truncate: undefined,
    cutsPrompt: false,
    toWrite: 0,
    asksLast: false,
    fewShot: undefined,
    sample,
  };
  const warn = (message: string) => void said.push(message);
  const opened: Model = { ...model, tokenizer };
  // Finding the tokens that end an answer encodes texts that are not counted.
  const found = await readRows(runContext, data, opened, { ...reading, warn });
  const ends = model.tokenizer.eosTokenIds.length;
  const { rows, examples } = {
    rows: [...found.rows],
    examples: [...found.examples].map((example) => ({ ...example, source: example.source })),
  };
  return { rows, examples, encoded: Math.max(0, encoded - 2 * ends), said, of: found.of };
}

/** The rows and their examples without a store. */
async function plainly({ scene, trainings }: PreparedScene, data: Dataset) {
  const { tokenizer, architecture: { contextLength: maxContext } } = trainings[0]!.model;
  const rows = await loadRows(data, scene.folder);
  return { rows, examples: tokenize(rows, tokenizer, { maxContext }) };
}

const scene = {};

const questions = Array.from(
  { length: leastKept + 300 },
  (_, at) => ({ q: `question ${at % 50}`, a: at, b: "yes\u2028" }),
);

/** Data sets that are identified by their files or by their content. */
const datasets: Readonly<Record<string, Dataset>> = {
  "a file": jsonl("./many.jsonl", template),
  "a split of a file": jsonl("./many.jsonl", template).split({ test: 0.1, seed: 7 }).train,
  "comma-separated values": csv("./many.csv", template),
  "the first rows of a file": jsonl("./many.jsonl", template).take(leastKept),
  "a file mapped by a function": jsonl("./many.jsonl", template).map((row) => ({ ...row, a: `${row["a"]}!` })),
  "preferences of a file": jsonl("./many.jsonl", prefer({ prompt: "{q}?\n", chosen: "{a}", rejected: "{b} {a}" })),
  "rows of the pipeline": records(
    [{ q: "A cat", a: 5.5, big: 12n, none: undefined, zero: -0 }, ...questions],
    template,
  ),
};

async function writeMany({ scene }: PreparedScene): Promise<void> {
  await scene.write("many.jsonl", questions.map((row) => JSON.stringify(row) + "\n").join(""));
  await scene.write("many.csv", ["q,a", ...questions.map(({ q, a }) => `"It, ""${q}""",${a}`)].join("\n"));
}

for (const [name, data] of Object.entries(datasets)) {
  Deno.test(`rows are encoded once and then read unchanged: ${name}`, () =>
    inPreparedScene(scene, async (prepared) => {
      await writeMany(prepared);
      const plain = await plainly(prepared, data);
      const first = await read(prepared, data), second = await read(prepared, data);
      for (const { rows, examples } of [first, second]) {
        assert.deepEqual(rows, plain.rows);
        assert.deepEqual(examples, plain.examples);
      }
      assert.ok(first.encoded >= plain.rows.length);
      assert.equal(second.encoded, 0);
    }));
}

Deno.test("a few rows are not stored", () =>
  inPreparedScene(scene, async (prepared) => {
    await read(prepared, jsonl("./rows.jsonl", template));
    assert.deepEqual(prepared.scene.entries, []);
  }));

Deno.test("a damaged entry is recomputed, and rows of a changed file are tokenized again", () =>
  inPreparedScene(scene, async (prepared) => {
    await writeMany(prepared);
    const { scene } = prepared, data = jsonl("./many.jsonl", template), first = await read(prepared, data);
    const [entry] = scene.entries, path = scene.path("store", entry!), bytes = await Deno.readFile(path);
    bytes[bytes.length >> 1]! ^= 1;
    await Deno.writeFile(path, bytes);
    const healed = await read(prepared, data);
    assert.ok(healed.encoded > 0);
    assert.match(healed.said.join("\n"), /it is dropped and will be recomputed/);
    assert.deepEqual(healed.examples, first.examples);
    assert.equal((await read(prepared, data)).encoded, 0);
    const text = await Deno.readTextFile(scene.path("many.jsonl"));
    await scene.write("many.jsonl", text.replace("question 0", "question X"));
    const changed = await read(prepared, data);
    assert.ok(changed.encoded > 0);
    assert.equal(changed.rows[0]!.prompt, "question X?\n");
  }));

Deno.test("only the requested first rows of a file are read", () =>
  inPreparedScene(scene, async (prepared) => {
    const rows = Array.from({ length: 40_000 }, (_, at) => {
      return JSON.stringify({ q: `question ${at}`, a: "yes", pad: "x".repeat(90) });
    });
    await prepared.scene.write("many.jsonl", `${rows.join("\n")}\nno JSON\n`);
    const data = jsonl("./many.jsonl", template).take(leastKept);
    for (const expected of [true, false]) {
      const { rows, encoded } = await read(prepared, data);
      assert.deepEqual([rows.length, rows[1]!.prompt], [leastKept, "question 1?\n"]);
      assert.equal(encoded > 0, expected);
    }
    // Stored first rows are valid whatever follows them in the file.
    await prepared.scene.write("many.jsonl", rows.slice(0, leastKept + 1).join("\n"));
    assert.equal((await read(prepared, data)).encoded, 0);
  }));

Deno.test("rows that a function draws again each time are not stored", () =>
  inPreparedScene(scene, async (prepared) => {
    await writeMany(prepared);
    let calls = 0;
    const drawn = jsonl("./many.jsonl", template).map((row) => ({ ...row, a: String(calls++) }));
    const { rows } = await read(prepared, drawn), completions = rows.map(({ completion }) => completion);
    assert.deepEqual([completions[0], completions.length], [String(questions.length), questions.length]);
    assert.deepEqual(prepared.scene.entries, []);
  }));

Deno.test("rows with values that can't be stored are read nevertheless", () =>
  inPreparedScene(scene, async (prepared) => {
    const when = new Date(0), data = records([{ q: "The cat", a: "sits", when }, ...questions], template);
    for (const { rows, encoded } of [await read(prepared, data), await read(prepared, data)]) {
      assert.equal(rows[0]!.fields["when"], when);
      assert.ok(encoded > 0);
    }
  }));

Deno.test("rows are read when the store can't be written", () =>
  inPreparedScene(scene, async (prepared) => {
    await writeMany(prepared);
    const data = jsonl("./many.jsonl", template), plain = await plainly(prepared, data);
    for (const on of [onReadOnlyDisk, (_: string, run: () => Promise<Read>) => onFullDisk(50_000, run)]) {
      const { examples } = await on(prepared.scene.folder, () => read(prepared, data));
      assert.deepEqual(examples, plain.examples);
      assert.deepEqual(prepared.scene.entries, []);
    }
  }));

Deno.test("notes on rows are repeated when the rows are read from the store", () =>
  inPreparedScene(scene, async (prepared) => {
    await writeMany(prepared);
    const data = jsonl("./many.jsonl", { prompt: "Always the same", completion: "{a}" }).take(1e6);
    const first = await read(prepared, data), second = await read(prepared, data);
    assert.match(first.said.join("\n"), /takes all 1300 rows/);
    assert.match(first.said.join("\n"), /names no field/);
    assert.deepEqual([...second.said].sort(), [...first.said].sort());
    assert.equal(second.encoded, 0);
  }));

Deno.test("a sample is drawn once from all rows, each of which has to be valid; all are used if there are not more", () =>
  inPreparedScene(scene, async (prepared) => {
    await writeMany(prepared);
    const data = jsonl("./many.jsonl", template), sample = leastKept + 1;
    const first = await read(prepared, data, sample), second = await read(prepared, data, sample);
    assert.deepEqual([first.of, first.examples.length], [questions.length, sample]);
    assert.ok(first.encoded > 0 && second.encoded === 0);
    assert.deepEqual({ ...second, encoded: 0 }, { ...first, encoded: 0 });
    const plain = await plainly(prepared, data), lines = first.rows.map(({ place }) => place.line!);
    assert.deepEqual(first.rows, lines.map((line) => plain.rows[line - 1]));
    assert.deepEqual(lines, [...new Set(lines)].sort((a, b) => a - b));
    // The sample is not just the first rows.
    assert.ok(lines.at(-1)! > sample);
    const all = await read(prepared, data, questions.length);
    assert.deepEqual([all.of, all.examples], [undefined, plain.examples]);
    const known = await read(prepared, data, sample);
    assert.deepEqual([known.of, known.encoded, known.examples.length], [undefined, 0, questions.length]);
    await prepared.scene.write("many.jsonl", `${JSON.stringify({ q: "no answer" })}\n`.repeat(2000));
    await assert.rejects(read(prepared, data, sample), /has no field "a"/);
  }));
