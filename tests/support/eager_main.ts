/** The command line with a checkpoint after every step, for tests that kill it. @module */
import { commandLine } from "../../pipelines/cli/command_line.ts";
import { processTerminal } from "../../pipelines/cli/terminal/terminal.ts";
import { everyStep } from "./command.ts";

Deno.exit(await commandLine(Deno.args, processTerminal(), { checkpointInterval: everyStep }));
