/** A run in units: the plan, the files of units that run one by one, and the errors of requests. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { digestOf } from "../../../../pipelines/common/digest.ts";
import { DiskError, RequestError, RunError, StoppedError } from "../../../../pipelines/common/errors.ts";
import { isFinal } from "../../../../pipelines/workflow/failed_units.ts";
import { kubernetes } from "../../../../pipelines/workflow/kubernetes.ts";
import { slurm } from "../../../../pipelines/workflow/slurm.ts";
import { snakemake } from "../../../../pipelines/workflow/snakemake.ts";
import { workflowEngines } from "../../../../pipelines/workflow/engines.ts";
import { readWorkPlan, type WorkPlan } from "../../../../pipelines/workflow/work_plan.ts";
import { inProcess, inProcessUnder } from "../../../support/command.ts";
import { emptyPlan } from "../../../support/work_plan.ts";
import { inFolder } from "../../../pipelines/models/support.ts";

const example = fileURLToPath(new URL("../../../../examples/rank-by-layer/pipeline.ts", import.meta.url));
const axes = ["--set", "layer=0,2", "--set", "rank=1,4", "--threads", "1"];

interface PlannedUnit {
  readonly id: string;
  readonly kind: string;
  readonly needs: readonly string[];
  readonly members: readonly string[];
  readonly part?: unknown;
}

/** Writes a workflow and reads its plan. */
async function written(folder: string, ...options: readonly string[]) {
  const out = join(folder, "flow"), place = ["--out", out, "--store", join(folder, "store")];
  const outcome = await inProcess("workflow", example, ...axes, ...place, ...options);
  assert.equal(outcome.code, 0, outcome.stderr);
  const plan: { readonly units: readonly PlannedUnit[] } = JSON.parse(await Deno.readTextFile(join(out, "plan.json")));
  return { out, plan, file: join(out, "plan.json") };
}

/** The digests of the files below a folder, by path. */
async function filesIn(folder: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (!isDirectory) found.set(name, digestOf(await Deno.readFile(path)));
    else for (const [below, text] of await filesIn(path)) found.set(`${name}/${below}`, text);
  }
  return found;
}

Deno.test("units that run one by one, in parts and some twice, produce the files of one process", () =>
  inFolder(async (folder) => {
    const { out, plan, file } = await written(
      folder,
      "--to",
      "snakemake",
      "--shard-seconds",
      "0.0001",
      "--max-parallel",
      "3",
    );
    assert.deepEqual(plan.units.map(({ kind }) => kind), [
      ...new Array(4).fill("encode"),
      ...new Array(2).fill("train"),
      ...new Array(4).fill("evaluate"),
      "report",
    ]);
    const before = new Set<string>();
    for (const { id, needs } of plan.units) {
      assert.ok(needs.every((need) => before.has(need)), `${id} comes before what it needs`);
      before.add(id);
    }
    for (const { id } of [...plan.units, plan.units[4]!]) {
      const { code, stderr } = await inProcess("unit", file, id);
      assert.equal(code, 0, stderr);
    }
    const whole = join(folder, "whole");
    const { code, stderr } = await inProcess("run", example, ...axes, "--out", whole, "--store", join(folder, "other"));
    assert.equal(code, 0, stderr);
    assert.deepEqual(await filesIn(join(out, "run", "members")), await filesIn(join(whole, "members")));
    const { encode: [{ key }] } = JSON.parse(await Deno.readTextFile(join(whole, "results.json")));
    const [stored, other] = [await filesIn(join(folder, "store")), await filesIn(join(folder, "other"))];
    const encoding = `encode/${key.slice(0, 2)}/${key}.safetensors`;
    assert.equal(stored.get(encoding), other.get(encoding) ?? "none");
    assert.deepEqual([...stored.keys()].filter((name) => name.startsWith("shard/")), []);
  }));

