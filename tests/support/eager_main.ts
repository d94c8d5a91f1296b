/** The command line with a checkpoint after every step, for tests that stop or kill it. @module */
import { commandLine, report } from "../../pipelines/cli/command_line.ts";
import { listenForStops } from "../../pipelines/cli/interrupts.ts";
import { processTerminal } from "../../pipelines/cli/terminal/terminal.ts";
import { everyStep } from "./command.ts";

const terminal = processTerminal();
const leave = (error: unknown) => Deno.exit(report(error, terminal, false));

Deno.exit(
  await commandLine(Deno.args, terminal, {
    checkpointInterval: everyStep,
    stops: (grace) => listenForStops(leave, grace),
  }),
);
