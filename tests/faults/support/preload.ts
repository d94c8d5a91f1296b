/** The library that faults are injected by, compiled where there is a compiler. @module */
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What happens at a call that changes a file. */
export interface Fault {
  /** Which call, counted from 1. */
  readonly at: number;
  /** The process dies, the power fails, or the call fails with this number of the system. */
  readonly does: "kill" | "cut" | number;
  /** Whether the calls after it fail, too. */
  readonly stays?: boolean;
}

/** The library, and a file in which it counts. */
export interface Preload {
  readonly library: string;
  readonly counter: string;
}

/** Compiles the library into a folder; undefined, and said, where there is no gcc or another system. */
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

/** The variables under which a command's changes below a folder are counted, and one of them fails. */
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
