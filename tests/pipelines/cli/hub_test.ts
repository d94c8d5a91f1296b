/** Interventions pushed to and pulled from a hub, and models that a run downloads from one. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { inProcess, inProcessUnder, type Outcome, treeOf } from "../../support/command.ts";
import { type Fault, hasty, type Hub, type RepositoryOptions, sha256, withHub, writer } from "../../support/hub.ts";
import { inScene, type Scene } from "../../support/scene.ts";

type Command = (...args: readonly string[]) => Promise<Outcome>;
type Environment = Readonly<Record<string, string>>;

/** Runs a test with a stub hub, and commands that have a token with write access. */
function withCommands(
  scene: Scene,
  repositories: Readonly<Record<string, RepositoryOptions>>,
  test: (hub: Hub, command: Command, commandBy: (env: Environment) => Command) => Promise<void>,
): Promise<void> {
  return withHub(repositories, (hub) => {
    const usual = { HF_HUB_CACHE: scene.path("cache"), HF_ENDPOINT: hub.endpoint, HF_TOKEN: writer };
    const commandBy = (env: Environment): Command => (...args) =>
      inProcessUnder({ hub: { env: { ...usual, ...env }, timings: hasty } }, ...args);
    return test(hub, commandBy({}), commandBy);
  });
}

const written = async (scene: Scene, folder: string) => {
  const entries = treeOf(scene.path(folder)).map(async (
    name,
  ) => [name, sha256(await Deno.readFile(scene.path(folder, name)))]);
  return Object.fromEntries(await Promise.all(entries));
};

/** Runs the scene, and returns the folder of its intervention. */
async function writeIntervention(scene: Scene): Promise<string> {
  const folder = scene.path("intervention");
  const outcome = await scene.run();
  assert.equal(outcome.code, 0, outcome.stderr);
  await Deno.rename(scene.path("out", "members", "main", "intervention"), folder);
  return folder;
}

Deno.test("an intervention pushed from a run is pulled with the same bytes, and trains and exports as before", () =>
  inScene({}, async (scene) => {
    assert.equal((await scene.run()).code, 0);
    const folder = scene.path("out", "members", "main", "intervention");
    await withCommands(scene, {}, async (hub, command) => {
      const pushed = await command("push", scene.path("out"), "owner/tuned");
      assert.equal(pushed.code, 0, pushed.stderr);
      assert.match(
        pushed.stdout,
        /^intervention\.json, weights\.safetensors, README\.md in http:.*\/owner\/tuned, commit /,
      );
      const files = hub.files("owner/tuned")!;
      for (const name of ["intervention.json", "weights.safetensors"]) {
        assert.equal(sha256(files.get(name)!), sha256(await Deno.readFile(join(folder, name))));
      }
      const readme = new TextDecoder().decode(files.get("README.md"));
      assert.match(
        readme,
        /^---\nlibrary_name: refract\ntags:\n *- refract\n *- representation-finetuning\n *- loreft\n---\n/,
      );
      assert.match(readme, /\| 0 \| loreft \| block 1, block\.output \| l1 \| 2 \|\n/);
      assert.match(
        readme,
        /## Results\n\n\| evaluation \| metric \| value \|\n.*\n\| tuned \| exactMatch \| [\d.]+ \|\n/,
      );
      assert.ok(hub.requests.every(({ line, authorization }) => line.includes("/upload/") || authorization !== null));

      const pulled = await command("pull", "owner/tuned", "--out", scene.path("pulled"));
      assert.equal(pulled.code, 0, pulled.stderr);
      const { "README.md": _, ...own } = await written(scene, "pulled");
      assert.deepEqual(own, await written(scene, join("out", "members", "main", "intervention")));
      const exported = await inProcess("export", scene.path("pulled"), "--to", "pyreft", "--out", scene.path("pyreft"));
      assert.equal(exported.code, 0, exported.stderr);
      await scene.write(
        "pipeline.ts",
        (await Deno.readTextFile(scene.pipeline)).replace(/base\.with\(loreft.*\)\)/, 'base.with(saved("./pulled"))'),
      );
      await Deno.rename(scene.path("out"), scene.path("before"));
      const further = await scene.run();
      assert.equal(further.code, 0, further.stderr);
    });
  }));

