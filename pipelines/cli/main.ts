/** The command line's way in. @module */
import { commandLine, report } from "./command_line.ts";
import { listenForStops } from "./interrupts.ts";
import { processTerminal } from "./terminal/terminal.ts";

const terminal = processTerminal();
const leave = (error: unknown) => Deno.exit(report(error, terminal, Deno.args.includes("--verbose")));

// A pipeline file may leave a promise to fail on its own.
globalThis.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  leave(event.reason);
});

Deno.exit(await commandLine(Deno.args, terminal, { stops: (grace) => listenForStops(leave, grace) }));
