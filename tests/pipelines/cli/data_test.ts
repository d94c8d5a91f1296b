/** Runs with rows from files other than JSON Lines, and from a hub. @module */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { inProcessUnder } from "../../support/command.ts";
import { hasty, sha256, withHub } from "../../support/hub.ts";
import { inScene, type Scene, sceneRows } from "../../support/scene.ts";

const csvOf = (rows: typeof sceneRows) => "q,a\n" + rows.map(({ q, a }) => `"${q}",${a}\n`).join("");
const template = `{ prompt: "{q}\\n", completion: "{a}" }`;

/** The losses of a run's training. */
async function lossesOf(scene: Scene): Promise<unknown> {
  const { members: [{ stages }] } = JSON.parse(await Deno.readTextFile(scene.path("out", "results.json")));
  return stages[0].losses;
}

Deno.test("rows of CSV, JSON, gzip and a pattern of files train like those of JSON Lines", async () => {
  let expected: unknown;
  const data = [
    "rows",
    `refract.csv("./rows.csv", ${template})`,
    `refract.csv("./part-*.csv", ${template})`,
    `refract.json("./rows.json.gz", ${template}, { at: "rows" })`,
    `refract.csv("./part-1.csv", ${template}).concat(refract.csv("./part-2.csv", ${template}))`,
    `rows.map((row) => ({ ...row })).filter(() => true).unique("q")`,
  ];
  for (const each of data) {
    await inScene({ data: each }, async (scene) => {
      await scene.write("rows.csv", csvOf(sceneRows));
      await scene.write("part-1.csv", csvOf(sceneRows.slice(0, 3)));
      await scene.write("part-2.csv", csvOf(sceneRows.slice(3)));
      await scene.write("rows.json.gz", gzipSync(JSON.stringify({ rows: sceneRows })));
      const { code, stderr } = await scene.run();
      assert.equal(code, 0, stderr);
      assert.deepEqual(await lossesOf(scene), expected ??= await lossesOf(scene), each);
    });
  }
});

Deno.test("members that differ only by the function of a view have separate rows", () =>
  inScene({
    data: `refract.sweep("part", [rows.filter((_, at) => at < 4), rows.filter((_, at) => at >= 4)])`,
  }, async (scene) => {
    const { code, stderr } = await scene.run();
    assert.equal(code, 0, stderr);
    const { members } = JSON.parse(await Deno.readTextFile(scene.path("out", "results.json")));
    assert.notDeepEqual(members[0].stages[0].losses, members[1].stages[0].losses);
  }));

Deno.test("a manifest has the digests of a pattern's and a hub's files, and reproduces the run", () => {
  const jsonl = sceneRows.slice(4).map((row) => `${JSON.stringify(row)}\n`).join("");
  return withHub({ "datasets/o/n": { files: { "train.jsonl": jsonl } } }, (hub) =>
    inScene({
      data: `refract.csv("./part-*.csv", ${template}).concat(refract.hub("o/n", { split: "train" }, ${template}))`,
    }, async (scene) => {
      const parts = [csvOf(sceneRows.slice(0, 2)), csvOf(sceneRows.slice(2, 4))];
      for (const [at, part] of parts.entries()) await scene.write(`part-${at}.csv`, part);
      const env = { HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: scene.path("cache") };
      const command = (...args: readonly string[]) =>
        inProcessUnder({ hub: { env, timings: hasty } }, "run", ...args, ...scene.places);
      const first = await command(scene.pipeline);
      assert.equal(first.code, 0, first.stderr);
      const losses = await lossesOf(scene), manifest = await Deno.readTextFile(scene.path("out", "manifest.yaml"));
      const expected = [
        ["./part-0.csv", parts[0]!],
        ["./part-1.csv", parts[1]!],
        [`hub:o/n@${hub.commit("datasets/o/n")}/train.jsonl`, jsonl],
      ] as const;
      for (const [name, content] of expected) {
        assert.ok(manifest.includes(`    - path: ${name}\n      digest: ${sha256(content)}\n`), `${name}\n${manifest}`);
      }

      // Its paths are relative to the run's folder.
      await Deno.mkdir(scene.path("kept"));
      await Deno.copyFile(scene.path("out", "manifest.yaml"), scene.path("kept", "again.yaml"));
      await Deno.remove(scene.path("out"), { recursive: true });
      const again = await command(scene.path("kept", "again.yaml"));
      assert.equal(again.code, 0, again.stderr);
      assert.deepEqual(await lossesOf(scene), losses);

      await scene.write("part-1.csv", parts[1]!.replace("home", "away"));
      const changed = await command(scene.path("kept", "again.yaml"));
      assert.equal(changed.code, 2);
      assert.match(changed.stderr, /part-1\.csv/);
    }));
});

Deno.test("an evaluation on some or all training rows is reported with their number", async () => {
  const cases = [[
    "rows.slice(2, 7)",
    /^note: .*pipeline\.ts:20:19: 3 of the 5 rows that tuned evaluates on are among those that it trains on, the first is .*rows\.jsonl:5; see/m,
  ], [
    "rows.slice(5)",
    /^note: .*pipeline\.ts:20:19: all 3 rows that tuned evaluates on are rows that it trains on$/m,
  ]] as const;
  for (const [heldOut, note] of cases) {
    await inScene({ data: "rows.slice(4)", heldOut }, async (scene) => {
      const { code, stderr } = await scene.run();
      assert.equal(code, 0, stderr);
      assert.match(stderr, note);
    });
  }
});

Deno.test("rows with nested choices, like ARC's on the hub, are answered with one of them", () => {
  const rows = sceneRows.map(({ q, a, options }) => ({
    question: q,
    choices: { text: options, label: ["A", "B"] },
    answerKey: options[0] === a ? "A" : "B",
  }));
  const jsonl = rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  const preamble =
    `const arc = refract.hub("o/arc", { config: "ARC-Easy", split: "test" }, { prompt: "{question}\\n", ` +
    `completion: "{answer}" }).map((row) => ({ ...row, answer: row.choices.text[row.choices.label.indexOf(row.answerKey)] }));`;
  return withHub(
    { "datasets/o/arc": { files: { "ARC-Easy/test.jsonl": jsonl, "README.md": arcCard } } },
    (hub) =>
      inScene({
        preamble,
        data: "arc",
        heldOut: "arc",
        decoding: `choices("choices.text")`,
        metrics: "[accuracy()]",
      }, async (scene) => {
        const env = { HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: scene.path("cache") };
        const { code, stderr } = await inProcessUnder(
          { hub: { env, timings: hasty } },
          "run",
          scene.pipeline,
          ...scene.places,
        );
        assert.equal(code, 0, stderr);
        const predictions = await Deno.readTextFile(scene.path("out", "members", "main", "tuned", "predictions.jsonl"));
        assert.equal(predictions.trimEnd().split("\n").length, rows.length);
        for (const [at, line] of predictions.trimEnd().split("\n").entries()) {
          assert.ok(sceneRows[at]!.options.includes(JSON.parse(line).prediction), line);
        }
      }),
  );
});

const arcCard = `---
configs:
- config_name: ARC-Challenge
  data_files: other.jsonl
- config_name: ARC-Easy
  data_files:
  - split: test
    path: ARC-Easy/test*
---
`;
