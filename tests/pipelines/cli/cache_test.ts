/** `cache ls`, `gc` and `verify`, on the store of a small run. @module */
import assert from "node:assert/strict";
import { keyOf, Store } from "../../../pipelines/store/store.ts";
import { inProcess, type Outcome } from "../../support/command.ts";
import { onReadOnlyDisk } from "../../support/disk.ts";
import { inScene, type Scene } from "../../support/scene.ts";

const cache = (scene: Scene, ...args: readonly string[]): Promise<Outcome> => {
  return inProcess("cache", ...args, "--store", scene.path("store"));
};

/** An evaluation that generates no text stores no encoded prompts. */
const scored = { metrics: "[loss()]", stages: "{ tuned: evaluate(tuned, { data: heldOut, metrics }) }" };

/** Defines a test of a scene that has been run once. */
function afterRun(name: string, test: (scene: Scene) => Promise<void>): void {
  Deno.test(name, () =>
    inScene(scored, async (scene) => {
      const { code, stderr } = await scene.run();
      assert.equal(code, 0, stderr);
      await test(scene);
    }));
}

const entriesOf = (scene: Scene, kind: string) => scene.entries.filter((path) => path.startsWith(`${kind}/`));

afterRun("cache ls counts entries and bytes by kind, and lists each as JSON", async (scene) => {
  const { code, stdout } = await cache(scene, "ls");
  assert.equal(code, 0);
  const rows = stdout.split("\n").map((line) => line.split(/ {2,}/));
  assert.deepEqual(rows[0], ["kind", "entries", "bytes", "oldest use (UTC)", "newest use (UTC)"]);
  assert.deepEqual(rows.slice(2, 6).map(([kind, entries]) => [kind, entries]), [
    ["encode", "1"],
    ["predictions", "1"],
    ["train", "1"],
    ["all", "3"],
  ]);
  const listed = JSON.parse((await cache(scene, "ls", "--json")).stdout);
  assert.equal(listed.store, scene.path("store"));
  assert.deepEqual(
    listed.entries.map(({ path }: { path: string }) => path).sort(),
    scene.entries.map((path) => scene.path("store", path)),
  );
  for (const { path, bytes, used, written } of listed.entries) {
    assert.equal(bytes, (await Deno.stat(path)).size);
    assert.ok(Math.abs(Date.parse(used) - Date.now()) < 600_000 && Date.parse(written) <= Date.parse(used));
  }
  assert.equal(listed.bytes, listed.entries.reduce((sum: number, { bytes }: { bytes: number }) => sum + bytes, 0));
});

afterRun("cache gc evicts down to --cache-disk, encodings first, and everything with --all", async (scene) => {
  const untouched = await cache(scene, "gc");
  assert.match(untouched.stdout, /^freed 0 entries, 0 B; .*store holds 3 entries, /);
  const results = [...entriesOf(scene, "predictions"), ...entriesOf(scene, "train")].sort();
  const some = await cache(scene, "gc", "--cache-disk", "3kB");
  assert.match(some.stdout, /^freed 1 entry, \d\.\d\d kB; .*store holds 2 entries, /);
  assert.deepEqual(scene.entries, results);
  const all = await cache(scene, "gc", "--all");
  assert.match(all.stdout, /^freed 2 entries, \d.\d\d kB; .*store holds 0 entries, 0 B\n$/);
  assert.deepEqual(scene.entries, []);
  assert.equal((await scene.run()).code, 0);
});

afterRun("cache gc removes and reports files that a dead process left half written", async (scene) => {
  const folder = scene.path("store", entriesOf(scene, "train")[0]!, "..");
  const left = `${folder}/.${keyOf("x")}.safetensors.${crypto.randomUUID()}.tmp`;
  await Deno.writeFile(left, new Uint8Array(2000));
  await Deno.utime(left, new Date(0), new Date(0));
  const { stdout } = await cache(scene, "gc");
  assert.match(stdout, /^freed 0 entries, 0 B and 1 half-written file, 2\.00 kB; /);
  await assert.rejects(Deno.stat(left), Deno.errors.NotFound);
});

