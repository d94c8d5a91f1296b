/** The output of `deno task rows` for a pipeline's data sets. @module */
import assert from "node:assert/strict";
import { commandLine } from "../../../pipelines/cli/command_line.ts";
import { inProcess, terminalOf } from "../../support/command.ts";
import { preferring } from "../../support/preferring.ts";
import { inScene, type Scene, sceneRows } from "../../support/scene.ts";

const rowsOf = (scene: Scene, ...options: readonly string[]) =>
  inProcess("rows", scene.pipeline, "--store", scene.path("store"), ...options);

async function textOf(scene: Scene, ...options: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await rowsOf(scene, ...options);
  assert.equal(code, 0, stderr);
  return stdout.replaceAll(`${scene.folder}/`, "");
}

Deno.test("rows shows prompts, trained tokens and edited tokens, and counts repeated and shared rows", () =>
  inScene({ heldOut: "rows.slice(6)", positions: `"l2"` }, async (scene) => {
    const again = [...sceneRows, sceneRows[1]!, sceneRows[7]!];
    await scene.write("rows.jsonl", again.map((row) => `${JSON.stringify(row)}\n`).join(""));
    const text = await textOf(scene, "--rows", "1");
    assert.match(text, /^tokens: prompt · «taught, or expected by an evaluation» · \[edited\]\n/);
    assert.match(text, /\nloreft \(training\): 10 rows for model\n\nrows\.jsonl:1: \d+ tokens, \d+ taught\n/);
    assert.ok(text.includes("\n  <|begin|>The c[at⏎]\n  «sits<|end|>»\n"), text);
    assert.match(text, /\ntuned \(evaluation\): 4 rows for model\n\nrows\.jsonl:7: \d+ tokens, \d+ expected\n/);
    assert.match(text, /\nend: every completion ends with "<\|end\|>", which is appended to the data\n/);
    assert.match(text, /\nduplicates: 2 rows \(20 %\), the first is rows\.jsonl:9, as rows\.jsonl:2\n/);
    assert.match(
      text,
      /note: 3 of 3 different rows of tuned \(evaluation\) are in the rows of loreft \(training\), the first is rows\.jsonl:7, as/,
    );
    assert.equal(
      (await inProcess("data", scene.pipeline, "--store", scene.path("store"), "--rows", "1")).stdout.replaceAll(
        `${scene.folder}/`,
        "",
      ),
      text,
    );
  }));

Deno.test("rows lists tokens with their ids, and marks truncation", () =>
  inScene({ trainSettings: "maxLength: 24" }, async (scene) => {
    await scene.write(
      "rows.jsonl",
      [...sceneRows, { q: "word ".repeat(200), a: "x" }].map((row) => JSON.stringify(row)).join("\n"),
    );
    const inspected = JSON.parse((await rowsOf(scene, "--rows", "9", "--json")).stdout);
    const [training] = inspected.data;
    assert.equal(training.rows, 9);
    const long = training.first.at(-1).tokens, cut = long.filter(({ isCut }: { isCut: boolean }) => isCut);
    assert.ok(
      cut.length > 200 && cut.length === training.cut.tokens - training.first.slice(0, -1)
              .flatMap(({ tokens }: { tokens: { isCut: boolean }[] }) => tokens.filter(({ isCut }) => isCut)).length,
    );
    assert.equal(long[0].isCut, false, "the special token before the text stays");
    assert.equal(long.length - cut.length, 24);
    const text = await textOf(scene, "--rows", "1", "--ids");
    assert.match(text, /at +id +piece +part +use +edits\n[─ ]+\n 0 +0 +"<\|begin\|>" +prompt\n/);
    assert.match(text, /"<\|end\|>" +completion +taught\n/);
    assert.match(text, /\ncut: 1 row \(11 %\) loses \d+ tokens to maxLength: 24\n/);
  }));

Deno.test("rows shows both answers of a preference and the edited tokens of each, and counts both", () =>
  inScene(preferring("dpo({ beta: 0.1 })", { positions: `"l1"`, stages: "{ tuned }" }), async (scene) => {
    const text = await textOf(scene, "--rows", "1");
    assert.match(text, /^tokens: prompt · «taught, or expected by an evaluation» · \[edited\] · »rejected«\n/);
    assert.match(text, /\nrecords:1: \d+ tokens, \d+ chosen, \d+ rejected\n/);
    assert.ok(text.includes("\n  <|begin|>The cat[⏎]\n  «sits<|end|>»\n  »late<|end|>«\n"), text);
    const [training] = JSON.parse((await rowsOf(scene, "--rows", "8", "--json")).stdout).data;
    const tokens = training.first.flatMap((row: { tokens: { isTaught: boolean }[] }) => row.tokens);
    assert.equal(training.taughtTokens, tokens.filter(({ isTaught }: { isTaught: boolean }) => isTaught).length);
    assert.equal(
      training.lengths.reduce((sum: number, [length, rows]: number[]) => sum + length! * rows!, 0),
      tokens.length,
    );
    assert.match(await textOf(scene, "--rows", "1", "--ids"), /"<\|end\|>" +rejected +rejected\n/);
  }));

