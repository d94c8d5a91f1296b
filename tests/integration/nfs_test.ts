/**
 * A store on a real NFS share: a Linux server and two clients, each a virtual machine with a kernel of its own; one
 * client's clock is seven minutes ahead. Power cuts, a restarted server, a full and a read-only share.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Outcome } from "../support/command.ts";
import type { Guest } from "../support/guests.ts";
import {
  inDeno,
  missingForNfs,
  mounted,
  type Nfs,
  permitted,
  startClient,
  startServer,
  withNfs,
} from "../support/nfs.ts";
import { until } from "../support/slurm.ts";
import { inFolder } from "../pipelines/models/support.ts";

const missing = await missingForNfs();
if (missing !== undefined) console.log(`NFS is not tried: ${missing}`);

/** What each of several processes does: see tests/support/sharing.ts. */
interface Sharing {
  readonly store: string;
  readonly entries?: number;
  readonly milliseconds?: number;
  /** Seconds without a sign of life after which a claim is taken over. */
  readonly silence?: number;
}

/** Starts a process that computes what a store lacks. */
function share(client: Guest, seed: number, { store, entries = 12, milliseconds = 300, silence = 60 }: Sharing) {
  return client.run(inDeno("tests/support/sharing.ts", [store, entries, seed, milliseconds, silence]), 400);
}

/** Asserts that processes ended well. */
function assertEnded(outcomes: readonly Outcome[]): void {
  for (const { code, stderr } of outcomes) assert.deepEqual([code, stderr], [0, ""]);
}

/** Asserts that processes ended well and computed each entry once between them. */
function assertMadeOnce(outcomes: readonly Outcome[], entries = 12): void {
  assertEnded(outcomes);
  const begun = outcomes.flatMap(({ stdout }) =>
    [...stdout.matchAll(/^begin (\d+)/gm)].map(([, entry]) => Number(entry))
  );
  assert.deepEqual(begun.sort((a, b) => a - b), Array.from({ length: entries }, (_, at) => at));
}

/** Asserts that a store has the entries, intact, and nothing else. */
async function assertWhole(client: Guest, store: string, entries = 12): Promise<void> {
  const found = await client.printed(`ls -A ${store}/leases; find ${store} -name '.*'`);
  assert.equal(found, "", "what is left of claims and of files that were being written");
  const verified = await client.run(inDeno("pipelines/cli/refract.ts", ["cache", "verify", "--store", store]));
  assert.deepEqual([verified.code, verified.stderr], [0, ""]);
  assert.match(verified.stdout, new RegExp(`\\b${entries} entries\\b`));
}

/** Waits until processes hold claims, as the server sees at once. */
async function claimed(server: Guest, store: string, least: number): Promise<void> {
  const leases = store.replace("/mnt/store", "/srv/store") + "/leases";
  await until(async () => Number((await server.run(`ls ${leases} | wc -l`)).stdout) >= least, "claims");
}

/** Starts processes on both clients in turn. */
function onBoth({ clients }: Nfs, processes: number, sharing: Sharing): Promise<readonly Outcome[]> {
  return Promise.all(Array.from({ length: processes }, (_, at) => share(clients[at % 2]!, at, sharing)));
}

async function remounted({ clients }: Nfs, options: string): Promise<void> {
  for (const client of clients) await mounted(client, options);
}

/** Two members that share an encoding. */
const pipeline =
  `import { adamw, baseModel, block, evaluate, exactMatch, greedy, loreft, pipeline, records, sweep, train } from "${new URL(
    "../../mod.ts",
    import.meta.url,
  )}";
const rows = Array.from({ length: 16 }, (_, at) => ({ q: \`The sky number \${at} is\`, a: " blue" }));
const data = records(rows, { prompt: "{q}", completion: "{a}" }), { train: seen, test } = data.split({ test: 0.25, seed: 1 });
export default pipeline("shared", () => {
  const edited = baseModel("builtin:tiny").with(loreft({ at: block(sweep("layer", [0, 2])).output, positions: "l1", rank: 4 }));
  const tuned = train(edited, { data: seen, epochs: 4, batchSize: 4, optimizer: adamw({ learningRate: 1e-3 }) });
  return { score: evaluate(tuned, { data: test, decoding: greedy({ maxNewTokens: 4 }), metrics: [exactMatch()] }) };
});
`;

/** What results.json says of what was found in the store. */
interface RunResults {
  readonly encode: readonly { readonly cached: boolean }[];
  readonly members: readonly { readonly stages: readonly { readonly cached: boolean }[] }[];
}