Deno.test("a push adds to an existing branch and repository, and keeps its other files", () =>
  inScene({}, async (scene) => {
    const folder = await writeIntervention(scene);
    await withCommands(scene, { "owner/tuned": { files: { LICENSE: "free" } } }, async (hub, command) => {
      for (const _ of [1, 2]) {
        const { code, stderr } = await command("push", folder, "owner/tuned", "--revision", "second");
        assert.equal(code, 0, stderr);
      }
      assert.deepEqual([...hub.files("owner/tuned")!.keys()], ["LICENSE"]);
      assert.deepEqual([...hub.files("owner/tuned", "second")!.keys()].sort(), [
        "LICENSE",
        "README.md",
        "intervention.json",
        "weights.safetensors",
      ]);
      await Deno.writeTextFile(join(folder, "README.md"), "mine");
      hub.fail({ at: /repos\/create/, status: 403 });
      assert.equal((await command("push", folder, "owner/tuned")).code, 0);
      assert.equal(new TextDecoder().decode(hub.files("owner/tuned")!.get("README.md")), "mine");
      const out = scene.path("pulled");
      assert.equal((await command("pull", "owner/tuned", "--revision", "second", "--out", out)).code, 0);
      assert.match(await Deno.readTextFile(join(out, "README.md")), /^---/);
    });
  }));

Deno.test("a pull never uses damaged files of the cache", () =>
  inScene({}, async (scene) => {
    const folder = await writeIntervention(scene);
    await withCommands(scene, {}, async (_, command, commandBy) => {
      assert.equal((await command("push", folder, "owner/tuned")).code, 0);
      assert.equal((await command("pull", "owner/tuned", "--out", scene.path("first"))).code, 0);
      const blobs = scene.filesOf("cache").filter((path) => path.includes("/blobs/") && !path.endsWith("/"));
      assert.equal(blobs.length, 3);
      for (const blob of blobs) {
        const path = scene.path("cache", blob), bytes = await Deno.readFile(path);
        bytes[bytes.length - 3]! ^= 1;
        await Deno.writeFile(path, bytes);
        const offline = await commandBy({ HF_HUB_OFFLINE: "1" })("pull", "owner/tuned", "--out", scene.path("none"));
        assert.equal(offline.code, 2);
        assert.match(offline.stderr, /^error: .*\/blobs\/[0-9a-f]+: is damaged, its .*; delete it and download/);
        assert.deepEqual(scene.filesOf("none"), []);
        const again = await command("pull", "owner/tuned", "--out", scene.path("again"));
        assert.equal(again.code, 0, again.stderr);
        assert.match(again.stderr, /: is damaged; downloading it again\n/);
        assert.deepEqual(await written(scene, "again"), await written(scene, "first"));
      }
    });
  }));

Deno.test("a push is private on request", () =>
  inScene({}, async (scene) => {
    const folder = await writeIntervention(scene);
    await withCommands(scene, { "owner/public": { files: {} } }, async (hub, command) => {
      assert.equal((await command("push", folder, "owner/secret", "--private")).code, 0);
      assert.equal(hub.isPrivate("owner/secret"), true);
      assert.equal((await command("push", folder, "owner/secret", "--private")).code, 0);
      const { code, stderr } = await command("push", folder, "owner/public", "--private");
      assert.equal(code, 2);
      assert.match(
        stderr,
        /^pushes .*\nerror: owner\/public exists on .* and is public; omit --private, or give another name\n$/,
      );
      assert.equal(hub.files("owner/public")!.size, 0);
    });
  }));

Deno.test("an exported folder is pushed and pulled", () =>
  inScene({}, async (scene) => {
    const folder = await writeIntervention(scene), exported = scene.path("exported");
    assert.equal((await inProcess("export", folder, "--to", "pyreft", "--out", exported)).code, 0);
    await withCommands(scene, {}, async (_, command, commandBy) => {
      const pushed = await command("push", exported, "owner/tuned");
      assert.equal(pushed.code, 0, pushed.stderr);
      assert.match(
        pushed.stderr,
        /^pushes config\.json \([\d.]+ k?B\), intkey_.*\.bin \(.*\), README\.md \([\d.]+ k?B\) of /,
      );
      assert.match(pushed.stderr, /exported to http:.*\/owner\/tuned, branch main\n$/);
      assert.equal((await command("pull", "owner/tuned", "--out", scene.path("pulled"))).code, 0);
      assert.deepEqual(await written(scene, "pulled"), await written(scene, "exported"));
      const offline = await commandBy({ HF_HUB_OFFLINE: "1" })("pull", "owner/tuned", "--out", scene.path("again"));
      assert.equal(offline.code, 0, offline.stderr);
      assert.deepEqual(await written(scene, "again"), await written(scene, "pulled"));
    });
  }));

const where = String.raw`http://127\.0\.0\.1:\d+`;
const says = (text: string) => new RegExp(`^error: ${text.replaceAll("URL", where)}\n$`);

