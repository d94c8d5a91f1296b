/** Facts about a machine that matter when something does not run. @module */
import { cpus } from "node:os";

/** The processor's name, as far as the system reports it. */
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

/** The GPUs that NVIDIA's driver knows; none if it is not installed. */
export async function nvidiaGpus(): Promise<readonly Gpu[]> {
  const { state } = await Deno.permissions.query({ name: "run", command: gpuTool });
  if (state !== "granted") return [];
  const args = ["--query-gpu=name,driver_version,memory.total", "--format=csv,noheader,nounits"];
  // If LD_LIBRARY_PATH is set, Deno only starts programs with it if it may run any program.
  const { success, stdout } = await new Deno.Command(gpuTool, { args, clearEnv: true, stderr: "null" }).output();
  return success ? gpusOf(new TextDecoder().decode(stdout)) : [];
}

/** Parses that program's output, one line per GPU. */
export function gpusOf(lines: string): readonly Gpu[] {
  return lines.split("\n").flatMap((line) => {
    const [name, driver, mebibytes] = line.split(",").map((field) => field.trim());
    return name && driver && mebibytes ? [{ name, driver, memory: Number(mebibytes) * 2 ** 20 }] : [];
  });
}

/** The lowest driver version that CUDA 13 supports. */
export const leastDriver = 580;
