/** Commands in separate processes, whose time and memory are measured. @module */
import { ownArguments } from "../../support/command.ts";

/** How a command ended. */
export interface Measured {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Its processor time, over all cores. */
  readonly seconds: number;
  /** Its peak memory in bytes. */
  readonly peak: number;
  /** Whether it was killed because it took too long. */
  readonly isHung: boolean;
}

/** The limits for any command: processor time is counted, since other work may keep the machine busy. */
export const bounds = { seconds: 10, bytes: 2e9 } as const;

/** Seconds after which a command that uses no processor time counts as hung. */
const patience = 90;

/** Runs a command, and kills it when it exceeds twice its time limit. */
export async function measured(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Measured> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ownArguments(args),
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let peak = 0, seconds = 0, isHung = false;
  const end = () => {
    isHung = true;
    child.kill("SIGKILL");
  };
  const watching = setInterval(() => {
    peak = Math.max(peak, peakOf(child.pid));
    seconds = Math.max(seconds, computedBy(child.pid));
    if (!isHung && seconds > 2 * bounds.seconds) end();
  }, 50);
  const ending = setTimeout(end, 1000 * patience);
  const { code, stdout, stderr } = await child.output();
  clearInterval(watching);
  clearTimeout(ending);
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr), seconds, peak, isHung };
}

/** The processor seconds of a process. The system counts hundredths. */
function computedBy(pid: number): number {
  try {
    const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).replace(/^.*\) /s, "").split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0;
  }
}

function peakOf(pid: number): number {
  try {
    return 1024 * Number(/^VmHWM:\s*(\d+) kB/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