Deno.test("a push refuses an invalid exported intervention", () =>
  inScene({}, async (scene) => {
    const folder = await writeIntervention(scene), exported = scene.path("exported");
    assert.equal((await inProcess("export", folder, "--to", "pyreft", "--out", exported)).code, 0);
    const state = treeOf(exported).find((name) => name.endsWith(".bin"))!;
    await withCommands(scene, {}, async (hub, command) => {
      for (const name of [state, "config.json"]) {
        const path = join(exported, name), sound = await Deno.readFile(path);
        await Deno.writeTextFile(path, "-----BEGIN OPENSSH PRIVATE KEY-----");
        const { code, stderr } = await command("push", exported, "owner/tuned");
        assert.equal(code, 2, name);
        assert.ok(stderr.startsWith(`error: ${path}:`), stderr);
        await Deno.writeFile(path, sound);
      }
      assert.deepEqual(hub.requests, []);
    });
  }));

Deno.test("a refused push is explained in one line, without the token", () =>
  inScene({}, async (scene) => {
    const folder = await writeIntervention(scene);
    await withCommands(scene, { "owner/tuned": { files: {} } }, async (hub, command, commandBy) => {
      const cases: readonly (readonly [string, readonly Fault[], Environment, RegExp])[] = [
        ["owner/tuned", [], { HF_TOKEN: "" }, says("pushing to URL requires a token; set HF_TOKEN to one .*")],
        [
          "owner/tuned",
          [],
          { HF_TOKEN: "hf_reader" },
          says("the token of HF_TOKEN may not write owner/tuned on URL \\(403.*"),
        ],
        [
          "owner/new",
          [],
          { HF_TOKEN: "hf_reader" },
          says("the token of HF_TOKEN may not write owner/new on URL \\(403.*"),
        ],
        [
          "owner/tuned",
          [{ at: /preupload/, status: 401, body: `{"error":"${writer} is\\nexpired"}` }],
          {},
          says('URL rejects the token of HF_TOKEN \\(401, "… is expired"\\); set HF_TOKEN to a valid one'),
        ],
        [
          "owner/tuned",
          [{ at: /PUT/, status: 403, body: "<Error>" }],
          {},
          says("the token of HF_TOKEN may not write .*"),
        ],
        ["owner/tuned", [{ at: /commit/, status: 409 }], {}, says("owner/tuned was changed on URL .*; push it again")],
        ["owner/tuned", [{ at: /commit/, status: 412 }], {}, says("owner/tuned was changed on URL .*; push it again")],
        ["owner/tuned", [{ at: /commit/, status: 500 }], {}, says("URL fails \\(500.*\\); push it again later")],
        [
          "owner/tuned",
          [{ at: /batch/, status: 429 }],
          {},
          says("URL is limiting the rate of requests \\(429.*\\); .*"),
        ],
        [
          "owner/tuned",
          [{ at: /commit/, status: 400, body: "bad card" }],
          {},
          says("URL refuses to take .*bad card.*"),
        ],
        ["owner/tuned", [{ at: /preupload/, status: 200, body: "<html>" }], {}, says("URL does not respond like .*")],
        ["owner/tuned", [], { HF_HUB_OFFLINE: "1" }, says("HF_HUB_OFFLINE forbids pushing owner/tuned; unset it")],
        ["tuned", [], {}, says('"tuned" is not the name of a repository; write it as owner/name')],
      ];
      for (const [id, faults, env, pattern] of cases) {
        hub.fail(...faults);
        const { code, stdout, stderr } = await commandBy(env)("push", folder, id, "--verbose");
        const line = stderr.split("\n").find((text) => !text.startsWith("pushes "));
        assert.match(`${line}\n`, pattern);
        assert.equal(code, 2);
        assert.doesNotMatch(stdout + stderr, /hf_(writer|reader)/);
        assert.equal(hub.files("owner/tuned")!.size, 0);
      }
      hub.fail();
      const commit = await command("push", folder, "owner/tuned", "--revision", hub.commit("owner/tuned"));
      assert.match(
        commit.stderr.split("\n").slice(1).join("\n"),
        says('revision "[0-9a-f]{40}" is a commit, which nothing can be added to; give a branch'),
      );
      await Deno.remove(join(folder, "weights.safetensors"));
      const halved = await command("push", folder, "owner/tuned");
      assert.match(
        halved.stderr,
        /^error: .*\/intervention: there is no weights\.safetensors; train or import it again\n$/,
      );
    });
  }));

Deno.test("a pull never replaces a folder's own files", () =>
  inScene({}, async (scene) => {
    const folder = await writeIntervention(scene), project = scene.path("project");
    await withCommands(scene, {}, async (_, command) => {
      assert.equal((await command("push", folder, "owner/tuned")).code, 0);
      await Deno.mkdir(project);
      await Deno.writeTextFile(join(project, "README.md"), "mine");
      const { code, stderr } = await command("pull", "owner/tuned", "--out", project);
      assert.equal(code, 2);
      assert.match(stderr, /project\/README\.md: would be overwritten, but is not from an earlier output; give --out/);
      assert.equal(await Deno.readTextFile(join(project, "README.md")), "mine");
      assert.deepEqual(scene.filesOf("project"), ["README.md"]);
      for (let times = 0; times < 2; times++) {
        assert.equal((await command("pull", "owner/tuned", "--out", scene.path("pulled"))).code, 0);
      }
    });
  }));

