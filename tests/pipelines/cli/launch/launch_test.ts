/** The arguments that a command's program is started with. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { withStore } from "../../../../pipelines/cli/launch/grants.ts";
import { type Copy, denoArguments, OtherCopyError, unwindingOf } from "../../../../pipelines/cli/launch/launch.ts";
import { inFolder } from "../../models/support.ts";

const imports = { refract: "./mod.ts", yaml: "npm:yaml@2.9.1" };
const remote: Copy = { config: "http://127.0.0.1:8000/deno.json", imports };

/** The imports of the import map in Deno's arguments. */
function mapOf(args: readonly string[]): Record<string, string> | undefined {
  const text = args.find((argument) => argument.startsWith("--import-map="))?.split(",").slice(1).join(",");
  return text === undefined ? undefined : JSON.parse(decodeURIComponent(text)).imports;
}

const withCopy = (test: (copy: Copy, folder: string) => Promise<void> | void) =>
  inFolder(async (folder) => {
    await Deno.mkdir(join(folder, "copy"));
    await Deno.writeTextFile(join(folder, "copy/mod.ts"), "");
    await Deno.mkdir(join(folder, "mine/sub"), { recursive: true });
    await test({ config: pathToFileURL(join(folder, "copy/deno.json")).href, imports }, folder);
  });

const writeProject = (folder: string, map: Readonly<Record<string, string>>) =>
  Deno.writeTextFile(join(folder, "mine/deno.json"), JSON.stringify({ imports: map }));

Deno.test("a copy on disk needs no import map without a project", () =>
  withCopy((copy, folder) => {
    const args = denoArguments(copy, { args: ["plan", "pipeline.ts"], folder: join(folder, "mine") });
    assert.deepEqual(args.slice(0, 3), ["run", "--no-prompt", "--frozen=false"]);
    assert.equal(mapOf(args), undefined);
    assert.deepEqual(args.slice(-3), [
      pathToFileURL(join(folder, "copy/pipelines/cli/main.ts")).href,
      "plan",
      "pipeline.ts",
    ]);
  }));

Deno.test("a project's own imports apply to its pipelines, whatever the working directory is", () =>
  withCopy(async (copy, folder) => {
    await writeProject(folder, { refract: "../copy/mod.ts", mine: "./mine.ts", zod: "npm:zod@4" });
    for (const [from, path] of [["mine/sub", "../pipeline.ts"], ["", "mine/pipeline.ts"]] as const) {
      const args = denoArguments(copy, { args: ["run", path], folder: join(folder, from) });
      assert.equal(args[args.indexOf("--config") + 1], join(folder, "mine/deno.json"));
      assert.equal(mapOf(args), undefined, "Deno 2.9.6 panics with both");
    }
  }));

Deno.test("the program is in the folder that a project maps, which may be a symbolic link", () =>
  withCopy(async (copy, folder) => {
    await Deno.symlink("copy", join(folder, "link"));
    await writeProject(folder, { refract: "../link/mod.ts" });
    const args = denoArguments(copy, { args: ["run", "p.ts"], folder: join(folder, "mine") });
    assert.equal(args.at(-3), pathToFileURL(join(folder, "link/pipelines/cli/main.ts")).href);
  }));

Deno.test("a project of a remote copy has an import map if its own lacks a package of Refract's", () =>
  withCopy(async (_, folder) => {
    const refract = "http://127.0.0.1:8000/mod.ts";
    const mapFor = async (map: Readonly<Record<string, string>>) => {
      await writeProject(folder, { refract, zod: "npm:zod@4", ...map });
      return mapOf(denoArguments(remote, { args: ["run", "p.ts"], folder: join(folder, "mine") }));
    };
    assert.equal(await mapFor({ yaml: imports.yaml }), undefined);
    const map = await mapFor({});
    assert.deepEqual([map?.["refract"], map?.["zod/"], map?.["yaml/"]], [
      refract,
      "npm:/zod@4/",
      "npm:/yaml@2.9.1/",
    ]);
  }));

