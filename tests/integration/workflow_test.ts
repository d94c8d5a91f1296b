/**
 * Workflows run by their engines: Snakemake on this machine, and Slurm as a cluster of one node, with a unit that is
 * killed and one that is signalled before its time limit; Kubernetes' Job is only checked against its schema. The units
 * write, byte for byte, the results of one process.
 *
 * REFRACT_SNAKEMAKE_PYTHON names a Python that has tests/integration/pythons/snakemake.txt. Slurm is Debian's slurm-wlm.
 *
 * @module
 */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { inProcess } from "../support/command.ts";
import { hasSlurm, printed, until, withSlurm } from "../support/slurm.ts";
import { inFolder } from "../pipelines/models/support.ts";

const python = Deno.env.get("REFRACT_SNAKEMAKE_PYTHON"), slurm = await hasSlurm();
if (python === undefined) console.log("REFRACT_SNAKEMAKE_PYTHON is not set: Snakemake is not tried");
if (!slurm) console.log("slurm-wlm is not here, or this is not root: Slurm is not tried");

const shared = fileURLToPath(new URL("../../mod.ts", import.meta.url));

/** Two members that are not trained together, for a few seconds each. */
const pipeline =
  `import { adamw, baseModel, block, evaluate, exactMatch, greedy, loreft, pipeline, records, sweep, train } from ${
    JSON.stringify(shared)
  };
const rows = Array.from({ length: 32 }, (_, at) => ({ q: \`The sky number \${at} is\`, a: " blue" }));
const data = records(rows, { prompt: "{q}", completion: "{a}" }), { train: seen, test } = data.split({ test: 0.25, seed: 1 });
export default pipeline("units", () => {
  const layer = sweep("layer", [0, 2]);
  const edited = baseModel("builtin:tiny").with(loreft({ at: block(layer).output, positions: "l1", rank: 4 }));
  const tuned = train(edited, { data: seen, epochs: 3000, batchSize: 8, optimizer: adamw({ learningRate: 1e-3 }) });
  return { score: evaluate(tuned, { data: test, decoding: greedy({ maxNewTokens: 4 }), metrics: [exactMatch()] }) };
});
`;

async function declaredIn(folder: string): Promise<string> {
  const file = join(folder, "pipeline.ts");
  await Deno.writeTextFile(file, pipeline);
  return file;
}

/** Runs a test in a folder with the pipeline and the results of one process. */
async function inWorkshop(test: (folder: string, file: string) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    const file = await declaredIn(folder);
    const place = ["--out", join(folder, "whole"), "--store", join(folder, "other"), "--threads", "1"];
    const { code, stderr } = await inProcess("run", file, ...place);
    assert.equal(code, 0, stderr);
    await test(folder, file);
  });
}

/** Writes a workflow whose units run this copy of Refract. */
async function written(folder: string, file: string, name: string, options: readonly string[]): Promise<string> {
  const out = join(folder, name), place = ["--out", out, "--store", join(folder, `${name}-store`), "--threads", "1"];
  const { code, stderr } = await inProcess("workflow", file, ...place, ...options);
  assert.equal(code, 0, stderr);
  return out;
}

/** Asserts that the members of a run equal those of one process. */
async function assertWhole(folder: string, out: string): Promise<void> {
  await printed(["diff", "-r", join(out, "run", "members"), join(folder, "whole", "members")]);
}

Deno.test({
  name: "Snakemake runs the units of a workflow",
  ignore: python === undefined,
  fn: () =>
    inWorkshop(async (folder, file) => {
      const out = await written(folder, file, "snakemake", ["--to", "snakemake", "--max-parallel", "2"]);
      const command = [join(dirname(python!), "snakemake"), "--directory", out, "--snakefile", join(out, "Snakefile")];
      await printed([...command, "--cores", "2"], { HOME: folder });
      await assertWhole(folder, out);
    }),
});

