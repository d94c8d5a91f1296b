/** Slurm's submit.sh, with an sbatch that refuses what Slurm refuses: large workflows, whatever the cluster's limit. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Unit } from "../../pipelines/schedule/units/unit.ts";
import { slurm } from "../../pipelines/workflow/slurm.ts";
import type { WorkPlan } from "../../pipelines/workflow/work_plan.ts";
import { inFolder } from "../pipelines/models/support.ts";
import { emptyPlan } from "../support/work_plan.ts";

/** Refuses arrays as Slurm does, and those after the job ACCEPTED; records the others, and what is cancelled. */
const programs = {
  sbatch: `#!/usr/bin/env bash
number=$(($(cat jobs 2> /dev/null || echo 100) + 1))
for word in "$@"; do
  case "$word" in --array=1-*)
    last="\${word#--array=1-}"; last="\${last%%%*}"
    if ((last >= SIZE)); then echo "sbatch: error: Invalid job array specification" >&2; exit 1; fi
  esac
done
if ((number > ACCEPTED)); then echo "sbatch: error: QOSMaxSubmitJobPerUserLimit" >&2; exit 1; fi
echo "$number" > jobs
echo "$number $*" >> submitted
echo "$number;cluster"
`,
  scancel: `#!/usr/bin/env bash\necho "$*" > cancelled\n`,
  scontrol: `#!/usr/bin/env bash\necho "MaxArraySize            = $SIZE"\n`,
};

const unit = (kind: Unit["kind"], number: number): Unit => {
  return { id: `${kind}-${number}`, kind, members: [], among: [], stages: [], needs: [], memory: 1e9, seconds: 5 };
};
const units = (kind: Unit["kind"], count: number) => Array.from({ length: count }, (_, at) => unit(kind, at + 1));

const plan: WorkPlan = {
  ...emptyPlan,
  pipeline: "a large sweep",
  units: [...units("encode", 1), ...units("train", 2300), ...units("report", 1)],
};
const usual = { command: ["echo"], isOwnCommand: false, retries: 0, image: undefined, volume: undefined };

interface Submitted {
  readonly code: number;
  readonly stderr: string;
  readonly jobs: readonly (readonly string[])[];
  readonly cancelled: string | undefined;
}

/** Runs submit.sh; every job is its number and the words of its sbatch. */
async function submitted(
  folder: string,
  maxParallel: number | undefined,
  cluster: Readonly<Record<string, string>>,
): Promise<Submitted> {
  const bin = join(folder, "bin");
  await Deno.mkdir(bin);
  for (const [name, text] of Object.entries(programs)) await Deno.writeTextFile(join(bin, name), text, { mode: 0o755 });
  const files = slurm.files(plan, { ...usual, maxParallel, folder, seen: [folder] });
  await Deno.mkdir(join(folder, "units"));
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(join(folder, name), text);
  const { code, stderr } = await new Deno.Command("bash", {
    args: [join(folder, "submit.sh"), "--partition=short"],
    env: { PATH: `${bin}:/usr/bin:/bin`, ACCEPTED: "100000", ...cluster },
    clearEnv: true,
  }).output();
  const read = (name: string) => Deno.readTextFile(join(folder, name)).catch(() => undefined);
  const lines = (await read("submitted") ?? "").trim().split("\n");
  return {
    code,
    stderr: new TextDecoder().decode(stderr),
    jobs: lines.map((line) => line.replace("a large sweep", "a_large_sweep").split(" ")),
    cancelled: await read("cancelled"),
  };
}

const limits = ["--cpus-per-task=1", "--mem=2000M", "--time=10", "--partition=short", "unit.sbatch"];
const after = (jobs: string) => [`--dependency=${jobs}`, "--kill-on-invalid-dep=yes"];
const words = (number: number, array: string, dependency: readonly string[], kind: string, first: number) => [
  String(number),
  "--parsable",
  `--array=${array}`,
  ...dependency,
  `--job-name=a_large_sweep-${kind}`,
  ...limits,
  `units/${kind}`,
  String(first),
];

Deno.test("a kind with more units than an array may have is submitted as several arrays", () =>
  inFolder(async (folder) => {
    const { code, stderr, jobs } = await submitted(folder, undefined, { SIZE: "1001" });
    assert.equal(code, 0, stderr);
    assert.deepEqual(jobs, [
      words(101, "1-1", [], "encode", 0),
      words(102, "1-1000", after("afterok:101"), "train", 0),
      words(103, "1-1000", after("afterok:101"), "train", 1000),
      words(104, "1-300", after("afterok:101"), "train", 2000),
      words(105, "1-1", after("afterok:102:103:104"), "report", 0),
    ]);
  }));

Deno.test("with --max-parallel the arrays of a kind run one after the other, and a smaller MaxArraySize is kept", () =>
  inFolder(async (folder) => {
    const { code, stderr, jobs } = await submitted(folder, 8, { SIZE: "901" });
    assert.equal(code, 0, stderr);
    assert.deepEqual(jobs, [
      words(101, "1-1%8", [], "encode", 0),
      words(102, "1-900%8", after("afterok:101"), "train", 0),
      words(103, "1-900%8", after("afterok:101,afterany:102"), "train", 900),
      words(104, "1-500%8", after("afterok:101,afterany:103"), "train", 1800),
      words(105, "1-1%8", after("afterok:102:103:104"), "report", 0),
    ]);
  }));

Deno.test("if sbatch refuses an array, what was submitted is cancelled", () =>
  inFolder(async (folder) => {
    const { code, stderr, cancelled } = await submitted(folder, undefined, { SIZE: "1001", ACCEPTED: "102" });
    assert.equal(code, 1);
    assert.match(
      stderr,
      /QOSMax.*\nerror: sbatch did not accept the train units, as it says above; the jobs before them are cancelled\n$/,
    );
    assert.equal(cancelled, "101 102\n");
  }));

Deno.test("a task of a later array runs the unit at its place in the list", () =>
  inFolder(async (folder) => {
    await submitted(folder, undefined, { SIZE: "1001" });
    const { code } = await new Deno.Command("bash", {
      args: ["unit.sbatch", "units/train", "1000"],
      cwd: folder,
      env: { PATH: "/usr/bin:/bin", SLURM_ARRAY_JOB_ID: "103", SLURM_ARRAY_TASK_ID: "7" },
      clearEnv: true,
    }).output();
    assert.equal(code, 0);
    assert.equal(await Deno.readTextFile(join(folder, "logs", "train-1007.log")), "plan.json train-1007\n");
  }));
