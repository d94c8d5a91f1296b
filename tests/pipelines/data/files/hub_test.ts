/**
 * Data sets of a local stub hub: the files that are downloaded, their paths in the cache, errors for unavailable data.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { HubRows } from "../../../../pipelines/data/files/declared.ts";
import { hub as kind } from "../../../../pipelines/data/files/hub.ts";
import { type Files, hasty, type Hub, type RepositoryOptions, sha256, withHub } from "../../../support/hub.ts";
import { assertOneLine, inFolder } from "../../models/support.ts";

const parquet = await Deno.readFile(new URL("../../../goldens/parquet/plain.parquet", import.meta.url));
const classes = await Deno.readFile(new URL("../../../goldens/parquet/classes.parquet", import.meta.url));
const line = (q: string) => `${JSON.stringify({ q })}\n`;

interface Outcome {
  readonly fields: readonly unknown[];
  readonly names: readonly string[];
  readonly warned: readonly string[];
}
type Wanted = Partial<Omit<HubRows, "splitName">> & { readonly split?: string };
type Read = (rows?: Wanted, env?: Readonly<Record<string, string>>) => Promise<Outcome>;

function withDatasets(
  repositories: Readonly<Record<string, RepositoryOptions>>,
  test: (read: Read, hub: Hub, cache: string) => Promise<void>,
): Promise<void> {
  const named = Object.entries(repositories).map(([id, options]) => [`datasets/${id}`, options] as const);
  return withHub(Object.fromEntries(named), (hub) =>
    inFolder((cache) => {
      const read: Read = async ({ split, ...rows } = {}, env) => {
        const warned: string[] = [];
        const reading = {
          base: "/nowhere",
          hub: { timings: hasty, env: { HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: cache, ...env } },
          warn: (message: string) => warned.push(message),
        };
        const declared = { kind: "hub" as const, id: "o/n", ...rows, ...split && { splitName: split } };
        const records = await Array.fromAsync(kind.records(declared, reading));
        const names = (await kind.files(declared, reading)).map(({ name }) => name);
        return { fields: records.map(({ fields }) => fields), names, warned };
      };
      return test(read, hub, cache);
    }));
}

const refused = (outcome: Promise<unknown>, pattern: RegExp) =>
  assert.rejects(outcome, (error) => assertOneLine(error, pattern));

const card = `---
configs:
- config_name: main
  data_files:
  - split: train
    path: main/train-*
  - split: test
    path: main/test-*
- config_name: other
  data_files: other.csv
---
# A data set
`;
const sharded: Files = {
  "README.md": card,
  "main/train-00000-of-00002.parquet": parquet,
  "main/train-00001-of-00002.parquet": parquet,
  "main/test-00000-of-00001.parquet": classes,
  "other.csv": "q,a\n1,2\n",
  "picture.png": "no rows",
};

Deno.test("hub: only a split's shards and the card are downloaded, into the cache of Python's huggingface_hub", () =>
  withDatasets({ "o/n": { files: sharded } }, async (read, hub, cache) => {
    const train = { config: "main", split: "train" }, { fields, names } = await read(train);
    assert.deepEqual(fields, [{ question: "Hi", answer: "Ho" }, { question: "Hi", answer: "Ho" }]);
    const commit = hub.commit("datasets/o/n"), repository = join(cache, "datasets--o--n");
    assert.deepEqual(names, [0, 1].map((n) => `hub:o/n@${commit}/main/train-0000${n}-of-00002.parquet`));
    assert.equal(await Deno.readTextFile(join(repository, "refs", "main")), commit);
    const snapshot = join(repository, "snapshots", commit);
    assert.deepEqual(Array.from(Deno.readDirSync(snapshot), ({ name }) => name).sort(), ["README.md", "main"]);
    const link = await Deno.readLink(join(snapshot, "main", "train-00000-of-00002.parquet"));
    assert.equal(link, `../../../blobs/${sha256(parquet)}`);

    const before = hub.requests.length;
    assert.deepEqual((await read(train)).names, names);
    assert.deepEqual((await read(train, { HF_HUB_OFFLINE: "1" })).names, names);
    assert.equal(hub.requests.length, before, "all shards are cached");
    await refused(
      read({ config: "main", split: "test" }, { HF_HUB_OFFLINE: "1" }),
      /^o\/n \(revision main\) lacks files of the split "test" in the cache .* HF_HUB_OFFLINE forbids/,
    );
    await Deno.remove(join(snapshot, "main", "train-00001-of-00002.parquet"));
    await refused(read(train, { HF_HUB_OFFLINE: "1" }), /lacks files of the split "train"/);
    assert.deepEqual((await read(train)).names, names);
    const { fields: test } = await read({ config: "main", split: "test" });
    assert.deepEqual(test[0], { sentence: "They drank.", label: 1, "label.name": "acceptable" });
    assert.deepEqual((await read({ config: "other" })).fields, [{ q: "1", a: "2" }]);
  }));

Deno.test("hub: cached files belong to their commit", () =>
  withDatasets(
    { "o/n": { files: { "train.jsonl": line("old") }, revisions: { v2: { "train.jsonl": line("new") } } } },
    async (read, hub) => {
      assert.deepEqual((await read()).fields, [{ q: "old" }]);
      assert.deepEqual((await read({ revision: "v2" })).fields, [{ q: "new" }]);
      assert.deepEqual((await read({ revision: hub.commit("datasets/o/n") })).fields, [{ q: "old" }]);
      await refused(read({ revision: "v3" }), /o\/n has no revision "v3"/);
    },
  ));

Deno.test("hub: a damaged file of the cache is downloaded again, and refused by name when offline", () =>
  withDatasets({ "o/n": { files: { "README.md": card, ...sharded } } }, async (read, _, cache) => {
    const expected = await read({ config: "main", split: "train" });
    const folder = join(cache, "datasets--o--n", "blobs");
    for (const { name } of [...Deno.readDirSync(folder)]) {
      const blob = join(folder, name), sound = await Deno.readFile(blob), flipped = sound.slice();
      flipped[flipped.length - 2]! ^= 1;
      await Deno.writeFile(blob, flipped);
      await refused(
        read({ config: "main", split: "train" }, { HF_HUB_OFFLINE: "1" }),
        new RegExp(`${name}: is damaged, its .* is .*; delete it and download`),
      );
      const { warned, ...found } = await read({ config: "main", split: "train" });
      assert.equal(warned.length, 1);
      assert.match(warned[0]!, /: is damaged; downloading it again$/);
      assert.deepEqual({ ...found, warned: [] }, expected);
      assert.deepEqual(await Deno.readFile(blob), sound);
    }
  }));

Deno.test("hub: a JSON file is a list or has one row per line", () =>
  withDatasets({
    "o/n": { files: { "train.json": `[${line("a")}]`, "test.json": line("b"), "dev.jsonl": line("c") } },
    "plain": { files: { "rows.csv": "q\nd\n" } },
  }, async (read) => {
    const rows = await Promise.all(["train", "test", "validation"].map((split) => read({ split })));
    assert.deepEqual(rows.map(({ fields }) => fields), [[{ q: "a" }], [{ q: "b" }], [{ q: "c" }]]);
    assert.deepEqual((await read({ id: "plain" })).fields, [{ q: "d" }]);
    await refused(read(), /o\/n has the splits "train", "validation", "test"; give one/);
  }));

const script: RepositoryOptions = { files: { "n.py": "import datasets", "README.md": "# A data set" } };

Deno.test("hub: for a data set that needs code the hub's Parquet copy is read", () =>
  withDatasets({
    "o/n": {
      ...script,
      revisions: {
        "refs/convert/parquet": { "one/train/0000.parquet": parquet, "one/partial-test/0000.parquet": parquet },
      },
    },
  }, async (read, hub, cache) => {
    assert.deepEqual((await read({ split: "train" })).fields, [{ question: "Hi", answer: "Ho" }]);
    const ref = join(cache, "datasets--o--n", "refs", "refs", "convert", "parquet");
    assert.equal(await Deno.readTextFile(ref), hub.commit("datasets/o/n", "refs/convert/parquet"));
    const { warned } = await read({ split: "test" });
    assert.match(warned[0]!, /has only the first part of the split "test"/);
    await refused(
      read({ split: "train", revision: "main" }),
      /\(revision main\) needs code to load \(n\.py\), which is/,
    );
    assert.deepEqual((await read({ split: "train" }, { HF_HUB_OFFLINE: "1" })).fields.length, 1);
  }));

Deno.test("hub: unavailable data are reported in one line", () =>
  withDatasets({
    "o/n": script,
    "o/none": { files: { "a.txt": "x" } },
    "o/gated": { files: sharded, licensee: "hf_friend" },
  }, async (read) => {
    await refused(
      read(),
      /^o\/n needs code to load \(n\.py\), which is not run, and the hub has no Parquet copy/,
    );
    await refused(read({ id: "o/none" }), /holds no Parquet, JSON or CSV files, and the hub has no/);
    await refused(read({ id: "o/absent" }), /^o\/absent does not exist on/);
    await refused(
      read({ id: "o/gated", config: "other" }),
      /is gated: accept its licence on .*\/datasets\/o\/gated,/,
    );
    await refused(read({ revision: "../x" }), /revision "..\/x" of o\/n is not a branch/);
  }));
