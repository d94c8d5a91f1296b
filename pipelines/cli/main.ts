/** The entry point of the command line. @module */
import { endProcess } from "../runtime/ending.ts";
import { commandLine, report } from "./command_line.ts";
import { listenForStops } from "./interrupts.ts";
import { processTerminal } from "./terminal/terminal.ts";

const terminal = processTerminal();
const leave = (error: unknown) => endProcess(report(error, terminal, Deno.args.includes("--verbose")));

// A pipeline file may leave an unhandled promise that rejects.
globalThis.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  leave(event.reason);
});

endProcess(await commandLine(Deno.args, terminal, { stops: (grace) => listenForStops(leave, grace) }));
