/**
 * Slurm without other tools: job arrays for each kind of unit, each waiting for the previous kind, and a script that
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

/** The most tasks of an array: Slurm's usual MaxArraySize of 1001 is one more than the largest index. */
const mostTasks = 1000;

function submitScript(plan: WorkPlan, kinds: readonly UnitKind[], maxParallel: number | undefined): string {
  const gpu = plan.provider === "cpu" ? "" : " --gres=gpu:1";
  const submissions = kinds.map((kind) => {
    const units = unitsOf(plan, kind), { megabytes, minutes, threads } = limitsOf(plan, units);
    const name = shellWords([`--job-name=${plan.pipeline}-${kind}`]);
    const limits = `--cpus-per-task=${threads} --mem=${megabytes}M --time=${minutes}${gpu}`;
    return `submit ${kind} ${units.length} ${name} ${limits} "$@"`;
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

# An array has at most this many tasks: its indices are below the cluster's MaxArraySize.
most=${mostTasks}
size="$(scontrol show config 2> /dev/null | sed -n 's/^MaxArraySize *= *\\([0-9]*\\).*/\\1/p' || true)"
if [[ -n $size ]] && ((size > 1 && size <= most)); then most=$((size - 1)); fi
parallel=${maxParallel ?? 0}
submitted=()
# The jobs of the previous kind and of this one.
before=""
current=""

give_up() {
  echo "error: sbatch did not accept the $1 units, as it says above; the jobs before them are cancelled" >&2
  if ((\${#submitted[@]})); then scancel "\${submitted[@]}"; fi
  exit 1
}

# submit KIND COUNT OPTION...: arrays that together run the units of a kind, after all those of the previous kind.
submit() {
  local kind="$1" count="$2" last="" first tasks id after limit
  shift 2
  current=""
  for ((first = 0; first < count; first += most)); do
    tasks=$((count - first < most ? count - first : most))
    after="\${before:+afterok$before}"
    limit=""
    if ((parallel > 0)); then
      # Arrays do not share a limit: each waits for the one before it, however that ended.
      after="$after\${last:+\${after:+,}afterany:$last}"
      limit="%$parallel"
    fi
    id="$(sbatch --parsable "--array=1-$tasks$limit" \${after:+"--dependency=$after"} \${after:+--kill-on-invalid-dep=yes} \\
      "$@" unit.sbatch "units/$kind" "$first")" || give_up "$kind"
    # Slurm appends the cluster's name if there are several.
    last="\${id%%;*}"
    submitted+=("$last")
    current="$current:$last"
    echo "$kind: $last"
  done
  before="$current"
}

${submissions.join("\n")}
`;
}

function jobScript(command: readonly string[], retries: number): string {
  return `#!/usr/bin/env bash
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=logs/slurm-%A_%a.log
#SBATCH --signal=B:USR1@${warning}
# Runs the unit of a list that this job of an array is for; the second argument counts the units of earlier arrays.
unit="$(sed -n "$((SLURM_ARRAY_TASK_ID + \${2:-0}))p" "$1")"
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