Deno.test("a refused pull is explained in one line, and writes nothing", () =>
  inScene({}, async (scene) => {
    const repositories = {
      "owner/base": { files: { "config.json": "{}", "model.safetensors": "x" } },
      "owner/peft": { files: { "adapter_config.json": "{}", "adapter_model.safetensors": "x", "README.md": "x" } },
      "owner/half": { files: { "intervention.json": "{}" } },
      "owner/bad": { files: { "intervention.json": "{", "weights.safetensors": "x" } },
    };
    await withCommands(scene, repositories, async (_, command) => {
      for (
        const [id, pattern] of [
          ["owner/base", says("owner/base holds no intervention, neither .*; choose another .*")],
          ["owner/peft", says("owner/peft holds an adapter that peft saved; download it, .* deno task import adapter")],
          ["owner/half", says("owner/half has intervention\\.json but no weights\\.safetensors; .*")],
          ["owner/bad", /^download .*\nerror: \/.*\/intervention\.json:1:2: is not JSON; .*\n$/],
          ["owner/none", says("owner/none does not exist on URL or .*")],
          ["../x", says('"\\.\\./x" is not the name of a repository; write it as owner/name')],
        ] as const
      ) {
        const { code, stderr } = await command("pull", id, "--out", scene.path("pulled"));
        assert.match(stderr, pattern);
        assert.equal(code, 2);
        assert.deepEqual(scene.filesOf("pulled"), []);
      }
    });
  }));

Deno.test("a run downloads its model with a progress bar, and a plan downloads no weights", () =>
  inScene({ source: `"owner/model"` }, async (scene) => {
    const files: Record<string, Uint8Array<ArrayBuffer>> = {};
    for (const name of treeOf(scene.path("model"))) files[name] = await Deno.readFile(scene.path("model", name));
    await withCommands(scene, { "owner/model": { files } }, async (hub, command) => {
      const plan = await command("plan", scene.pipeline, ...scene.places.slice(0, 2), "--json");
      assert.equal(plan.code, 0, plan.stderr);
      assert.ok(!hub.lines().some((line) => line.includes("model.safetensors")), "no weights for a plan");
      const run = await command("run", scene.pipeline, ...scene.places);
      assert.equal(run.code, 0, run.stderr);
      assert.match(run.stderr, /^download {9}█{24} (\S+ kB)\/\1 .* model\.safetensors$/m);
      const before = hub.requests.length;
      assert.equal((await command("run", scene.pipeline, ...scene.places)).code, 0);
      assert.equal(hub.requests.length, before);
    });
  }));

Deno.test("a run downloads damaged weights of the cache again, and refuses them by name when offline", () =>
  inScene({ source: `"owner/model"` }, async (scene) => {
    const files: Record<string, Uint8Array<ArrayBuffer>> = {};
    for (const name of treeOf(scene.path("model"))) files[name] = await Deno.readFile(scene.path("model", name));
    await withCommands(scene, { "owner/model": { files } }, async (_, command, commandBy) => {
      const run = (by: Command) => by("run", scene.pipeline, ...scene.places);
      assert.equal((await run(command)).code, 0);
      const expected = await written(scene, "out/members/main/intervention");
      const link = scene.filesOf("cache").find((path) => path.endsWith("/model.safetensors"))!;
      const blob = await Deno.realPath(scene.path("cache", link)), sound = await Deno.readFile(blob);
      // In the last weight; in the header's length, so that no weight is found; in a tensor's name.
      for (const at of [sound.length - 3, 1, 60]) {
        const flipped = sound.slice();
        flipped[at]! ^= 1;
        await Deno.writeFile(blob, flipped);
        const offline = await run(commandBy({ HF_HUB_OFFLINE: "1" }));
        assert.equal(offline.code, 2, `${at}`);
        assert.ok(offline.stderr.includes(`error: ${blob}: is damaged, its SHA-256 is`), offline.stderr);
        const online = await run(command);
        assert.equal(online.code, 0, online.stderr);
        assert.ok(online.stderr.includes(`${scene.path("cache", link)}: is damaged; downloading it again\n`));
        assert.deepEqual(await Deno.readFile(blob), sound);
        assert.deepEqual(await written(scene, "out/members/main/intervention"), expected);
      }
    });
  }));
