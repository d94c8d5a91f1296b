/** What starts a workflow's units on machines. @module */
import type { WorkPlan } from "./work_plan.ts";

/** How units are run. */
export interface WorkflowSettings {
  /** The words of the command that runs a unit, before the plan and the unit's id. */
  readonly command: readonly string[];
  /** How many units run at once; undefined if the engine decides. */
  readonly maxParallel: number | undefined;
  /** How often a unit is retried. */
  readonly retries: number;
  /** The workflow's folder, an absolute path. */
  readonly folder: string;
  /** The folders that all machines must see at the same paths. */
  readonly seen: readonly string[];
  /** Whether the command is that of this copy of Refract, because none was given. */
  readonly isOwnCommand: boolean;
  /** The container image with the command, if units run in containers. */
  readonly image: string | undefined;
  /** The volume claim with the workflow's folder and the store, if units run in containers. */
  readonly volume: string | undefined;
}

/** A way to start units. */
export interface WorkflowEngine {
  /** The files that it needs, by their paths in the workflow's folder. */
  readonly files: (plan: WorkPlan, settings: WorkflowSettings) => Readonly<Record<string, string>>;
  /** What it cannot make sure of, each as a note. */
  readonly cautions?: (plan: WorkPlan, settings: WorkflowSettings) => readonly string[];
  /** What starts it, and where that comes from. */
  readonly needs: string;
  /** The command that starts the workflow. */
  readonly start: (folder: string) => string;
}

/**
 * A unit's command for a shell. If a deno or npm task started the engine, INIT_CWD still names the folder that it was
 * called from, but here paths are relative to another one. Deno's check for a newer version is off.
 */
export function unitCommand(words: readonly string[]): string {
  return shellWords(["env", "-u", "INIT_CWD", "DENO_NO_UPDATE_CHECK=1", ...words]);
}

/** Words quoted for a shell. */
export function shellWords(words: readonly string[]): string {
  return words.map((word) => /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
}
