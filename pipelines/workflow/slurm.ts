/**
 * Slurm without other tools: a job array for each kind of unit, each waiting for the previous one, and a script that
 * submits them. A unit that is about to reach its time limit saves its state, and resumes from there when it is started
 * again.
 *
 * @module
 */
import type { UnitKind } from "../schedule/units/unit.ts";
import { shellWords, unitCommand, type WorkflowEngine } from "./engine.ts";
import { limitsOf, planFile, type WorkPlan } from "./work_plan.ts";

/** The kinds in the order in which they run. */
const order: readonly UnitKind[] = ["encode", "train", "evaluate", "report"];

const unitsOf = ({ units }: WorkPlan, kind: UnitKind) => units.filter((unit) => unit.kind === kind);

/** Writes lists of units, a job that runs one unit of a list, and the script that submits them all. */
export const slurm: WorkflowEngine = {
  files: (plan, settings) => {
    const kinds = order.filter((kind) => unitsOf(plan, kind).length > 0);
    const lists = kinds.map((kind) => [`units/${kind}`, unitsOf(plan, kind).map(({ id }) => `${id}\n`).join("")]);
    return {
      ...Object.fromEntries(lists),
      "unit.sbatch": jobScript(settings.command, settings.retries),
      "submit.sh": submitScript(plan, kinds, settings.maxParallel),
    };
  },
  needs: "Slurm, with sbatch and scontrol",
  start: (folder) => `bash ${shellWords([`${folder}/submit.sh`])}`,
};

/** How long before its time limit a unit is asked to save its state, in seconds. */
const warning = 60;

function submitScript(plan: WorkPlan, kinds: readonly UnitKind[], maxParallel: number | undefined): string {
  const most = maxParallel === undefined ? "" : `%${maxParallel}`, gpu = plan.provider === "cpu" ? "" : " --gres=gpu:1";
  const submissions = kinds.map((kind, at) => {
    const units = unitsOf(plan, kind), { megabytes, minutes, threads } = limitsOf(plan, units);
    const after = at === 0 ? "" : ` --dependency="afterok:$${kinds[at - 1]}" --kill-on-invalid-dep=yes`;
    return `${kind}="$(sbatch --parsable --job-name=${plan.pipeline}-${kind} --array=1-${units.length}${most} \\
  --cpus-per-task=${threads} --mem=${megabytes}M --time=${minutes}${gpu}${after} "$@" unit.sbatch units/${kind})"
echo "${kind}: $${kind}"`;
  });
  return `#!/usr/bin/env bash
# Submits the units of ${planFile}; its arguments are passed to each sbatch, as in: bash submit.sh --partition=short
set -euo pipefail
if ! command -v sbatch > /dev/null; then
  echo "error: there is no sbatch here; run this on a machine that submits to Slurm, or use --to snakemake" >&2
  exit 2
fi
cd "$(dirname "\${BASH_SOURCE[0]}")"
mkdir -p logs
${submissions.join("\n")}
`;
}

function jobScript(command: readonly string[], retries: number): string {
  return `#!/usr/bin/env bash
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=logs/slurm-%A_%a.log
#SBATCH --signal=B:USR1@${warning}
# Runs the unit of a list that this job of an array is for.
unit="$(sed -n "\${SLURM_ARRAY_TASK_ID}p" "$1")"
job="\${SLURM_ARRAY_JOB_ID}_\${SLURM_ARRAY_TASK_ID}"
ending=""
${unitCommand(command)} ${planFile} "$unit" >> "logs/$unit.log" 2>&1 &
child=$!
# Before the time limit the unit saves its state, and the job is requeued; a cancelled job stays cancelled.
trap 'ending=limit; kill -USR2 "$child" 2> /dev/null' USR1
trap 'ending=term; kill -TERM "$child" 2> /dev/null' TERM
wait "$child"
code=$?
while kill -0 "$child" 2> /dev/null; do
  wait "$child"
  code=$?
done
((code == 0)) && exit 0
# 2 is an invalid request, which stays invalid.
if [[ $ending == limit ]] || [[ -z $ending && $code != 2 && \${SLURM_RESTART_COUNT:-0} -lt ${retries} ]]; then
  echo "$unit ended with $code and is started again"
  scontrol requeue "$job" && exit 0
fi
echo "$unit ended with $code; see logs/$unit.log"
exit "$code"
`;
}
