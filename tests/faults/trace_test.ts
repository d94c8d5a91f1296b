/** The system calls of a command, recorded by strace: no network, and only the files that it is given. @module */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { inFolder } from "../pipelines/models/support.ts";
import { countOf, tell } from "./support/form.ts";

const entry = fileURLToPath(new URL("../../pipelines/cli/refract.ts", import.meta.url));
const root = dirname(fileURLToPath(new URL("../../deno.json", import.meta.url)));

/** Whether strace exists and may trace. */
const hasStrace = Deno.build.os === "linux" &&
  await new Deno.Command("strace", { args: ["-f", "true"], stdout: "null", stderr: "null" }).output()
    .then(({ success }) => success, () => false);
if (!hasStrace) console.log("skipped: what commands ask of the system is seen by strace, which is not here");

/** A folder in which a command runs as a user would start it. */
interface Place {
  readonly base: string;
  readonly work: string;
}

/** A system call. */
interface Call {
  readonly name: string;
  readonly line: string;
  /** The paths in its arguments, absolute. */
  readonly paths: readonly string[];
}

async function inPlace(test: (place: Place) => Promise<void>): Promise<void> {
  await inFolder(async (base) => {
    for (const name of ["home/.ssh", "work", "tmp"]) await Deno.mkdir(join(base, name), { recursive: true });
    await Deno.writeTextFile(join(base, "home/.ssh/id_rsa"), "secret");
    await test({ base, work: join(base, "work") });
  });
}

const cache = await (async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return String(JSON.parse(new TextDecoder().decode(stdout)).denoDir);
})();