Deno.test({
  name: "Slurm runs the units of a workflow, one of which is killed and one signalled before its time limit",
  ignore: !slurm,
  fn: () =>
    inWorkshop(async (folder, file) => {
      const out = await written(folder, file, "slurm", ["--to", "slurm", "--retries", "1"]);
      await withSlurm(join(folder, "cluster"), async (env) => {
        const ids = await printed(["bash", join(out, "submit.sh")], env), [, job] = /^train: (\d+)$/m.exec(ids) ?? [];
        const log = (unit: string) => Deno.readTextFile(join(out, "logs", unit)).catch(() => "");
        const lasts = (isSeen: () => Promise<boolean>, milliseconds: number) => {
          let since = Infinity;
          return async () => {
            if (await isSeen()) since = Math.min(since, performance.now());
            return performance.now() > since + milliseconds;
          };
        };
        const second = `unit ${join(out, "plan.json")}|unit plan.json train-2`;
        const runs = async () => (await new Deno.Command("pgrep", { args: ["-f", second] }).output()).success;
        await until(lasts(runs, 1000), "the second training");
        await printed(["pkill", "-KILL", "-f", second], env);
        // It reports its progress every ten seconds, and is busy a while after the first time.
        await until(lasts(async () => await log("train-1.log") !== "", 2000), "the first training");
        await printed(["scancel", "--signal=USR1", "--batch", `${job}_1`], env);
        await until(async () => /stopped at step \d+/.test(await log("train-1.log")), "the first training to stop");
        // Slurm delays a requeued job by two minutes.
        const again = async () => {
          const jobs = await printed(["squeue", "-h", "-o", "%i %T %r"], env);
          for (const [, id] of jobs.matchAll(/^(\S+) PENDING BeginTime$/gm)) {
            await printed(["scontrol", "update", `JobId=${id}`, "StartTime=now"], env);
          }
          return await Deno.stat(join(out, "done", "report")).then(() => true, () => false);
        };
        await until(again, "the report");
        const starts = async (number: number) => await log(`slurm-${job}_${number}.log`);
        assert.match(await starts(1), /train-1 ended with \d+ and is started again/);
        assert.match(await starts(2), /train-2 ended with \d+ and is started again/);
        assert.doesNotMatch(await log("train-1.log"), /inspector|Debugger/);
        await assertWhole(folder, out);
      });
    }),
});

Deno.test({
  name: "Snakemake submits the units of a workflow to Slurm by its executor plugin",
  ignore: !slurm || python === undefined,
  fn: () =>
    inWorkshop(async (folder, file) => {
      const out = await written(folder, file, "plugin", ["--to", "snakemake"]);
      await withSlurm(join(folder, "cluster"), async (env) => {
        const snakefile = ["--directory", out, "--snakefile", join(out, "Snakefile")];
        const command = [join(dirname(python!), "snakemake"), ...snakefile];
        // There is no accounting, so the state of jobs comes from squeue.
        const slurm = ["--executor", "slurm", "--jobs", "2", "--slurm-status-command", "squeue", "--slurm-no-account"];
        const polled = ["--slurm-init-seconds-before-status-checks", "2", "--seconds-between-status-checks", "2"];
        // The plugin removes Slurm's variables from its jobs; the srun of a cluster finds its configuration without them.
        const programs = join(folder, "programs"), srun = join(programs, "srun");
        await Deno.mkdir(programs);
        await Deno.writeTextFile(srun, `#!/bin/sh\nSLURM_CONF=${env["SLURM_CONF"]} exec /usr/bin/srun "$@"\n`, {
          mode: 0o755,
        });
        const path = `${programs}:${(await printed(["printenv", "PATH"])).trim()}`;
        await printed([...command, ...slurm, ...polled], { ...env, HOME: folder, PATH: path });
        await assertWhole(folder, out);
      });
    }),
});

Deno.test({
  name: "Kubernetes' Job is valid against its schema",
  ignore: python === undefined,
  fn: () =>
    inFolder(async (folder) => {
      const file = await declaredIn(folder);
      const container = ["--image", "registry.example/refract:1", "--volume", "work", "--command", "refract"];
      const out = await written(folder, file, "kubernetes", ["--to", "kubernetes", ...container]);
      await printed([join(dirname(python!), "kubernetes-validate"), "--strict", join(out, "job.yaml")]);
      assert.match(await Deno.readTextFile(join(out, "job.yaml")), /completionMode: Indexed/);
    }),
});
