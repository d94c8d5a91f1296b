/** Tasks' rows from folders: layouts, forms and splits, and the errors for other ones. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type GlueName, suite, task, type TaskName } from "refract";
import { loadRows } from "../../../pipelines/data/rows.ts";
import type { ArithmeticName } from "../../../pipelines/tasks/names.ts";
import { inFolder } from "../models/support.ts";

/** Writes files of rows by their names, as JSONL or as a JSON list. */
async function write(folder: string, files: Readonly<Record<string, readonly object[]>>): Promise<void> {
  for (const [name, rows] of Object.entries(files)) {
    await Deno.mkdir(join(folder, name, ".."), { recursive: true });
    const text = name.endsWith(".json") ? JSON.stringify(rows) : rows.map((row) => `${JSON.stringify(row)}\n`).join("");
    await Deno.writeTextFile(join(folder, name), text);
  }
}

const instruction =
  "Please answer the following question with true or false, question: is it?\n\nAnswer format: true/false";
const adapted = { instruction, input: "", output: "the correct answer is true", answer: "true" };

Deno.test("rows in LLM-Adapters' layout, in a flat one, and official ones have the same prompts", () =>
  inFolder(async (folder) => {
    await write(folder, {
      "adapters/boolq/test.json": [adapted],
      "flat/boolq.test.jsonl": [adapted],
      "official/boolq/validation.jsonl": [{ passage: "It is.", question: "is it", answer: true }],
      "glue/boolq.val.jsonl": [{ passage: "It is.", question: "is it", idx: 0, label: 1 }],
    });
    for (const data of ["./adapters", "./flat", "./official", "./glue", "./flat/boolq.test.jsonl"]) {
      const [row] = await loadRows(task("boolq", { data }).test, folder);
      assert.deepEqual([row!.prompt, row!.completion], [`${instruction}\n`, "the correct answer is true"], data);
    }
  }));

Deno.test("training and test rows are the paper's splits", () =>
  inFolder(async (folder) => {
    const solved = (at: number) => ({ question: `${at}?`, answer: `It is ${at}.\n#### ${at}` });
    await write(folder, {
      "gsm8k/train.jsonl": Array.from({ length: 7473 }, (_, at) => solved(at)),
      "gsm8k/test.jsonl": [solved(1)],
    });
    const gsm8k = task("gsm8k_own", { data: "." });
    const [seen, chosen, unseen] = await Promise.all(
      [gsm8k.train, gsm8k.validation, gsm8k.test].map((rows) => loadRows(rows, folder)),
    );
    assert.deepEqual([seen!.length, chosen!.length, unseen!.length], [7173, 300, 1]);
    assert.equal(chosen![0]!.completion, "It is 7173.\nThe final answer is:  7173");
    assert.equal(
      seen![0]!.prompt,
      "0?\nAnswer the above question. First think step by step and then answer the final number.\n",
    );
  }));

Deno.test("GLUE's validation set is split as torch splits it, and STS-B trains only in bfloat16", () =>
  inFolder(async (folder) => {
    const pair = (at: number, label: number) => ({ sentence1: `a ${at}`, sentence2: `b ${at}`, label });
    await write(folder, {
      "rte/dev.jsonl": Array.from({ length: 10 }, (_, at) => pair(at, at % 2)),
      "stsb.train.jsonl": [pair(0, 3.8)],
      "stsb.dev.jsonl": [pair(0, 3.8), pair(1, 3.8)],
    });
    const rte = task("rte", { data: ".", seed: 42 }), order = [2, 6, 1, 8, 4, 5, 0, 9, 3, 7];
    const rows = async (name: "test" | "validation") => (await loadRows(rte[name], folder)).map(({ prompt }) => prompt);
    assert.deepEqual(await rows("test"), order.slice(0, 5).map((at) => `a ${at}`));
    assert.deepEqual(await rows("validation"), order.slice(5).map((at) => `a ${at}`));
    // numpy.random.default_rng(42).permutation(10)
    const original = task("rte", { data: ".", halves: "datasets" }), drawn = [5, 6, 0, 7, 3, 2, 4, 9, 1, 8];
    const [chosen, tested10] = [await loadRows(original.validation, folder), await loadRows(original.test, folder)];
    assert.deepEqual([...chosen, ...tested10].map(({ prompt }) => prompt), drawn.map((at) => `a ${at}`));
    const stsb = task("stsb", { data: "." }), [taught] = await loadRows(stsb.train, folder);
    const [tested] = await loadRows(stsb.test, folder);
    assert.deepEqual([taught!.completion, tested!.completion, taught!.pair], ["3.796875", "3.8", "b 0"]);
  }));

/** The rows of a task as prompt, pair and completion. */
async function readAs(name: GlueName | ArithmeticName | "ARC-Easy", data: string, folder: string) {
  const rows = await loadRows(task(name, { data }).test, folder);
  return rows.map(({ prompt, pair, completion }) => [prompt, ...pair === undefined ? [] : [pair], completion]);
}

