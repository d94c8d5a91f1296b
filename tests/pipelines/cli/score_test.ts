/** `deno task score` in this process. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { inProcess } from "../../support/command.ts";

/** Runs `score` on lines of a file. */
async function score(lines: readonly unknown[], ...args: readonly string[]) {
  const folder = await Deno.makeTempDir(), file = join(folder, "answers.jsonl");
  try {
    await Deno.writeTextFile(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    const outcome = await inProcess("score", ...args, file);
    return { ...outcome, stderr: outcome.stderr.replaceAll(file, "answers.jsonl") };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("score prints one verdict per line in Python's notation, and the mean on stderr", async () => {
  const outcome = await score(
    [
      { generation: "It is 15", label: 15 },
      { generation: "none", label: "7" },
      { generation: "-0", label: "0" },
      { prompt: "no trigger", generation: "7", label: "7" },
      { prompt: null, generation: "é: A", label: "A" },
    ],
    ...["SVAMP", "--scoring", "pyreft"],
  );
  assert.deepEqual(outcome, {
    code: 0,
    stdout: [
      '{"extracted": 15.0, "correct": true}',
      '{"extracted": "inf", "correct": false}',
      '{"extracted": -0.0, "correct": true}',
      '{"extracted": "inf", "correct": false}',
      '{"extracted": "A", "correct": true}',
      "",
    ].join("\n"),
    stderr: "0.6 (3 of 5) by pyreft on SVAMP\n",
  });
});

for (
  const [name, content] of [
    ["answers.csv", "generation,label\nIt is 15,15\nnone,7\n"],
    ["answers.tsv", "generation\tlabel\nIt is 15\t15\nnone\t7\n"],
    ["answers.jsonl", '[{"generation":"It is 15","label":15},{"generation":"none","label":"7"}]'],
    ["answers", '{"generation":"It is 15","label":15}\n{"generation":"none","label":"7"}\n'],
  ] as const
) {
  Deno.test(`score reads ${name} as what it holds: ${content.slice(0, 12)}`, async () => {
    const folder = await Deno.makeTempDir(), file = join(folder, name);
    try {
      await Deno.writeTextFile(file, content);
      const { code, stderr } = await inProcess("score", "SVAMP", "--scoring", "pyreft", file);
      assert.deepEqual([code, stderr], [0, "0.5 (1 of 2) by pyreft on SVAMP\n"]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("score reports in one line a row that it can't judge, and prints no verdict", async () => {
  const row = { generation: "1", label: "1" };
  const refused = async (lines: readonly unknown[], task = "SVAMP", rule = "llm-adapters") => {
    const { code, stdout, stderr } = await score(lines, task, "--scoring", rule);
    assert.deepEqual([code, stdout], [2, ""]);
    return stderr;
  };
  assert.equal(
    await refused([row, { generation: "1", label: "one" }]),
    'error: answers.jsonl:2: the label "one" is not a number, which LLM-Adapters\' rule compares; correct it\n',
  );
  assert.match(
    await refused([{ label: "1", text: "1" }]),
    /jsonl:1: the row has no field "generation"; use one of those/,
  );
  assert.match(await refused([{ generation: ["1"], label: "1" }]), /jsonl:1: the field "generation" is not text; /);
  assert.match(
    await refused([row], "mawps"),
    /the task "mawps" has no rule "llm-adapters"; use one of those it has: "pyre/,
  );
  assert.match(await refused([row], "SVAMPS"), /there is no task "SVAMPS"; did you mean "SVAMP" /);
});

Deno.test("score refuses incomplete problems before it runs a program", async () => {
  const problem = { task_id: "own/0", prompt: "def twice(x):\n", test: "def check(f): pass", entry_point: "twice" };
  const refused = async (row: unknown, rule = "human-eval") => {
    const { code, stdout, stderr } = await score([row], "humaneval", "--scoring", rule);
    assert.deepEqual([code, stdout], [2, ""]);
    return stderr;
  };
  assert.match(
    await refused({ ...problem, generation: "", entry_point: "thrice" }),
    /jsonl:1: the problem's entry_point "thrice" is not a function that its prompt begins; name the one that the tests call/,
  );
  assert.match(
    await refused({ task_id: "own/0", generation: "" }),
    /jsonl:1: the problem's field "prompt" is missing; /,
  );
  assert.match(
    await refused(problem),
    /jsonl:1: the row has no field "generation", the program that a model wrote; add/,
  );
  assert.match(await refused({ ...problem, task_id: undefined, generation: "" }), /no field "task_id", which names/);
  assert.match(await refused(problem, "pyreft"), /the task "humaneval" has no rule "pyreft"; .*"human-eval"/);
});
