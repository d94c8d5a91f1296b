/** Programs in the sandbox: HumanEval's own verdicts, and the outcome of hostile programs. @module */
import assert from "node:assert/strict";
import { code } from "../../pipelines/tasks/code.ts";
import { runPrograms } from "../../pipelines/tasks/run_programs.ts";
import { sandbox, usualLimits } from "../../pipelines/tasks/sandbox/sandbox.ts";
import { shownVerdict } from "../../pipelines/tasks/sandbox/verdict.ts";
import type { Fields } from "../../pipelines/data/files/raw_row.ts";
import { readGolden, readRows, taskFolder } from "../support/task_goldens.ts";

const place = { file: "rows.jsonl", line: 1 };
const ignore = taskFolder === undefined;
// On busy machines a second of wall-clock time is less time for the interpreter.
const patient = sandbox({ ...usualLimits, seconds: 10 });

/** HumanEval's verdicts on completions of one problem. */
interface Execution {
  readonly problem: Fields;
  readonly cases: readonly { readonly completion: string; readonly passed: boolean; readonly result: string }[];
}

Deno.test({
  name: "programs get HumanEval's own verdicts, word for word",
  ignore,
  async fn() {
    const { problem, cases } = await readGolden<Execution>("human_eval_exec");
    const written = cases.map(({ completion }) => ({ problem, generation: completion, place }));
    const verdicts = await runPrograms(code.humaneval, written, patient);
    assert.deepEqual(verdicts.map(shownVerdict), cases.map(({ result }) => result));
    assert.deepEqual(verdicts.map(({ kind }) => kind === "passed"), cases.map(({ passed }) => passed));
  },
});

Deno.test({
  name: "every reference solution of HumanEval passes",
  ignore,
  async fn() {
    const problems = await readRows<Fields>("code/humaneval");
    const written = problems.map((problem) => ({
      problem,
      generation: String(problem[code.humaneval.solution]),
      place,
    }));
    const verdicts = await runPrograms(code.humaneval, written, patient);
    const failed = verdicts.flatMap((verdict, at) =>
      verdict.kind === "passed" ? [] : [`${problems[at]!["task_id"]}: ${shownVerdict(verdict)}`]
    );
    assert.deepEqual([verdicts.length, failed], [164, []]);
  },
});

/** The refused actions, each with the text of its verdict. */
const hostile: readonly (readonly [name: string, program: string, verdict: RegExp])[] = [
  ["loops forever", "while True: pass", /^timed out$/],
  ["prints forever", "while True: print('x' * 10000)", /^timed out$/],
  ["writes to descriptors forever", "import os\nwhile True: os.write(1, b'x' * 10000)", /^timed out$/],
  ["allocates without end", "x = []\nwhile True: x.append(bytes(10 ** 8))", /^failed: $/],
  ["fills files", "n = 0\nwhile True:\n  open(f'/tmp/{n}', 'w').write('x' * 10 ** 6); n += 1", /No space left/],
  ["makes a file of a gigabyte", "open('/tmp/a', 'wb').truncate(10 ** 9)", /No space left/],
  ["leaves a gap in a file", "f = open('/tmp/a', 'wb'); f.seek(10 ** 9); f.write(b'x'); f.flush()", /No space left/],
  ["forks", "import os; os.fork()", /NoneType/],
  ["starts a process", "import subprocess; subprocess.run(['ls'])", /NoneType/],
  ["calls the system", "import posix; posix.system('ls')", /^failed/],
  ["starts a thread", "import threading; threading.Thread(target=print).start()", /can't start new thread/],
  ["reads the machine's files", "open('/etc/passwd').read()", /No such file/],
  ["opens a socket", "import socket; socket.create_connection(('127.0.0.1', 80))", /^(failed|timed out)/],
  ["reads JavaScript", "import js", /import of js halted/],
  ["reads Pyodide", "from pyodide.code import run_js; run_js('Deno.exit(0)')", /import of js halted/],
  ["ends the interpreter", "import os; os._exit(0)", /^failed: the interpreter/],
  ["overflows the stack", "x = []\nfor _ in range(200000): x = [x]\nrepr(x)", /^failed/],
  ["breaks memory", "import ctypes; ctypes.memset(0, 1, 10 ** 8)", /^failed/],
  ["reads its input", "input()", /^failed/],
  ["claims that it passed", 'import os; os.write(1, b\'{"kind":"passed"}\\n\'); assert False, "no"', /^failed: no$/],
  ["raises an unprintable error", "class E(Exception):\n  def __str__(self): return 1\nraise E", /^failed: TypeError/],
];

for (const [name, program, expected] of hostile) {
  Deno.test(`a program that ${name} gets a verdict`, async () => {
    assert.match(shownVerdict(await sandboxed.run(program)), expected);
  });
}

const sandboxed = sandbox({ ...usualLimits, seconds: 5 });

Deno.test("each program has its own interpreter", async () => {
  const mark = "import builtins\nassert not hasattr(builtins, 'mark')\nbuiltins.mark = open('/tmp/mark', 'x')";
  for (const _ of [1, 2]) assert.deepEqual(await sandboxed.run(mark), { kind: "passed" });
});

Deno.test("a program can't write to the machine", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const write = `import os\nos.makedirs(${JSON.stringify(folder)})\nopen(${
      JSON.stringify(`${folder}/a`)
    }, 'w').write('a')`;
    assert.deepEqual(await sandboxed.run(write), { kind: "passed" }, "its files are in memory");
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
