/**
 * Snakemake 9 or later, whose executor plugins also submit to Slurm, LSF, PBS, Kubernetes and cloud batch services. One
 * rule serves all units: what each needs and may take is looked up in the plan.
 *
 * @module
 */
import { shellWords, unitCommand, type WorkflowEngine } from "./engine.ts";
import { planFile } from "./work_plan.ts";

/** Writes a Snakefile and the profile that Snakemake uses by default. */
export const snakemake: WorkflowEngine = {
  files: ({ provider }, { command, maxParallel, retries }) => ({
    Snakefile: `# Runs the units of ${planFile}. Written by Refract: change the pipeline and write it again.
import json
from math import ceil

from snakemake.utils import min_version

min_version("9.0")

plan = json.load(open("${planFile}"))
units = {unit["id"]: unit for unit in plan["units"]}


def megabytes(wildcards, attempt):
    return ceil(plan["margin"] * attempt * units[wildcards.id]["memory"] / 1e6)


def minutes(wildcards, attempt):
    return max(10, ceil(plan["margin"] * attempt * units[wildcards.id]["seconds"] / 60))


localrules:
    all,


rule all:
    input:
        "done/report",


rule unit:
    input:
        lambda wildcards: [f"done/{id}" for id in units[wildcards.id]["needs"]],
    output:
        "done/{id}",
    wildcard_constraints:
        id="|".join(units),
    log:
        "logs/{id}.log",
    threads: plan["threads"]
    resources:
        mem_mb=megabytes,
        runtime=minutes,${provider === "cpu" ? "" : "\n        gpu=1,"}
    shell:
        ${pythonText(`${escaped(unitCommand(command))} ${planFile} {wildcards.id} > {log} 2>&1`)}
`,
    "profiles/default/config.yaml": `# Snakemake uses these unless its command line says otherwise.
keep-going: true
latency-wait: 60
rerun-triggers: mtime
retries: ${retries}
${maxParallel === undefined ? "" : `jobs: ${maxParallel}\n`}`,
  }),
  needs: "Snakemake 9 or later: pip install snakemake",
  start: (folder) =>
    `snakemake --directory ${shellWords([folder])} --snakefile ${shellWords([`${folder}/Snakefile`])} --cores all`,
};

/** A shell command with the braces escaped that Snakemake would fill in. */
function escaped(command: string): string {
  return command.replaceAll(/[{}]/g, "$&$&");
}

/** A text as a Python string. */
function pythonText(text: string): string {
  return JSON.stringify(text);
}