Deno.test("GLUE's official tables are read by their columns, CoLA's without a header line", () =>
  inFolder(async (folder) => {
    const tables: readonly (readonly [GlueName, string, readonly string[], readonly (readonly string[])[]])[] = [
      ["cola", "CoLA/dev", ["gj04\t1\t\tIt is.", "gj04\t0\t*\tIs it."], [["Is it.", "0"], ["It is.", "1"]]],
      ["sst2", "SST-2/dev", ["sentence\tlabel", "fine\t1", "dull\t0"], [["dull", "0"], ["fine", "1"]]],
      [
        "mrpc",
        "MRPC/dev",
        ["\ufeffQuality\t#1 ID\t#2 ID\t#1 String\t#2 String", '1\t7\t8\tHe "ran.\tHe ran.', "0\t9\t10\tA.\tB."],
        [["A.", "B.", "0"], ['He "ran.', "He ran.", "1"]],
      ],
      [
        "stsb",
        "STS-B/dev",
        ["index\tgenre\tsentence1\tsentence2\tscore", "0\tnews\tA.\tB.\t3.800", "1\tnews\tC.\tD.\t0.000"],
        [["C.", "D.", "0.000"], ["A.", "B.", "3.800"]],
      ],
      [
        "mnli",
        "MNLI/dev_matched",
        [
          "index\tsentence1\tsentence2\tlabel1\tgold_label",
          "0\tA.\tB.\tneutral\tentailment",
          "1\tC.\tD.\tneutral\tneutral",
        ],
        [["C.", "D.", "neutral"], ["A.", "B.", "entailment"]],
      ],
      [
        "qqp",
        "QQP/dev",
        ["id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate", "0\t1\t2\tA?\tB?\t0", "1\t3\t4\tC?\tD?\t1"],
        [["C?", "D?", "1"], ["A?", "B?", "0"]],
      ],
      [
        "qnli",
        "QNLI/dev",
        ["index\tquestion\tsentence\tlabel", "0\tA?\tB.\tentailment", "1\tC?\tD.\tnot_entailment"],
        [["C?", "D.", "not_entailment"], ["A?", "B.", "entailment"]],
      ],
    ];
    for (const [name, path, lines, expected] of tables) {
      await Deno.mkdir(join(folder, path, ".."), { recursive: true });
      await Deno.writeTextFile(join(folder, `${path}.tsv`), `${lines.join("\r\n")}\n`);
      const halves = [];
      for (const seed of [0, 1, 2, 3, 4]) halves.push(...await loadRows(task(name, { data: ".", seed }).test, folder));
      const read = halves.map((
        { prompt, pair, completion },
      ) => [prompt, ...pair === undefined ? [] : [pair], completion]);
      assert.deepEqual([...new Set(read.map(String))].sort(), expected.map(String).sort(), name);
    }
    await Deno.writeTextFile(join(folder, "CoLA/dev.tsv"), "sentence\tlabel\nIt is.\t1\nIs it.\t0\n");
    assert.equal((await readAs("cola", ".", folder)).length, 1);
    await Deno.writeTextFile(join(folder, "CoLA/dev.tsv"), "text\ttarget\nIt is.\t1\n");
    assert.match(
      await faultOf("cola", ".", folder),
      /CoLA\/dev\.tsv:2: the row has the fields text, target, but cola has sentence, label/,
    );
  }));

