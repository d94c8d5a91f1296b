/** Trains with the peer: pyreft for edits, peft for adapters. @module */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Finished, runCommand } from "./command.ts";
import { batchSize, learningRate, type Setting, warmup } from "./jobs.ts";

/** One training. */
export interface Training {
  readonly losses: readonly number[];
  readonly stepSeconds: readonly number[];
}

/** One run of a side: its trainings, and the seconds of the whole process or processes. */
export interface Run {
  readonly trainings: readonly Training[];
  readonly seconds: number;
}

/** The peer's Python: REFRACT_PEER_PYTHON, or one in an environment that is created on first use and kept. */
export async function peerPython(shared: string): Promise<string> {
  const given = Deno.env.get("REFRACT_PEER_PYTHON");
  if (given !== undefined) return given;
  const environment = join(tmpdir(), "refract-bench-peer");
  const python = join(environment, "bin", "python"), complete = join(environment, "complete");
  const isComplete = await Deno.stat(complete).then(() => true, () => false);
  if (!isComplete) {
    console.error(`making a Python environment with the peer's packages in ${environment}`);
    await runCommand("python3", ["-m", "venv", "--clear", "--upgrade-deps", environment]);
    await runPython(python, ["-m", "pip", "install", "--quiet", "-r", join(shared, "peer", "requirements.txt")]);
    await Deno.writeTextFile(complete, "");
  }
  return python;
}

/** Runs the peer's Python through the system's, which is the one that the permissions name. */
export async function runPython(python: string, args: readonly string[]): Promise<Finished> {
  return await runCommand("python3", ["-c", "import os, sys; os.execv(sys.argv[1], sys.argv[1:])", python, ...args]);
}

/** A training for the peer. */
export interface PeerTraining {
  readonly python: string;
  /** The folder with pyreft's script. */
  readonly shared: string;
  readonly model: string;
  readonly data: string;
  readonly threads: number;
  readonly epochs: number;
  readonly setting: Setting;
}

interface PeerOutput {
  readonly losses: readonly number[];
  readonly step_s: readonly number[];
}

/** Trains from the initial values of a file. */
export async function trainPeer(training: PeerTraining, initial: string): Promise<Run> {
  const { stdout, seconds } = await runPython(training.python, [...argumentsOf(training), "--init", initial]);
  const { losses, step_s }: PeerOutput = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
  return { trainings: [{ losses, stepSeconds: step_s }], seconds };
}

/** Writes the peer's initial values. */
export async function writeInitial(training: PeerTraining, path: string): Promise<void> {
  await runPython(training.python, [...argumentsOf(training), "--steps", "1", "--dump-init", path]);
}

function argumentsOf({ shared, model, data, threads, epochs, setting }: PeerTraining): string[] {
  const { blocks, rank } = setting;
  const common = {
    model,
    data,
    threads,
    epochs,
    rank,
    layers: blocks === "all" ? blocks : blocks.join(";"),
    batch: batchSize,
    lr: learningRate,
    warmup,
  };
  switch (setting.kind) {
    case "loreft": {
      const { positions, tied } = setting, script = join(shared, "peer", "pyreft_run.py");
      return [script, ...argumentPairs({ ...common, positions }), ...(tied ? ["--tied"] : [])];
    }
    case "lora": {
      const script = fileURLToPath(new URL("./peft_run.py", import.meta.url));
      return [script, ...argumentPairs({ ...common, modules: setting.modules.join(",") })];
    }
  }
}

/** Options as a script's arguments: `--name value` for each. */
export function argumentPairs(options: Readonly<Record<string, string | number>>): string[] {
  return Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
}
