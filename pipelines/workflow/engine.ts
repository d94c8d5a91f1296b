/** What starts a workflow's units on machines. @module */
import type { WorkPlan } from "./work_plan.ts";

/** How units are to be run. */
interface WorkflowSettings {
  /** The words of the command that does a unit, before the plan and the unit's id. */
  readonly command: readonly string[];
  /** How many units run at once; undefined where the engine decides. */
  readonly maxParallel: number | undefined;
  /** How often a unit is tried again. */
  readonly retries: number;
  /** The workflow's folder, an absolute path. */
  readonly folder: string;
  /** The container image that has the command, where units run in containers. */
  readonly image: string | undefined;
  /** The volume claim that holds the workflow's folder and the store, where units run in containers. */
  readonly volume: string | undefined;
}

/** A way of starting units. */
export interface WorkflowEngine {
  /** The files that it reads, by their paths in the workflow's folder. */
  readonly files: (plan: WorkPlan, settings: WorkflowSettings) => Readonly<Record<string, string>>;
  /** The command that starts the workflow. */
  readonly start: (folder: string) => string;
}

/**
 * A unit's command as a shell takes it. Where a task of deno or npm started the engine, INIT_CWD still names the folder
 * that it was called from, and paths are relative to another here. Deno asks for no newer version of itself.
 */
export function unitCommand(words: readonly string[]): string {
  return shellWords(["env", "-u", "INIT_CWD", "DENO_NO_UPDATE_CHECK=1", ...words]);
}

/** Words as a shell takes them. */
export function shellWords(words: readonly string[]): string {
  return words.map((word) => /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
}