Deno.test("official rows of arithmetic tasks and ARC have LLM-Adapters' prompts", () =>
  inFolder(async (folder) => {
    await write(folder, {
      "SVAMP.test.jsonl": [
        {
          ID: "chal-1",
          Body: "Ann has 3 pears. She gets 2 more",
          Question: "How many now?",
          Equation: "( 3.0 + 2.0 )",
          Answer: 5.0,
        },
      ],
      "AQuA.test.jsonl": [
        { question: "What is 1 + 1?", options: ["A)1", "B)2"], rationale: "So B", correct: "B" },
      ],
      "mawps.test.jsonl": [
        { id: 1, question: "1 and 2 ?", equation: "x=1+2", answer: "3.0" },
        { iIndex: 1, sQuestion: "1 and 2 ?", lEquations: ["x=1+2"], lSolutions: [3] },
      ],
      "ARC-Easy.test.jsonl": [
        {
          id: "a",
          question: { stem: "What?", choices: [{ text: "x", label: "A" }, { text: "y", label: "B" }] },
          answerKey: "B",
        },
      ],
    });
    const asked = async (name: ArithmeticName | "ARC-Easy") =>
      (await readAs(name, ".", folder)).map(([prompt, completion]) => [
        prompt!.replace(/^[^]*### Instruction:\n|\n\n### Response:\n$/g, ""),
        completion,
      ]);
    assert.deepEqual(await asked("SVAMP"), [["Ann has 3 pears. She gets 2 more. How many now?", "5"]]);
    assert.deepEqual(await asked("AQuA"), [["What is 1 + 1? Answer Choices: (A) 1 (B) 2", "B"]]);
    assert.deepEqual(await asked("mawps"), [["1 and 2 ?", "3.0"], ["1 and 2 ?", "3"]]);
    assert.deepEqual(await asked("ARC-Easy"), [[
      "Please choose the correct answer to the question: What?\n\nAnswer1: x Answer2: y\n\nAnswer format: answer1/answer2\n",
      "the correct answer is answer2",
    ]]);
    const mixed = suite("arithmetic", { data: ".", only: ["mawps"], trainedOn: "mixed" });
    await write(folder, {
      "mawps/trainset.json": [{ id: 1, question: "1 and 2 ?", equation: "x=1+2", answer: "3.0" }],
    });
    assert.deepEqual((await loadRows(mixed.train, folder)).map(({ completion }) => completion), ["x=1+2\n#### 3.0"]);
    await write(folder, {
      "AQuA.test.jsonl": [{ question: "?", options: ["A)1", "B)2"], rationale: "", correct: "C" }],
    });
    assert.match(await faultOf("AQuA", ".", folder), /the row's label "C" is not one of its options, "A", "B"/);
  }));

/** The error of reading a task's test rows. */
async function faultOf(name: TaskName, data: string, folder: string): Promise<string> {
  const fault = await loadRows(task(name, { data }).test, folder).then(() => "", (error: Error) => error.message);
  return fault.replaceAll(folder, "");
}

Deno.test("a folder with another layout is refused with what was expected and what was found", () =>
  inFolder(async (folder) => {
    await write(folder, {
      "other/questions.jsonl": [adapted],
      "twice/a/piqa.test.jsonl": [adapted],
      "twice/b/piqa.test.jsonl": [adapted],
      "form/piqa.test.jsonl": [{ text: "Hi", target: 1 }],
      "boolq.test.jsonl": [{ ...adapted, answer: "maybe" }],
    });
    await Deno.mkdir(join(folder, "empty"));
    assert.equal(
      await faultOf("boolq", "./other", folder),
      '"./other" has no file for the test rows of boolq, as in "boolq/test.json", "boolq.test.json", "boolq/val.json"; ' +
        'there are "questions.jsonl", give the path of one of them',
    );
    assert.match(await faultOf("boolq", "./empty", folder), /there are no rows in it$/);
    assert.match(await faultOf("boolq", "./nowhere", folder), /^"\.\/nowhere" is not a folder in/);
    assert.match(
      await faultOf("piqa", "./twice", folder),
      /has "a\/piqa\.test\.jsonl" and "b\/piqa\.test\.jsonl" for the test rows of piqa; give the path of one of them/,
    );
    assert.match(
      await faultOf("piqa", "./form", folder),
      /piqa\.test\.jsonl:1: the row has the fields text, target, but piqa has instruction, answer, or officially goal, sol1, sol2, label/,
    );
    assert.match(
      await faultOf("boolq", ".", folder),
      /boolq\.test\.jsonl:1: the row's label "maybe" is not one of its options, "true", "false"/,
    );
  }));

Deno.test("a task without a split, a rule or rows on the hub is reported, and names are checked", () => {
  assert.throws(
    () => Reflect.get(task("boolq"), "validation"),
    /the task boolq has no "validation"; choose settings on another task/,
  );
  assert.throws(() => task("AQuA").test, /the hub has no test rows of AQuA; give the file or the folder that has them/);
  assert.throws(
    () => task("mawps", { scoring: "llm-adapters", data: "." }).evaluation,
    /has no rule "llm-adapters"; use one/,
  );
  assert.throws(() => Reflect.apply(task, undefined, ["boolqq"]), /there is no task "boolqq"; did you mean "boolq"/);
  assert.throws(
    () => task("boolq", { halves: "datasets" }),
    /halves are of GLUE's validation sets, and boolq has none; omit them/,
  );
  assert.throws(() => Reflect.apply(task, undefined, ["rte", { halves: "numpy" }]), /halves.*"torch".*"datasets"/);
  assert.throws(() => suite("commonsense", { only: ["rte"] }), /commonsense has no task "rte"/);
  assert.throws(() => suite("glue", { data: "." }).train, /each task of glue trains its own model/);
});

Deno.test("a suite is trained on its own file, or on its tasks' rows, concatenated", () =>
  inFolder(async (folder) => {
    const other = { ...adapted, instruction: `Another?\n\nAnswer format: answer1/answer2`, answer: "answer2" };
    await write(folder, {
      "commonsense_170k/train.json": [adapted, other, other],
      "boolq/train.json": [adapted, adapted],
      "openbookqa/train.json": [other, other],
    });
    const only: readonly TaskName[] = ["boolq", "openbookqa"];
    const merged = await loadRows(suite("commonsense", { data: "." }).train, folder);
    const mixed = suite("commonsense", { data: ".", only, trainedOn: "mixed", rows: { train: 1 } });
    assert.deepEqual(merged.map(({ completion }) => completion.at(-1)), ["e", "2", "2"]);
    assert.deepEqual((await loadRows(mixed.train, folder)).map(({ completion }) => completion.at(-1)), ["e", "2"]);
    assert.deepEqual(Object.keys(mixed.tasks), only);
  }));
