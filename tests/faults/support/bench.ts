/** Runs commands with faults, and compares them with the same commands without faults. @module */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { inProcessUnder, ownArguments, treeOf } from "../../support/command.ts";
import { hasty, sha256 } from "../../support/hub.ts";
import { leftBehind } from "../../support/left_behind.ts";
import { inFolder } from "../../pipelines/models/support.ts";
import { choicesOf } from "./form.ts";
import { countedBy, type Fault, faultEnv, type Preload, preloadIn } from "./preload.ts";
import {
  type Attempted,
  commandsIn,
  environmentOf,
  letAge,
  makeWorkplace,
  putBack,
  type Services,
  temporariesIn,
  withServices,
} from "./workplace.ts";

/** How a command ended. */
export interface Ended {
  readonly code: number;
  readonly signal: string | null;
  readonly stderr: string;
}

/** The files that a command leaves without a fault, and the number of moments at which one can be injected. */
interface Expected {
  readonly left: Readonly<Record<string, string>>;
  readonly moments: number;
}

/** A folder to work in, and the expected result of each command there. */
export interface Bench {
  readonly root: string;
  readonly template: string;
  readonly preload: Preload;
  readonly services: Services;
  /** Counts for the commands tried so far. */
  readonly expected: Map<string, Expected>;
}

/** Runs a test on a bench; skips it with a message where faults can't be injected. */
export async function onBench(test: (bench: Bench) => Promise<void>): Promise<void> {
  await inFolder((folder) =>
    withServices(async (services) => {
      const preload = await preloadIn(folder);
      if (preload === undefined) return;
      const root = join(folder, "place"), template = join(folder, "template");
      await makeWorkplace(root, async (args) => {
        const { code, stderr } = await undisturbed(args, root, services);
        assert.equal(code, 0, stderr);
      });
      await putBack(root, template);
      await test({ root, template, preload, services, expected: new Map() });
    })
  );
}

/** Runs a command without a fault. */
async function undisturbed(args: readonly string[], root: string, services: Services): Promise<Ended> {
  const hub = { env: environmentOf(root, services), timings: hasty };
  const { code, stderr } = await inProcessUnder({ hub }, ...args);
  return { code, signal: null, stderr };
}

async function expectedOf(bench: Bench, name: string): Promise<Expected> {
  const known = bench.expected.get(name);
  if (known !== undefined) return known;
  const command = commandsIn(bench.root, bench.services)[name]!;
  await reset(bench, command);
  const { ended: { code, stderr }, moments } = await disturbed(bench, command);
  assert.equal(code, 0, `${name}: ${stderr}`);
  const expected = { left: await left(bench, command), moments };
  bench.expected.set(name, expected);
  return expected;
}

/** Runs a command in a separate process, with a fault at one of its moments. */
async function disturbed(
  { root, preload, services }: Bench,
  { args, writes }: Attempted,
  fault?: Fault,
): Promise<{ readonly ended: Ended; readonly moments: number }> {
  const [first = "", ...others] = ownArguments(args), isRemote = writes !== undefined;
  const child = new Deno.Command(Deno.execPath(), {
    args: [first, "--allow-net=127.0.0.1", ...others],
    cwd: root,
    env: {
      NO_COLOR: "1",
      ...environmentOf(root, services),
      ...faultEnv(preload, root, isRemote ? undefined : fault),
    },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let moments = 0;
  services.hub.moment = () => {
    moments++;
    if (isRemote && moments === fault?.at) child.kill("SIGKILL");
  };
  const { code, signal, stderr } = await child.output();
  services.hub.moment = () => {};
  const ended = { code, signal, stderr: new TextDecoder().decode(stderr) };
  return { ended, moments: isRemote ? moments : countedBy(preload) };
}

async function reset({ template, root, services }: Bench, { writes }: Attempted): Promise<void> {
  await putBack(template, root);
  if (writes !== undefined) services.hub.forget(writes);
}

/** The digests of the files that a command leaves, by path; those of a run's folder ignore times. */
async function left({ root, services }: Bench, { leaves, writes }: Attempted): Promise<Expected["left"]> {
  const found: Record<string, string> = {};
  for (const path of leaves) {
    const { isFile } = await Deno.stat(join(root, path));
    if (isFile) {
      found[path] = sha256(await Deno.readFile(join(root, path)));
      continue;
    }
    for (const [name, content] of Object.entries(await leftBehind(join(root, path)))) {
      found[join(path, name)] = sha256(content);
    }
  }
  for (const [path, bytes] of (writes === undefined ? undefined : services.hub.files(writes)) ?? []) {
    found[`${writes}/${path}`] = sha256(bytes);
  }
  return found;
}

/** Runs a command with a fault, then without; asserts that it leaves the same as without any fault. */
export async function attempt(bench: Bench, name: string, fault: Fault): Promise<Ended> {
  const { root, services } = bench, command = commandsIn(root, services)[name]!;
  const what = `${name}, ${JSON.stringify(fault)}`;
  await reset(bench, command);
  const { ended } = await disturbed(bench, command, fault);
  letAge(root);
  const leftovers = temporariesIn(root);
  // A command that continued has done its work, and would refuse the folder that it wrote.
  if (ended.code !== 0) {
    const { code, stderr } = command.isOfProcess
      ? (await disturbed(bench, command)).ended
      : await undisturbed(command.args, root, services);
    assert.equal(code, 0, `${what}: ${stderr}\nafter: ${ended.stderr}`);
  } else if (fault.stays === true && leftovers.length > 0) {
    // A command that can't remove files leaves them to the next command, even if that one fails.
    await undisturbed(command.args, root, services);
  }
  assert.deepEqual(await left(bench, command), (await expectedOf(bench, name)).left, what);
  assert.deepEqual(temporariesIn(root), [], `${what} leaves nothing half written`);
  const outside = treeOf(dirname(root)).filter((path) => !/^(place|template)\/|^(faults\.so|count)$/.test(path));
  assert.deepEqual(outside, [], `${what} leaves nothing elsewhere`);
  return ended;
}

/** All commands in turn, each with one of its moments; `local` are those that write files. */
export async function* attempts(
  bench: Bench,
  count: number,
  from: number,
  of: "all" | "local" = "all",
): AsyncGenerator<[string, number]> {
  const names = Object.entries(commandsIn(bench.root, bench.services))
    .flatMap(([name, { writes }]) => of === "all" || writes === undefined ? [name] : []);
  const { below } = choicesOf(from);
  for (let at = 0, given = 0; given < count; at++) {
    const name = names[(at + from) % names.length]!, { moments } = await expectedOf(bench, name);
    // A command that changes nothing has no moments.
    if (moments === 0) continue;
    yield [name, 1 + below(moments)];
    given++;
  }
}
