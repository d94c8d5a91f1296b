/**
 * What a command of the command line is. Each command is a record in its own file, which the command line lists.
 *
 * @module
 */
import type { HubOptions } from "../../models/hub/access.ts";
import type { CheckpointInterval } from "../../schedule/context/checkpoint_interval.ts";
import type { Options, OptionValues } from "./option.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** What a command runs with besides its options. */
export interface RunControl {
  /**
   * Starts listening for requests to stop; the signal's reason is a StoppedError.
   *
   * @param grace How long the command may then take to end, in milliseconds.
   */
  readonly stops?: (grace?: number) => AbortSignal;
  /** How often unfinished work is saved, if not at the default interval. */
  readonly checkpointInterval?: CheckpointInterval;
  /** How to reach a hub, if not as the environment says. */
  readonly hub?: HubOptions;
}

/** Where a command writes to, and what it runs with. */
export interface CommandContext extends RunControl {
  readonly terminal: Terminal;
}

/** A positional argument, as in `<folder>`. */
export interface Parameter {
  readonly name: string;
  readonly help: string;
}

/** What a command's record declares. */
interface CommandDeclaration<Parameters extends readonly Parameter[], Declared extends Options> {
  readonly name: string;
  readonly summary: string;
  /** All of them are required. */
  readonly parameters: Parameters;
  /** In the order of the help. */
  readonly options: Declared;
  /** Command lines, without the leading `deno task`. */
  readonly examples: readonly [string, ...string[]];
  readonly run: (
    args: { readonly [Index in keyof Parameters]: string },
    options: OptionValues<Declared>,
    context: CommandContext,
  ) => Promise<void> | void;
}

/** A command as the parser sees it, without the types of its arguments and options. */
export interface Command extends Omit<CommandDeclaration<readonly Parameter[], Options>, "run"> {
  readonly kind: "command";
  /** Receives a string for each parameter, and a value of the declared type for each option. */
  readonly run: (
    args: readonly string[],
    options: Readonly<Record<string, unknown>>,
    context: CommandContext,
  ) => Promise<void> | void;
}

/** Commands under one name, as in `cache ls`. */
export interface CommandGroup {
  readonly kind: "group";
  readonly name: string;
  readonly summary: string;
  readonly commands: readonly (Command | CommandGroup)[];
}

/** Declares a command: `run` receives its arguments and options with their declared types. */
export function command<const Parameters extends readonly Parameter[], const Declared extends Options>(
  declaration: CommandDeclaration<Parameters, Declared>,
): Command {
  return {
    ...declaration,
    kind: "command",
    // The only casts: the parser reads every value as its own declaration says.
    run: (args, options, context) =>
      declaration.run(
        args as { readonly [Index in keyof Parameters]: string },
        options as OptionValues<Declared>,
        context,
      ),
  };
}
