/** A Refract server in a separate process, started as its task starts it. @module */
import { fileURLToPath } from "node:url";

const refract = fileURLToPath(new URL("../../pipelines/cli/refract.ts", import.meta.url));

/** A listening server. */
export interface Server {
  /** As in `http://127.0.0.1:4711/v1`. */
  readonly address: string;
  readonly pid: number;
  /** Asks it to end. */
  stop(signal?: Deno.Signal): void;
  /** Its exit code and its stderr. */
  readonly ended: Promise<{ readonly code: number; readonly stderr: string }>;
}

/** Starts a server on a free port and waits until it listens. */
export async function startServer(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Server> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      "--allow-read",
      "--allow-env",
      "--allow-run",
      refract,
      "serve",
      ...args,
      "--port",
      "0",
    ],
    env: { NO_COLOR: "1", ...env },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stderr = new Response(child.stderr).text();
  const ended = child.status.then(async ({ code }) => ({ code, stderr: await stderr }));
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  for (;;) {
    const { value, done } = await reader.read();
    said += value ?? "";
    const [, address] = /^(https?:\S+) serves/.exec(said) ?? [];
    if (address !== undefined) {
      const drained = (async () => {
        while (!(await reader.read()).done);
      })();
      return {
        address,
        pid: child.pid,
        stop: (signal = "SIGTERM") => child.kill(signal),
        ended: Promise.all([ended, drained]).then(([outcome]) => outcome),
      };
    }
    if (done) throw new Error(`the server ended before it listened: ${(await ended).stderr}`);
  }
}
