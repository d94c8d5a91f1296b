/** The library that injects faults, compiled where a compiler exists. @module */
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The fault at a call that changes a file. */
export interface Fault {
  /** The number of the call, counted from 1. */
  readonly at: number;
  /** The process is killed, the power fails, or the call fails with this error number. */
  readonly does: "kill" | "cut" | number;
  /** Whether the calls after it fail, too. */
  readonly stays?: boolean;
}

/** The library, and the file of its counter. */
export interface Preload {
  readonly library: string;
  readonly counter: string;
}

/** Compiles the library into a folder; undefined, with a message, if there is no gcc or the system is not Linux. */
export async function preloadIn(folder: string): Promise<Preload | undefined> {
  const library = join(folder, "faults.so"), source = fileURLToPath(new URL("../preload/faults.c", import.meta.url));
  const args = ["-Wall", "-Wextra", "-O1", "-shared", "-fPIC", "-o", library, source, "-ldl", "-lpthread"];
  const made = Deno.build.os === "linux"
    ? await new Deno.Command("gcc", { args }).output().catch(() => undefined)
    : undefined;
  if (made?.success !== true) {
    console.log(`skipped: faults are injected on Linux by a library that gcc compiles (${made?.code ?? "no gcc"})`);
    return undefined;
  }
  return { library, counter: join(folder, "count") };
}

/** The environment variables that make the library count a command's changes below a folder and fail one of them. */
export function faultEnv({ library, counter }: Preload, root: string, fault?: Fault): Record<string, string> {
  Deno.writeFileSync(counter, new Uint8Array(8));
  const injected: Record<string, string> = fault === undefined
    ? {}
    : { FAULTS_AT: `${fault.at}`, FAULTS_DOES: `${fault.does}`, ...fault.stays === true ? { FAULTS_STAYS: "1" } : {} };
  return { LD_PRELOAD: library, FAULTS_ROOT: root, FAULTS_COUNT: counter, ...injected };
}

/** How many changes the last command made. */
export function countedBy({ counter }: Preload): number {
  return Number(new DataView(Deno.readFileSync(counter).buffer).getBigUint64(0, true));
}
