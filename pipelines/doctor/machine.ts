/** What a machine has that a person asks about when something does not run. @module */
import { cpus } from "node:os";

/** The processor's name, as far as the system gives it. */
export function processorName(): string {
  const { state } = Deno.permissions.querySync({ name: "sys", kind: "cpus" });
  return state === "granted" ? cpus()[0]?.model ?? Deno.build.arch : Deno.build.arch;
}

/** A GPU as NVIDIA's driver describes it. */
export interface Gpu {
  readonly name: string;
  readonly driver: string;
  /** In bytes. */
  readonly memory: number;
}

/** The program of NVIDIA's driver that describes GPUs. */
export const gpuTool = "nvidia-smi";

/** The GPUs that NVIDIA's driver knows; none where it is not there. */
export async function nvidiaGpus(): Promise<readonly Gpu[]> {
  const { state } = await Deno.permissions.query({ name: "run", command: gpuTool });
  if (state !== "granted") return [];
  const args = ["--query-gpu=name,driver_version,memory.total", "--format=csv,noheader,nounits"];
  // Where LD_LIBRARY_PATH is set Deno starts nothing with it that it was not allowed to start any program for.
  const { success, stdout } = await new Deno.Command(gpuTool, { args, clearEnv: true, stderr: "null" }).output();
  return success ? gpusOf(new TextDecoder().decode(stdout)) : [];
}

/** What that program says, a line a GPU. */
export function gpusOf(lines: string): readonly Gpu[] {
  return lines.split("\n").flatMap((line) => {
    const [name, driver, mebibytes] = line.split(",").map((field) => field.trim());
    return name && driver && mebibytes ? [{ name, driver, memory: Number(mebibytes) * 2 ** 20 }] : [];
  });
}

/** CUDA 13 takes this driver at least. */
export const leastDriver = 580;