Deno.test("a problem with a unit or a workflow is reported in one line", () =>
  inFolder(async (folder) => {
    const { out, file } = await written(folder, "--to", "slurm");
    const fails = async (args: readonly string[], expected: RegExp) => {
      const { code, stderr } = await inProcess(...args);
      assert.equal(code, 2);
      assert.match(stderr, expected);
      assert.equal(stderr.trim().split("\n").length, 1, stderr);
    };
    await fails(["unit", file, "train-99"], /the plan has no unit "train-99"; did you mean "train-1"/);
    await fails(["unit", join(folder, "none.json"), "train-1"], /none\.json: there is no such plan/);
    await fails(["unit", file, "train-1", "--store", join(folder, "unmounted")], /cannot see the plan's store/);
    await fails(["workflow", example, "--to", "slurm", "--out", out], /flow: .*not empty|holds/);
    await fails(["workflow", example, "--to", "kubernetes", "--out", join(folder, "k")], /--image .*--volume/);
    await Deno.writeTextFile(join(folder, "other.json"), "{}");
    await fails(["unit", join(folder, "other.json"), "report"], /is not the plan of a workflow/);
    const plan = await Deno.readTextFile(file);
    await Deno.writeTextFile(file, plan.replace(/"refract": "\w+"/, '"refract": "0"'));
    await fails(["unit", file, "train-1"], /made by a different version of Refract/);
    await Deno.writeTextFile(file, plan.replace("onnxruntime-node 1.30.0", "onnxruntime-node 1.29.0"));
    await fails(["unit", file, "train-1"], /is for onnxruntime-node 1\.29\.0, but this machine has/);
    assert.deepEqual([...Deno.readDirSync(join(out, "done"))], []);
  }));

type Edit = (plan: Record<string, unknown>, units: Record<string, unknown>[]) => void;

const edits: readonly (readonly [name: string, edit: Edit, says: RegExp])[] = [
  ["without settings", (plan) => delete plan["set"], /set is missing/],
  ["of another provider", (plan) => plan["provider"] = "tpu", /provider is "tpu"; give "cpu", "webgpu" or "cuda"/],
  [
    "with too many threads",
    (plan) => plan["threads"] = 1e9,
    /threads is 1000000000; give a whole number from 1 to 1024/,
  ],
  ["without a store", (plan) => plan["store"] = "", /store is ""; give an absolute path/],
  ["with a budget in words", (plan) => plan["budgets"] = { memory: "8GB" }, /memory is "8GB"/],
  ["without units", (plan) => plan["units"] = [], /units is empty/],
  ["with a unit of another kind", (_, [, unit]) => unit!["kind"] = "__proto__", /units\[1\] is of the kind __proto__/],
  ["with a unit outside its folder", (_, [, unit]) => unit!["id"] = "../../x", /id is "\.\.\/\.\.\/x"; give an id/],
  ["with a unit twice", (_, units) => units.unshift({ ...units.at(-1)!, needs: [] }), /it has two units "report"/],
  ["with a need that nothing meets", (_, [unit]) => unit!["needs"] = ["x"], /no unit before "encode-1" is "x"/],
  ["with a member of another group", (_, [, unit]) => unit!["members"] = ["x"], /"train-1" is for "x", which is not/],
  ["with a shard beyond the last", (_, [unit]) => unit!["part"] = { number: 2, of: 2 }, /part is an object/],
];

Deno.test("an edited plan is refused in one line, and its units do nothing", () =>
  inFolder(async (folder) => {
    const { out, plan, file } = await written(folder, "--to", "slurm");
    for (const [name, edit, says] of edits) {
      const edited = JSON.parse(JSON.stringify(plan));
      edit(edited, edited.units);
      await Deno.writeTextFile(file, JSON.stringify(edited));
      const { code, stderr } = await inProcess("unit", file, "train-1");
      assert.equal(code, 2, name);
      assert.match(stderr, says);
      assert.match(stderr, /^error: .*plan\.json: is not the plan of a workflow \(.*\); write it again with .*\n$/);
    }
    assert.deepEqual([...Deno.readDirSync(join(out, "done"))], []);
  }));

Deno.test("a budget without a limit reaches the units", () =>
  inFolder(async (folder) => {
    const { file } = await written(folder, "--to", "slurm", "--cache-memory", "unlimited", "--memory", "8GB");
    const { budgets } = await readWorkPlan(file, () => {});
    assert.deepEqual(budgets, { cacheMemory: Infinity, memory: 8e9 });
  }));

Deno.test("a unit notes that the pipeline was changed after the plan was made, and refuses a stage that it lacks", () =>
  inFolder(async (folder) => {
    const pipeline = join(folder, "pipeline.ts"), out = join(folder, "flow");
    const declared = await Deno.readTextFile(example);
    const text = declared.replaceAll(/"(\.\.?\/[^"]+)"/g, (_, path) => JSON.stringify(join(example, "..", path)));
    await Deno.writeTextFile(pipeline, text);
    const place = ["--out", out, "--store", join(folder, "store")];
    const made = await inProcess("workflow", pipeline, ...axes, "--to", "slurm", ...place);
    assert.equal(made.code, 0, made.stderr);
    // This process has loaded the first file, and would not read it again.
    const changed = join(folder, "changed.ts"), file = join(out, "plan.json");
    await Deno.writeTextFile(changed, text.replace("tuned: evaluate(", "renamed: evaluate("));
    await Deno.writeTextFile(file, (await Deno.readTextFile(file)).replace(pipeline, changed));
    const { code, stderr } = await inProcess("unit", out, "evaluate-1");
    assert.equal(code, 2);
    const [note, error] = stderr.trim().split("\n");
    assert.match(note!, /^note: .*changed\.ts was changed after the plan was made/);
    assert.match(error!, /^error: the pipeline no longer has a stage ".+"; write the workflow again$/);
  }));