const steps: Readonly<Record<string, (nfs: Nfs, folder: string) => Promise<void>>> = {
  async "eight processes compute each entry once over NFS 4.2"(nfs) {
    await remounted(nfs, "vers=4.2,hard");
    assertMadeOnce(await onBoth(nfs, 8, { store: "/mnt/store/four" }));
    await assertWhole(nfs.clients[1], "/mnt/store/four");
  },
  async "runs on two machines encode and train once, and write what one process writes"({ clients }, folder) {
    const declared = join(folder, "pipeline.ts");
    await Deno.writeTextFile(declared, pipeline);
    const run = (client: Guest, store: string, out: string) =>
      client.run(
        inDeno("pipelines/cli/refract.ts", ["run", declared, "--store", store, "--out", out, "--threads", 1]),
        500,
      );
    const places = [0, 1, 2, 3].map((at) => [clients[at % 2]!, "/mnt/store/runs", `/mnt/store/out-${at}`] as const);
    const all = await Promise.all([
      ...places.map((place) => run(...place)),
      run(clients[0], "/tmp/local", "/tmp/alone"),
    ]);
    for (const { code, stderr } of all) assert.equal(code, 0, stderr);
    const results = await Promise.all(places.map(async ([client, , out]) => {
      await clients[0].printed(`diff -r /tmp/alone/members ${out}/members`);
      return JSON.parse(await client.printed(`cat ${out}/results.json`)) as RunResults;
    }));
    const works = results.flatMap(({ encode, members }) => [...encode, ...members.flatMap(({ stages }) => stages)]);
    assert.equal(works.filter(({ cached }) => !cached).length, 1 + 2 * 2);
  },
  async "when a machine loses power, others take over what it was computing"({ server, clients: [first, second] }) {
    const store = "/mnt/store/cut", sharing = { store, milliseconds: 2000, silence: 15 };
    const lost = [4, 5].map((seed) => share(second, seed, sharing));
    await claimed(server, store, 2);
    const living = [0, 1].map((seed) => share(first, seed, sharing));
    await second.cut();
    await Promise.all(lost);
    assertEnded(await Promise.all(living));
    assert.equal(await first.printed(`ls -A ${store}/leases`), "");
    await startClient(second);
    await mounted(second, "vers=4.2,hard");
    assertMadeOnce([await share(second, 6, sharing)], 0);
  },
  async "when the server loses power, processes wait and go on"(nfs) {
    const store = "/mnt/store/restart", work = onBoth(nfs, 4, { store, milliseconds: 1500 });
    await claimed(nfs.server, store, 2);
    await nfs.server.cut();
    await startServer(nfs.server);
    assertMadeOnce(await work);
    await assertWhole(nfs.clients[0], store);
  },
  async "a full or read-only share leads to one line, and no half file"({ server, clients: [first] }) {
    await first.printed("dd if=/dev/zero of=/mnt/full/fill bs=1k count=4000 2> /dev/null || true");
    const full = await share(first, 1, { store: "/mnt/full/store" });
    assert.equal(full.code, 1);
    assert.match(full.stderr, /^error: \/mnt\/full\/\S+: can't be written \(.*\); .*\n$/);
    // The store's format may still fit.
    const halves = "find /mnt/full -type f ! -name fill \\( ! -name version -o -empty \\)";
    assert.equal(await first.printed(halves), "");
    assert.match(await first.printed("cat /mnt/full/store/version 2> /dev/null || true"), /^(1\n?)?$/);
    await permitted(server, "ro");
    const fixed = await share(first, 1, { store: "/mnt/store/fixed" });
    assert.equal(fixed.code, 1);
    assert.match(fixed.stderr, /^error: \/mnt\/store\/\S+: can't be written \(Read-only file system\); .*\n$/);
    assertMadeOnce([await share(first, 1, { store: "/mnt/store/four" })], 0);
    await permitted(server, "rw");
  },
  async "a soft mount whose server does not answer leads to one line, and nothing is damaged"(
    { server, clients: [first] },
  ) {
    const store = "/mnt/store/soft", sharing = { store, milliseconds: 1000 };
    await mounted(first, "vers=4.2,soft,timeo=20,retrans=1");
    const cut = share(first, 1, sharing);
    await claimed(server, store, 1);
    await server.printed("ip link set eth0 down");
    const { code, stderr } = await cut;
    assert.equal(code, 1);
    assert.match(stderr, /^error: \/mnt\/store\/soft\S*: .*\n$/);
    await server.printed("ip link set eth0 up");
    assertEnded([await share(first, 2, sharing)]);
    await assertWhole(first, store);
  },
  async "eight processes compute each entry once over NFS 3"(nfs) {
    await remounted(nfs, "vers=3,hard");
    assertMadeOnce(await onBoth(nfs, 8, { store: "/mnt/store/three" }));
    await assertWhole(nfs.clients[1], "/mnt/store/three");
  },
  async "an entry that another machine removes while it is read is computed again"({ clients: [first, second] }) {
    const store = "/mnt/store/three", remove = `find ${store} -name '*.safetensors' -exec rm '{}' +`;
    const removing = second.run(`for each in 1 2 3 4 5 6 7 8; do ${remove}; sleep 0.5; done`);
    const outcomes = await Promise.all([1, 2].map((seed) => share(first, seed, { store, milliseconds: 10 })));
    assertEnded(outcomes);
    await removing;
  },
};

Deno.test({
  name: "machines share a store over NFS",
  ignore: missing !== undefined,
  fn: (t) =>
    inFolder((folder) =>
      withNfs(folder, async (nfs) => {
        for (const [name, step] of Object.entries(steps)) await t.step(name, () => step(nfs, folder));
      })
    ),
});