afterRun("cache verify drops and reports each damaged entry, and exits with 1", async (scene) => {
  const sound = await cache(scene, "verify");
  assert.deepEqual([sound.code, sound.stderr], [0, ""]);
  assert.match(sound.stdout, /store: 3 entries, .* all intact\n$/);
  const [encoding] = entriesOf(scene, "encode"), [training] = entriesOf(scene, "train");
  const path = scene.path("store", encoding!), bytes = await Deno.readFile(path);
  bytes[bytes.length - 1]! ^= 1;
  await Deno.writeFile(path, bytes);
  await Deno.truncate(scene.path("store", training!), 40);
  const { code, stdout, stderr } = await cache(scene, "verify");
  assert.equal(code, 1);
  assert.deepEqual(stdout.trimEnd().split("\n").sort(), [
    `${path}: has data that its digest does not match; it is dropped and will be recomputed`,
    `${scene.path("store", training!)}: has a truncated header; it is dropped and will be recomputed`,
  ]);
  assert.match(stderr, /^error: .*store: 2 of 3 entries, .* are damaged; rerun what needs them\n$/);
  assert.deepEqual(scene.entries, entriesOf(scene, "predictions"));
});

afterRun("the store can be checked and emptied while it is read", async (scene) => {
  const path = entriesOf(scene, "encode")[0]!, key = /([0-9a-f]{64})/.exec(path)![1]!;
  using entry = await new Store(scene.path("store")).get("encode", key);
  const { used } = new Store(scene.path("store")).entries().find((each) => each.key === key)!;
  assert.equal((await cache(scene, "verify")).code, 0);
  assert.equal(new Store(scene.path("store")).entries().find((each) => each.key === key)!.used, used);
  assert.equal((await cache(scene, "gc", "--all")).code, 0);
  for (const name of entry!.tensors.keys()) await entry!.readBytes(name);
});

afterRun("a read-only store is listed, and gc reports its failure", async (scene) => {
  await onReadOnlyDisk(scene.path("store"), async () => {
    assert.equal((await cache(scene, "ls")).code, 0);
    assert.equal((await cache(scene, "verify")).code, 0);
    const { code, stderr } = await cache(scene, "gc", "--all");
    assert.equal(code, 1);
    assert.match(stderr, /^error: .*store: still holds more than 0 B; make it writable and run again\n$/);
  });
});

Deno.test("a store that does not exist yet is empty", () =>
  inScene({}, async (scene) => {
    for (const command of ["ls", "gc", "verify"]) assert.equal((await cache(scene, command)).code, 0, command);
    await assert.rejects(Deno.stat(scene.path("store")), Deno.errors.NotFound);
  }));

Deno.test("bad input: a store of a newer version, an unknown size and options that exclude each other", () =>
  inScene({}, async (scene) => {
    await Deno.mkdir(scene.path("store"));
    await Deno.writeTextFile(scene.path("store", "version"), "2\n");
    for (const command of ["ls", "gc", "verify"]) {
      const { code, stdout, stderr } = await cache(scene, command);
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(
        stderr,
        /^error: .*version: the store has format 2 but this version of Refract reads format 1; update .*\n$/,
      );
    }
    const wrong: [readonly string[], RegExp][] = [
      [["cache", "gc", "--cache-disk", "much"], /'much' is invalid; write a size as in 500MB, 1.5GiB, 0 or unlimited/],
      [["cache", "gc", "--cache-disk", "1GB", "--all"], /--all and --cache-disk cannot be combined; give one of them/],
      [["cache", "tidy"], /unknown command 'tidy'; /],
      [["cache", "ls", "--bogus"], /unknown option '--bogus'; --help lists/],
      [["run", scene.pipeline, "--cache-memory", "-1"], /'-1' is invalid; write a size as in/],
      [["run", scene.pipeline, "--cache-disk", "4 GB 2"], /'4 GB 2' is invalid; write a size as in/],
    ];
    for (const [args, says] of wrong) {
      const { code, stdout, stderr } = await inProcess(...args);
      assert.deepEqual([code, stdout], [2, ""], args.join(" "));
      assert.match(stderr, /^error: [^\n]*\n$/);
      assert.match(stderr, says);
    }
  }));
