/** A run in units: the plan, the files of units that run one by one, and the errors of requests. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { digestOf } from "../../../pipelines/common/digest.ts";
import { inProcess } from "../../support/command.ts";
import { inFolder } from "../models/support.ts";

const example = fileURLToPath(new URL("../../../examples/rank-by-layer/pipeline.ts", import.meta.url));
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