/** Runs a command through the launcher, with its own permissions. */
async function traced(
  { base, work }: Place,
  args: readonly string[],
  until?: (text: string) => boolean,
): Promise<{ readonly code: number; readonly text: string; readonly calls: readonly Call[] }> {
  const trace = join(base, "trace");
  const child = new Deno.Command("strace", {
    args: [
      ...["-f", "--seccomp-bpf", "-s", "4096", "-e", "trace=%network,%file", "-o", trace],
      ...[
        Deno.execPath(),
        "run",
        "--quiet",
        "--no-prompt",
        "--allow-read",
        "--allow-env",
        "--allow-run",
        entry,
        ...args,
      ],
    ],
    cwd: work,
    clearEnv: true,
    env: {
      PATH: Deno.env.get("PATH") ?? "",
      HOME: join(base, "home"),
      TMPDIR: join(base, "tmp"),
      DENO_DIR: cache,
      DENO_NO_UPDATE_CHECK: "1",
      NO_COLOR: "1",
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let text = "";
  const read = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => {
    for await (const part of stream.pipeThrough(new TextDecoderStream())) {
      text += part;
      if (until?.(text) === true) { for (const pid of childrenOf(child.pid)) Deno.kill(pid, "SIGINT"); }
    }
  };
  await Promise.all([read(child.stdout), read(child.stderr)]);
  const { code } = await child.status;
  return { code, text, calls: completed(await Deno.readTextFile(trace)).flatMap((line) => callOf(line, work)) };
}

/** The lines of a trace, where those of calls that other threads interrupted are joined again. */
function completed(trace: string): string[] {
  const begun = new Map<string, string>(), lines: string[] = [];
  for (const line of trace.split("\n")) {
    const [pid = ""] = line.split(" ", 1), start = /^(.*) <unfinished \.\.\.>$/.exec(line)?.[1];
    const end = /^\d+ +<\.\.\. \w+ resumed>(.*)$/.exec(line)?.[1];
    if (start !== undefined) begun.set(pid, start);
    else if (end === undefined) lines.push(line);
    else {
      lines.push(`${begun.get(pid) ?? ""}${end}`);
      begun.delete(pid);
    }
  }
  return [...lines, ...begun.values()];
}

/** The child processes of a process: strace itself ignores signals. */
function childrenOf(pid: number): number[] {
  return Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim().split(" ").map(Number);
}

/** A call that started or completed; a call that failed because the file does not exist was still an attempt. */
function callOf(line: string, work: string): Call[] {
  const [, name = "", rest = ""] = /^\d+ +(\w+)\((.*)$/.exec(line) ?? [];
  if (name === "") return [];
  const named = [...rest.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, path = ""]) => path);
  return [{ name, line, paths: named.map((path) => path.startsWith("/") ? path : join(work, path)) }];
}

const changes =
  /^(creat|mkdir|mkdirat|rename|renameat|renameat2|link|linkat|symlink|symlinkat|unlink|unlinkat|truncate)$/;
const network = /^(connect|bind|sendto|sendmsg|sendmmsg|listen)$/;

/** Whether a path is a folder or in it. */
const isIn = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`);

/** Calls that would reach another machine; those between the processes themselves have no address family. */
function reaching(calls: readonly Call[]): string[] {
  return calls.filter(({ name, line }) => {
    return network.test(name) && /AF_INET6?/.test(line) && !/inet_addr\("127\.|inet_pton\(AF_INET6, "::1"/.test(line);
  }).map(({ line }) => line);
}

/** Changed files, except those in some folders. */
function changed(calls: readonly Call[], allowed: readonly string[]): string[] {
  return calls.flatMap(({ name, line, paths }) => {
    const writes = changes.test(name) || /^open(at)?$/.test(name) && /O_WRONLY|O_RDWR|O_CREAT/.test(line);
    return writes ? paths.filter((path) => ![...allowed, "/dev", "/proc"].some((folder) => isIn(path, folder))) : [];
  });
}

/** The programs that were started, except Deno. */
function started(calls: readonly Call[]): string[] {
  return calls.flatMap(({ name, paths: [program = ""] }) => {
    return name === "execve" && program !== Deno.execPath() ? [program] : [];
  });
}

/** All accesses within a folder, except those in some subfolders. */
function touched(calls: readonly Call[], { base }: Place, allowed: readonly string[]): string[] {
  return calls.filter(({ name }) => !network.test(name)).flatMap(({ name, paths, line }) => {
    // Reading a path's type reveals nothing about its content, and every path is resolved from its beginning.
    const opens = /^(open|openat|creat)$/.test(name) || changes.test(name);
    if (!opens || /ENOENT|O_PATH/.test(line)) return [];
    return paths.filter((path) => isIn(path, base) && !allowed.some((folder) => isIn(path, join(base, folder))));
  });
}

const pipeline = (steps: number) => `
import { adamw, baseModel, block, evaluate, exactMatch, greedy, loreft, pipeline, records, train } from "refract";
const rows = records([{ a: "the cat", b: " sat" }, { a: "a dog", b: " ran" }], { prompt: "{a}", completion: "{b}" });
export default pipeline("p", () => ({ tuned: evaluate(
  train(baseModel("builtin:tiny").with(loreft({ at: block(1).output, positions: "l1", rank: 1 })), {
    data: rows, epochs: ${Math.ceil(steps / 2)}, batchSize: 1, optimizer: adamw({ learningRate: 1e-3 }) }),
  { data: rows, decoding: greedy({ maxNewTokens: 2 }), metrics: [exactMatch()] }) }));
`;

Deno.test({
  name: "a training reaches no other machine, and writes only to its store, its folder and Deno's cache",
  ignore: !hasStrace,
  fn: () =>
    inPlace(async (place) => {
      // Telemetry waited for two minutes before it was turned off.
      const steps = countOf({ short: 100, long: 30_000 }), { work, base } = place, begun = performance.now();
      await Deno.writeTextFile(join(work, "p.ts"), pipeline(steps));
      const args = ["run", "p.ts", "--store", join(work, "store"), "--out", join(work, "out")];
      const { code, text, calls } = await traced(place, args);
      assert.equal(code, 0, text);
      assert.ok(calls.some(({ name, paths }) => /^open/.test(name) && paths[0]?.includes("results.json")), "it traces");
      assert.deepEqual(reaching(calls), []);
      assert.deepEqual(started(calls), []);
      const allowed = [join(work, "store"), join(work, "out"), cache];
      // The share of the machine's memory that each run uses is recorded there.
      const noted = /\/tmp\/refract-(machine|[0-9a-f]{16})(\/|$)/;
      assert.deepEqual([...new Set(changed(calls, allowed))].filter((path) => !noted.test(path)), []);
      assert.deepEqual([...Deno.readDirSync(join(base, "home"))].map(({ name }) => name), [".ssh"]);
      const seconds = (performance.now() - begun) / 1000;
      tell(`${steps} steps in ${seconds.toFixed(0)} s: ${calls.length} calls, no network, no file elsewhere`);
    }),
});

/** The paths that an untrusted run accesses outside its own folders. */
async function poison({ base }: Place, run: string): Promise<void> {
  await Deno.writeTextFile(join(base, "elsewhere.txt"), "secret");
  await Deno.symlink(join(base, "home/.ssh/id_rsa"), join(run, "notes.txt"));
  const file = join(run, "manifest.yaml"), manifest = await Deno.readTextFile(file);
  await Deno.writeTextFile(file, manifest.replace(/^# digest: .*\n/m, "").replace(/^name: .*$/m, "name: x"));
}

Deno.test({
  name: "report, export, chat and watch of a stranger's run open only that run",
  ignore: !hasStrace,
  fn: () =>
    inPlace(async (place) => {
      const { base, work } = place, run = join(base, "stranger");
      await Deno.writeTextFile(join(work, "p.ts"), pipeline(4));
      const made = await traced(place, ["run", "p.ts", "--store", join(work, "store"), "--out", run]);
      assert.equal(made.code, 0, made.text);
      await Deno.remove(join(work, "p.ts"));
      await poison(place, run);
      const commands: Readonly<Record<string, readonly string[]>> = {
        report: ["report", run],
        "export to pyreft": ["export", run, "--to", "pyreft", "--out", join(work, "pyreft")],
        "export to onnx": ["export", run, "--to", "onnx", "--out", join(work, "onnx")],
        chat: ["chat", run, "--store", join(work, "store")],
        watch: ["watch", run, "--port", "0"],
      };
      for (const [name, args] of Object.entries(commands)) {
        const { code, text, calls } = await traced(
          place,
          args,
          name === "watch" ? (text) => text.includes("http://") : undefined,
        );
        assert.ok(code === 0 || name === "watch" && code === 130, `${name}: ${code} ${text}`);
        assert.deepEqual([...reaching(calls), ...started(calls)], [], name);
        // The work folder is where the command starts; it contains the store and the output.
        assert.deepEqual([...new Set(touched(calls, place, ["stranger", "work"]))], [], name);
        if (name === "report" || name === "watch") {
          assert.deepEqual([...new Set(touched(calls, place, ["stranger"]))].filter((path) => path !== work), [], name);
        }
        assert.deepEqual([...new Set(changed(calls, [run, work, cache, root]))].filter((path) => isIn(path, root)), []);
      }
      assert.equal(await Deno.readTextFile(join(base, "home/.ssh/id_rsa")), "secret");
      tell(`${Object.keys(commands).length} commands on a stranger's run: nothing else opened`);
    }),
});
