/** The command line's way in. @module */
import { commandLine, report } from "./command_line.ts";
import { processTerminal } from "./terminal.ts";

const terminal = processTerminal();

// A pipeline file may leave a promise to fail on its own.
globalThis.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  Deno.exit(report(event.reason, terminal, Deno.args.includes("--verbose")));
});

Deno.exit(await commandLine(Deno.args, terminal));