const small: WorkPlan = {
  ...emptyPlan,
  units: [{ id: "report", kind: "report", members: [], among: [], stages: [], needs: [], memory: 1e9, seconds: 5 }],
};
const settings = {
  command: ["refract", "unit"],
  isOwnCommand: false,
  maxParallel: undefined,
  retries: 0,
  folder: "/work/flow",
  seen: ["/work/flow", "/work/store"],
  image: "image",
  volume: "claim",
};

/** The Job that Kubernetes gets. */
function jobOf(plan: WorkPlan, own: Partial<typeof settings> = {}) {
  return parse(kubernetes.files(plan, { ...settings, ...own })["job.yaml"]!);
}

Deno.test("a job's name is a DNS label whatever the pipeline's name", () => {
  for (
    const pipeline of ["Tiny_Model.v1", "tiny_", "tiny.", "_tiny", "9", "_", "a".repeat(200), `${"a".repeat(51)}_b`]
  ) {
    const { name } = jobOf({ ...small, pipeline }).metadata;
    assert.match(name, /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/);
    assert.ok(`${name}-99999`.length <= 63, name);
  }
});

Deno.test("a volume is mounted at a folder that a container may have", () => {
  const mounted = (own: Partial<typeof settings>) => jobOf(small, own).spec.template.spec.containers[0];
  assert.equal(mounted({}).volumeMounts[0].mountPath, "/work");
  assert.equal(mounted({ seen: ["/work/flow"] }).volumeMounts[0].mountPath, "/work/flow");
  assert.throws(() => mounted({ seen: ["/a/flow", "/b/store"] }), /only \/ contains "\/a\/flow" and "\/b\/store"/);
  assert.throws(() => mounted({ seen: ["/a:b/flow", "/a:b/store"] }), /path has a colon/);
  assert.deepEqual(mounted({ command: ["/a$(id)/refract", "unit"] }).command.slice(0, 2), ["/a$$(id)/refract", "unit"]);
  assert.equal(kubernetes.start("/my work"), "kubectl apply -f '/my work/job.yaml'");
  const cautions = kubernetes.cautions!({ ...small, file: "/home/tiny.ts" }, { ...settings, isOwnCommand: true });
  assert.match(cautions.join("\n"), /give --command\nthe volume at \/work does not hold \/home\/tiny\.ts/);
  assert.deepEqual(kubernetes.cautions!(small, settings), []);
});

Deno.test("Snakemake fills in no part of a unit's command", () => {
  const { Snakefile = "" } = snakemake.files(small, { ...settings, command: ["/a{log}/refract", "unit"] });
  assert.match(Snakefile, /'\/a\{\{log\}\}\/refract' unit plan\.json \{wildcards\.id\} > \{log\} 2>&1"/);
});

Deno.test("a --command that only a shell could read is refused", () =>
  inFolder(async (folder) => {
    for (const words of ["$HOME/bin/refract", "~/refract", "sh -c 'refract'", "a;b"]) {
      const place = ["--to", "slurm", "--out", join(folder, "flow"), "--store", join(folder, "store")];
      const { code, stderr } = await inProcess("workflow", example, ...axes, ...place, "--command", words);
      assert.equal(code, 2, words);
      assert.match(stderr, /^error: --command has .*, which no shell interprets; write words without quotes.*\n$/);
    }
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), []);
  }));

Deno.test("a store may be in the workflow's folder; one that cannot be made leaves no workflow", () =>
  inFolder(async (folder) => {
    const made = (out: string, store: string) => {
      return inProcess("workflow", example, ...axes, "--to", "slurm", "--out", out, "--store", store);
    };
    const out = join(folder, "flow"), { code, stderr } = await made(out, join(out, "store"));
    assert.equal(code, 0, stderr);
    assert.ok((await Deno.stat(join(out, "store"))).isDirectory);
    await Deno.symlink(join(folder, "nowhere"), join(folder, "dangling"));
    const refused = await made(join(folder, "other"), join(folder, "dangling"));
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /^error: .*dangling: can't be written \(.*\n$/);
    const again = await made(out, join(folder, "unused"));
    assert.match(again.stderr, /holds other files/);
    assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), ["dangling", "flow"]);
  }));