Deno.test("a project that maps another copy is reported", () =>
  withCopy(async (copy, folder) => {
    await writeProject(folder, { refract: "../other/mod.ts" });
    assert.throws(
      () => denoArguments(copy, { args: ["run", "pipeline.ts"], folder: join(folder, "mine") }),
      OtherCopyError,
    );
  }));

Deno.test("a remote copy may connect to its host, and has an import map", () =>
  withCopy((_, folder) => {
    const args = denoArguments(remote, { args: ["report", "runs/first"], folder });
    assert.ok(args.includes("--allow-net=127.0.0.1:8000") && args.includes("--allow-import=127.0.0.1:8000"));
    assert.equal(mapOf(args)?.["refract"], "http://127.0.0.1:8000/mod.ts");
  }));

Deno.test("report and watch read the given folders and Refract itself, and report writes only to its run's folder", () =>
  withCopy((copy, folder) => {
    const pathsOf = (kind: string, ...args: readonly string[]) => {
      const flag = denoArguments(copy, { args, folder }).find((argument) => argument.startsWith(`--allow-${kind}`));
      return flag?.split("=")[1]?.split(",");
    };
    const own = join(folder, "copy"), run = join(folder, "runs/a"), other = join(folder, "runs/b");
    assert.deepEqual(pathsOf("read", "report", "runs/a"), [run, own]);
    assert.deepEqual(pathsOf("write", "report", run), [run]);
    assert.deepEqual(pathsOf("read", "report", "--with=runs/b", "runs/a"), [other, run, own]);
    assert.deepEqual(pathsOf("read", "watch", "runs/a"), [run, own]);
    assert.equal(pathsOf("write", "watch", "runs/a"), undefined);
    assert.equal(pathsOf("read", "report", "runs/a,b"), undefined, "Deno's flags cannot hold a path with a comma");
  }));

Deno.test("cache writes only the caller's store or the given one", () =>
  withCopy(async (copy, folder) => {
    await writeProject(folder, { refract: "../copy/mod.ts" });
    const written = (from: string, ...args: readonly string[]) =>
      denoArguments(copy, { args, folder: from }).find((argument) => argument.startsWith("--allow-write"));
    const mine = join(folder, "mine");
    assert.equal(written(join(mine, "sub"), "cache", "ls"), `--allow-write=${join(mine, ".refract/store")}`);
    assert.equal(written(folder, "cache", "gc"), `--allow-write=${join(folder, ".refract/store")}`);
    assert.equal(written(mine, "cache", "ls", "--store", "other"), `--allow-write=${join(mine, "other")}`);
  }));

Deno.test("plan writes only to the given store, or those of the project and the caller, and the hub's cache", () =>
  withCopy(async (copy, folder) => {
    await writeProject(folder, { refract: "../copy/mod.ts" });
    const written = (from: string, ...args: readonly string[]) =>
      denoArguments(copy, { args, folder: from, hub: "/cache" }).find((each) => each.startsWith("--allow-write"));
    const store = (of: string) => join(folder, of, ".refract/store");
    assert.equal(written(folder, "plan", "mine/p.ts"), `--allow-write=${store("mine")},${store("")},/cache`);
    assert.equal(written(folder, "rows", "p.ts", "--store", "other"), `--allow-write=${join(folder, "other")},/cache`);
    assert.equal(written(folder, "run", "p.ts"), "--allow-write");
  }));

Deno.test("a command that loads no pipeline imports from no host", () =>
  withCopy((copy, folder) => {
    const flag = (of: Copy, command: string) =>
      denoArguments(of, { args: [command], folder }).filter((argument) => /^--(allow|deny)-import/.test(argument));
    for (const command of ["export", "chat", "report", "cache", "push"]) {
      assert.deepEqual(flag(copy, command), ["--deny-import"]);
      assert.deepEqual(flag(remote, command), ["--allow-import=127.0.0.1:8000"]);
    }
    assert.match(flag(copy, "run")[0]!, /^--allow-import=deno\.land:443,/);
    assert.match(flag(remote, "plan")[0]!, /^--allow-import=deno\.land:443,.*,127\.0\.0\.1:8000$/);
  }));