Deno.test("rows shows where a completion is cut", () =>
  inScene({ trainSettings: 'maxLength: 24, truncate: "right"' }, async (scene) => {
    await scene.write("rows.jsonl", JSON.stringify({ q: "It is", a: "word ".repeat(200) }) + "\n");
    const [training] = JSON.parse((await rowsOf(scene, "--json")).stdout).data;
    const [{ tokens }] = training.first as [{ tokens: { isCut: boolean; isTaught: boolean; part: string }[] }];
    const cut = tokens.findIndex(({ isCut }) => isCut);
    assert.deepEqual([cut, training.cut], [24, { rows: 1, tokens: tokens.length - 24 }]);
    assert.ok(tokens.slice(24).every(({ isCut, isTaught, part }) => isCut && !isTaught && part === "completion"));
  }));

Deno.test("rows counts rows that are too long for the model", () =>
  inScene({}, async (scene) => {
    const long = { q: "word ".repeat(200), a: "x" };
    await scene.write("rows.jsonl", [...sceneRows, long].map((row) => JSON.stringify(row)).join("\n"));
    assert.match(
      await textOf(scene),
      /\ntoo long: 1 row past the \d+ tokens that the model reads, the first is rows\.jsonl:9; a run refuses them/,
    );
  }));

Deno.test("rows are in colour if the terminal has colours, and control characters are escaped", () =>
  inScene({}, async (scene) => {
    await scene.write("rows.jsonl", `${JSON.stringify({ q: "a \x1b[31m b", a: "c" })}\n`.repeat(8));
    const { terminal, outcome } = terminalOf(true);
    assert.equal(await commandLine(["rows", scene.pipeline, "--rows", "1"], terminal), 0);
    const { stdout } = outcome();
    assert.ok(stdout.includes("\x1b[32mc<|end|>\x1b[0m"), stdout);
    assert.ok(!stdout.includes("\x1b[31m"), stdout);
  }));

Deno.test("rows refuses whatever a run would refuse", () =>
  inScene({}, async (scene) => {
    await scene.write("rows.jsonl", `${JSON.stringify({ q: "a" })}\n`);
    const { code, stderr } = await rowsOf(scene);
    assert.equal(code, 2);
    assert.match(stderr, /rows\.jsonl:1: the row has no field "a"/);
  }));

Deno.test("rows shows choices, separates edits of different tokens, and counts the members of each", () =>
  inScene({
    positions: 'sweep("positions", ["l1", "f1"])',
    rank: 'sweep("rank", [1, 2])',
    metrics: "[accuracy()]",
    decoding: 'choices(["sits", "home"])',
    heldOut: "rows.take(3)",
  }, async (scene) => {
    const text = await textOf(scene);
    for (const positions of ["l1", "f1"]) {
      assert.match(
        text,
        new RegExp(`\\nloreft \\(training\\) of positions=${positions},rank=1 and 1 more member: 8 rows`),
      );
    }
    assert.match(text, /\n {2}\[<\|begin\|>\]The/);
    assert.match(text, /\n {2}«sits<\|end\|>»\n {2}choices: «"sits"» ‹"home"›\n/);
    assert.match(text, /\nchoices: 1 row \(33 %\) whose completion is not among the choices\n/);
  }));

Deno.test("rows counts labels, and shows the edits of a model with a head", () => {
  const head = 'refract.classification({ labels: ["short", "long"] })';
  const training = "{ data, epochs, batchSize, optimizer }";
  return inScene({
    data:
      'jsonl("./rows.jsonl", { text: "{q}", label: "{options}" }).map((row) => ({ ...row, options: row.q.length > 12 ? "long" : "short" }))',
    stages: `{ alone: train(base.with(${head}), ${training}), edited: train(edited.with(${head}), ${training}) }`,
  }, async (scene) => {
    const text = await textOf(scene);
    assert.match(
      text,
      /\nalone \(training\), edited \(training\): 8 rows for model\n\nrows\.jsonl:1: \d+ tokens, label "short"\n/,
    );
    assert.match(text, /The c\[at\]/);
    assert.match(text, /\nlabels: long 5, short 3\n/);
    assert.doesNotMatch(text, /taught: /);
  });
});

Deno.test("rows that a model's chat template does not format are noted once, and others are not", () =>
  inScene({ heldOut: "rows.take(2)" }, async (scene) => {
    assert.equal((await rowsOf(scene)).stderr, "");
    await scene.write("model/chat_template.jinja", "{{ messages[0]['content'] }}");
    assert.match(
      (await rowsOf(scene)).stderr,
      /^note: [^\n]+pipeline\.ts:\d+:\d+: the model has a chat template, but these rows are formatted without it; chat\(…\) applies it\n$/,
    );
  }));