Deno.test("a unit that cannot mark its end says so before it begins", () =>
  inFolder(async (folder) => {
    const { out, file } = await written(folder, "--to", "slurm");
    await Deno.remove(join(out, "done"), { recursive: true });
    await Deno.writeTextFile(join(out, "done"), "");
    const { code, stderr } = await inProcess("unit", file, "encode-1");
    assert.equal(code, 2);
    assert.match(stderr, /^error: .*done: can't be written \(.*\n$/);
  }));

Deno.test("a unit that fails for good ends those that wait for it, and no others", () =>
  inFolder(async (folder) => {
    const { out, plan, file } = await written(folder, "--to", "slurm");
    const [encode] = plan.units, trains = plan.units.filter(({ kind }) => kind === "train");
    const evaluates = plan.units.find(({ needs }) => needs.includes(trains[0]!.id))!;
    const refused = join(folder, "missing"), of = (execution: string) => ["--wait", `--execution=${execution}`];
    const failed = () => [...Deno.readDirSync(join(out, "failed"))].map(({ name }) => name).sort();
    assert.equal((await inProcess("unit", file, encode!.id, ...of("a"))).code, 0);
    // An invalid request is not retried.
    const train = await inProcess("unit", file, trains[0]!.id, ...of("a"), "--retries", "2", "--store", refused);
    assert.equal(train.code, 2);
    assert.deepEqual(failed(), [trains[0]!.id]);
    const expected = new RegExp(
      `^error: \\S+ cannot run, because ${
        trains[0]!.id
      } failed \\(.*missing: this machine cannot see .*\\); mend .*\\n$`,
    );
    for (const id of [evaluates.id, "report"]) {
      const { code, stderr } = await inProcess("unit", file, id, ...of("a"), "--retries", "2");
      assert.equal(code, 2);
      assert.match(stderr, expected);
    }
    assert.deepEqual(failed(), [evaluates.id, "report", trains[0]!.id].sort());
    // A new execution ignores the marks: this unit waits until it is stopped.
    const stop = AbortSignal.timeout(1);
    const waiting = await inProcessUnder({ stops: () => stop }, "unit", file, evaluates.id, ...of("b"));
    assert.equal(waiting.code, 143);
    // A retry removes them.
    for (const { id } of plan.units) assert.equal((await inProcess("unit", file, id, ...of("b"))).code, 0);
    assert.deepEqual(failed(), []);
  }));

Deno.test("a unit has failed for good if its last attempt failed, or its request is invalid", () => {
  const lost = new RunError("the device was lost"), invalid = new RequestError("there is no such file");
  const stopped = new StoppedError(143);
  assert.deepEqual([0, 1, 2].map((failures) => isFinal(lost, failures, 1)), [false, true, true]);
  assert.deepEqual([0, 1].map((failures) => isFinal(new TypeError("x"), failures, 1)), [false, true]);
  assert.ok(isFinal(invalid, 0, 9) && isFinal(new DiskError("can't be written"), 0, 9));
  assert.ok(!isFinal(stopped, 0, 0));
});

Deno.test("Kubernetes retries what can succeed, and passes a unit the number of its failures", () => {
  const { backoffLimitPerIndex, podFailurePolicy: { rules }, template } = jobOf(small, { retries: 3 }).spec;
  const [{ command, env }] = template.spec.containers;
  assert.equal(backoffLimitPerIndex, 3);
  assert.deepEqual(rules.map(({ action }: { readonly action: string }) => action), ["Ignore", "FailIndex"]);
  assert.deepEqual(command.slice(-4), [
    "--wait",
    "--execution=$(JOB_UID)",
    "--failures=$(FAILURES)",
    "--retries=3",
  ]);
  assert.deepEqual(env.map(({ name }: { readonly name: string }) => name), ["JOB_UID", "FAILURES"]);
});

Deno.test("the files of an engine say what is missing if it is not there", () => {
  const script = slurm.files(small, settings)["submit.sh"] ?? "", { Snakefile = "" } = snakemake.files(small, settings);
  assert.match(
    script,
    /if ! command -v sbatch .*\n {2}echo "error: there is no sbatch here; run this on .*" >&2\n {2}exit 2/,
  );
  assert.match(Snakefile, /^min_version\("9\.0"\)$/m);
  for (const { needs } of Object.values(workflowEngines)) assert.notEqual(needs, "");
});
