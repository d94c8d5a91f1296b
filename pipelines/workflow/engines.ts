/** The engines that can run a workflow, by their names for `--to`. @module */
import type { WorkflowEngine } from "./engine.ts";
import { kubernetes } from "./kubernetes.ts";
import { slurm } from "./slurm.ts";
import { snakemake } from "./snakemake.ts";

/** All engines. */
export const workflowEngines = { snakemake, slurm, kubernetes } as const satisfies Readonly<
  Record<string, WorkflowEngine>
>;

/** An engine's name. */
export type EngineName = keyof typeof workflowEngines;
