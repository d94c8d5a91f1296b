/**
 * Eight processes that share a store, like machines without common locks, while a fault kills some of them at a change
 * of a file.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inFolder } from "../pipelines/models/support.ts";
import { choicesOf, countOf, seed, tell } from "./support/form.ts";
import { countedBy, type Fault, faultEnv, type Preload, preloadIn } from "./support/preload.ts";

const program = fileURLToPath(new URL("./support/claiming.ts", import.meta.url));
const processes = 8, entries = 12;

interface Line {
  readonly what: string;
  readonly entry: number;
  readonly pid: number;
}

/** Starts the processes, one of them with a fault, and returns their logs and the killed ones. */
async function together(folder: string, preload: Preload, fault: Fault | undefined, oneMachine: boolean) {
  const store = join(folder, "store"), log = join(folder, "log");
  await Deno.mkdir(store);
  await Deno.writeTextFile(log, "");
  const started = await Promise.all(Array.from({ length: processes }, async (_, at) => {
    // Machines have separate folders of temporary files, and share no locks.
    const args = [
      "run",
      "--no-check",
      "--quiet",
      "--no-prompt",
      ...["--allow-read", "--allow-write", "--allow-env"],
      // A process without permission to read its machine's name counts as a separate machine.
      ...oneMachine ? ["--allow-sys=hostname"] : [],
      program,
      store,
      log,
      `${entries}`,
      `${at}`,
    ];
    const faults = at === 0 ? faultEnv(preload, store, fault) : {};
    const child = new Deno.Command(Deno.execPath(), {
      args,
      env: { NO_COLOR: "1", ...faults },
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const { code, signal, stderr } = await child.output();
    return { pid: child.pid, code, signal, stderr: new TextDecoder().decode(stderr) };
  }));
  const text = (await Deno.readTextFile(log)).trimEnd();
  const lines = text.split("\n").map((line): Line => {
    const [what = "", entry, pid] = line.split(" ");
    return { what, entry: Number(entry), pid: Number(pid) };
  });
  const held = await Array.fromAsync(Deno.readDir(join(store, "leases")), ({ name }) => name).catch(() => []);
  const changes = countedBy(preload);
  for (const name of ["store", "log"]) await Deno.remove(join(folder, name), { recursive: true });
  return { started, lines, held, changes };
}

/**
 * Asserts that each entry was computed by one process, and by another only if the first was killed while computing it.
 */
function assertMadeOnce(lines: readonly Line[], dead: ReadonlySet<number>, what: string): void {
  for (let entry = 0; entry < entries; entry++) {
    const begun = lines.filter((line) => line.what === "begin" && line.entry === entry).map(({ pid }) => pid);
    const living = begun.filter((pid) => !dead.has(pid));
    assert.ok(begun.length > 0 && living.length <= 1, `${what}: entry ${entry} was made by ${begun.join(", ")}`);
    assert.ok(begun.length <= 2, `${what}: entry ${entry} was made ${begun.length} times`);
  }
}

for (const oneMachine of [true, false]) {
  const where = oneMachine ? "one machine" : "machines without common locks";
  Deno.test(`each entry is computed once by eight processes on ${where}, wherever one of them is killed`, () =>
    inFolder(async (folder) => {
      const preload = await preloadIn(folder);
      if (preload === undefined) return;
      const whole = await together(folder, preload, undefined, oneMachine);
      assert.deepEqual(whole.started.map(({ code, stderr }) => [code, stderr]), Array(processes).fill([0, ""]));
      assertMadeOnce(whole.lines, new Set(), "nobody died");
      assert.deepEqual(whole.held, []);
      const { below } = choicesOf(seed + (oneMachine ? 1 : 2)), count = countOf({ short: 3, long: 100 });
      let died = 0;
      for (let each = 0; each < count; each++) {
        const fault = { at: 1 + below(Math.max(1, whole.changes)), does: "kill" } as const;
        const { started, lines } = await together(folder, preload, fault, oneMachine), what = JSON.stringify(fault);
        const [first, ...others] = started, dead = new Set(first!.signal === null ? [] : [first!.pid]);
        assert.deepEqual(others.map(({ code, stderr }) => [code, stderr]), Array(processes - 1).fill([0, ""]), what);
        assertMadeOnce(lines, dead, what);
        died += dead.size;
      }
      tell(
        `${count} times eight processes on ${where}, ${died} of which died: each entry made once by those that lived`,
      );
    }));
}
