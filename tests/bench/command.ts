/** Runs other programs. @module */
import { fileURLToPath } from "node:url";

/** The repository's folder. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

/** The output of a program, and the seconds from its start to its end. */
export interface Finished {
  readonly stdout: string;
  readonly seconds: number;
}

/**
 * Runs a program until it exits.
 *
 * @throws {Error} If it fails, with its stderr.
 */
export async function runCommand(program: string, args: readonly string[]): Promise<Finished> {
  const start = performance.now();
  const command = new Deno.Command(program, { args: [...args], cwd: root, stdin: "null" });
  const { success, code, stdout, stderr } = await command.output();
  const seconds = (performance.now() - start) / 1000;
  const decoder = new TextDecoder();
  if (!success) throw new Error(`${program} ${args.join(" ")} exited with ${code}:\n${decoder.decode(stderr)}`);
  return { stdout: decoder.decode(stdout), seconds };
}