Deno.test("a run with --mlflow may also connect to that server, and read its credentials", () =>
  withCopy((copy, folder) => {
    const argsOf = (...args: readonly string[]) => denoArguments(copy, { args, folder });
    const usual = argsOf("run", "p.ts").find((argument) => argument.startsWith("--allow-net="));
    for (const option of [["--mlflow", "http://127.0.0.1:5000"], ["--mlflow=http://127.0.0.1:5000/"]]) {
      const args = argsOf("run", "p.ts", ...option);
      assert.ok(args.includes(`${usual},127.0.0.1:5000`));
      assert.ok(args.some((argument) => /^--allow-env=.*MLFLOW_TRACKING_TOKEN/.test(argument)));
    }
    assert.ok(!argsOf("plan", "p.ts", "--mlflow", "http://a:1").some((argument) => argument.includes("a:1,")));
    assert.ok(argsOf("run", "p.ts", "--mlflow").includes(`${usual}`), "the command reports the missing address");
  }));

Deno.test("a permission that a caller adds is passed to Deno and not to the command", () =>
  withCopy((copy, folder) => {
    const args = denoArguments(copy, { args: ["run", "p.ts", "--allow-net=example.com", "--allow-changes"], folder });
    const main = args.findIndex((argument) => argument.endsWith("main.ts"));
    assert.ok(args.indexOf("--allow-net=example.com") < main);
    assert.deepEqual(args.slice(main + 1), ["run", "p.ts", "--allow-changes"]);
  }));

Deno.test("a command that runs programs may start Deno, and no other may start anything", () =>
  withCopy(async (copy, folder) => {
    await Deno.writeTextFile(join(folder, "programs.ts"), `task("humaneval")`);
    await Deno.writeTextFile(join(folder, "p.ts"), `task("boolq")`);
    const argsOf = (...args: readonly string[]) => denoArguments(copy, { args, folder });
    const score = argsOf("score", "humaneval", "--scoring", "human-eval", "a.jsonl");
    assert.ok(score.includes(`--allow-run=${Deno.execPath()}`));
    assert.ok(!score.some((argument) => /^--allow-(?:write|net|ffi)/.test(argument)));
    assert.ok(argsOf("run", "programs.ts").includes(`--allow-run=${Deno.execPath()}`));
    assert.ok(!argsOf("plan", "programs.ts").some((argument) => argument.startsWith("--allow-run")));
    for (const args of [["score", "boolq", "--scoring", "pyreft", "a.jsonl"], ["run", "p.ts"], ["chat", "humaneval"]]) {
      assert.ok(!argsOf(...args).some((argument) => argument.startsWith("--allow-run")));
    }
  }));

Deno.test("a server may take as long to end as its answers may, and 5 s more", () => {
  const call = (...args: readonly string[]) => unwindingOf(args);
  assert.equal(call("run", "a.ts", "--drain-seconds", "9"), undefined);
  assert.equal(call("serve", "a"), 35_000);
  assert.equal(call("serve", "a", "--drain-seconds", "9"), 14_000);
  assert.equal(call("serve", "a", "--drain-seconds=0"), 5000);
  assert.equal(call("serve", "a", "--drain-seconds", "x"), undefined);
  assert.equal(call("serve", "a", "--drain-seconds", "1e12"), 2 ** 31 - 1);
});

Deno.test("a shared cache may be reached through a proxy", () => {
  const usual = { read: true, env: ["HOME"] } as const;
  assert.deepEqual(withStore(usual, "/store", { HTTP_PROXY: "http://proxy" }), usual);
  assert.deepEqual(withStore(usual, "https://cache.example/x"), { ...usual, net: ["cache.example"] });
  const { net, env } = withStore(usual, "https://cache.example/x", {
    HTTP_PROXY: "http://name:word@proxy.example",
    HTTPS_PROXY: "http://127.0.0.1:3128",
  });
  assert.deepEqual(net, ["cache.example", "proxy.example:80", "127.0.0.1:3128"]);
  assert.ok(["HOME", "https_proxy", "NO_PROXY"].every((name) => env.includes(name)));
});
