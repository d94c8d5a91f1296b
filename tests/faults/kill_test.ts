/** Commands that die, or whose calls the system refuses, at any change of a file; and what the same command makes of it. @module */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { leftBehind } from "../support/left_behind.ts";
import { ownArguments, treeOf } from "../support/command.ts";
import { inFolder } from "../pipelines/models/support.ts";
import { choicesOf, countOf, seed, tell } from "./support/form.ts";
import { countedBy, type Fault, faultEnv, type Preload, preloadIn } from "./support/preload.ts";
import { type Attempted, commandsIn, letAge, makeWorkplace, putBack, temporariesIn } from "./support/workplace.ts";

/** The system's numbers of what may go wrong, on Linux. */
const errnos = { EIO: 5, EACCES: 13, EMFILE: 24, ENOSPC: 28, EROFS: 30, EDQUOT: 122 } as const;

interface Ended {
  readonly code: number;
  readonly signal: string | null;
  readonly stderr: string;
}

async function runs(args: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const { code, signal, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ownArguments(args),
    cwd,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  return { code, signal, stderr: new TextDecoder().decode(stderr) };
}

async function toEnd(args: readonly string[], cwd: string): Promise<void> {
  const { code, stderr } = await runs(args, cwd);
  assert.equal(code, 0, stderr);
}

/** The bytes of what a command leaves, by path; of a run's folder without its times. */
async function left(root: string, { leaves }: Attempted): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for (const path of leaves) {
    const { isFile } = await Deno.stat(join(root, path));
    if (isFile) found[path] = (await Deno.readFile(join(root, path))).toHex();
    else {for (const [name, bytes] of Object.entries(await leftBehind(join(root, path)))) {
        found[join(path, name)] = bytes;
      }}
  }
  return found;
}

/** A place to work in, what each command leaves there when nothing goes wrong, and how many changes it makes. */
interface Bench {
  readonly root: string;
  readonly template: string;
  readonly preload: Preload;
  readonly expected: ReadonlyMap<string, { readonly left: Readonly<Record<string, string>>; readonly changes: number }>;
}

async function onBench(test: (bench: Bench) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    const preload = await preloadIn(folder);
    if (preload === undefined) return;
    const root = join(folder, "place"), template = join(folder, "template");
    await makeWorkplace(root, (args) => toEnd(args, root));
    await putBack(root, template);
    const expected = new Map();
    for (const [name, command] of Object.entries(commandsIn(root))) {
      await putBack(template, root);
      const { code, stderr } = await runs(command.args, root, faultEnv(preload, root));
      assert.equal(code, 0, `${name}: ${stderr}`);
      expected.set(name, { left: await left(root, command), changes: countedBy(preload) });
    }
    await test({ root, template, preload, expected });
  });
}

/** Runs a command with a fault, then without; what it leaves is the same as without any. */
async function attempt({ root, template, preload, expected }: Bench, name: string, fault: Fault): Promise<Ended> {
  const command = commandsIn(root)[name]!, what = `${name}, ${JSON.stringify(fault)}`;
  await putBack(template, root);
  const ended = await runs(command.args, root, faultEnv(preload, root, fault));
  letAge(root);
  // One that went on has done its work, and would refuse the folder that it made.
  const { code, stderr } = ended.code === 0 ? ended : await runs(command.args, root);
  assert.equal(code, 0, `${what}: ${stderr}\nafter: ${ended.stderr}`);
  assert.deepEqual(await left(root, command), expected.get(name)!.left, what);
  assert.deepEqual(temporariesIn(root), [], `${what} leaves nothing half written`);
  const outside = treeOf(dirname(root)).filter((path) => !/^(place|template)\/|^(faults\.so|count)$/.test(path));
  assert.deepEqual(outside, [], `${what} leaves nothing elsewhere`);
  return ended;
}

/** Commands in turn, each with one of its changes. */
function* attempts({ expected }: Bench, count: number, from: number): Generator<[string, number]> {
  const names = [...expected.keys()].filter((name) => expected.get(name)!.changes > 0), { below } = choicesOf(from);
  for (let at = 0; at < count; at++) {
    const name = names[(at + from) % names.length]!;
    yield [name, 1 + below(expected.get(name)!.changes)];
  }
}

Deno.test("whatever dies at whatever change of a file, the same command comes to the same bytes and leaves nothing", () =>
  onBench(async (bench) => {
    const count = countOf({ short: 12, long: 1000 }), tried = new Map<string, number>();
    let cuts = 0;
    for (const [name, at] of attempts(bench, count, seed)) {
      const does = (tried.size + cuts + at) % 3 === 0 ? "cut" : "kill";
      const { signal, stderr } = await attempt(bench, name, { at, does });
      // Background work may make one change less than it did before.
      if (signal !== "SIGKILL") assert.ok(at >= bench.expected.get(name)!.changes - 5, `${name}, ${at}: ${stderr}`);
      if (does === "cut") cuts++;
      tried.set(name, (tried.get(name) ?? 0) + 1);
    }
    tell(`${count} deaths of ${tried.size} commands, ${cuts} of them power cuts: 0 differences, 0 leftovers`);
  }));

Deno.test("whatever the system refuses, a command says so in one line or goes on, and comes to the same bytes next", () =>
  onBench(async (bench) => {
    const count = countOf({ short: 10, long: 500 }), { of } = choicesOf(seed + 1);
    let refused = 0;
    for (const [name, at] of attempts(bench, count, seed + 1)) {
      const errno = of(Object.keys(errnos) as (keyof typeof errnos)[]), stays = of([true, false]);
      const { code, signal, stderr } = await attempt(bench, name, { at, does: errnos[errno], stays });
      const what = `${name}, ${errno} at ${at}${stays ? " and on" : ""}: ${stderr}`;
      assert.equal(signal, null, what);
      const errors = stderr.split("\n").filter((line) => /^error: |^\s+at /.test(line));
      if (code === 0) assert.deepEqual(errors, [], what);
      else {
        refused++;
        assert.equal(errors.length, 1, what);
        assert.ok(!stderr.includes("should not happen"), what);
        assert.ok(code === 1 || code === 2, what);
      }
    }
    tell(`${count} errors of the system, ${refused} of which ended the command in one line`);
  }));
