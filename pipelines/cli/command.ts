/** What a command of the command line is. Each is a record in a file of its own, which the command line lists. @module */
import type { HubOptions } from "../models/hub/access.ts";
import type { CheckpointInterval } from "../schedule/context/checkpoint_interval.ts";
import type { Options, OptionValues } from "./option.ts";
import type { Terminal } from "./terminal.ts";

/** What a command is run with besides its options. */
export interface RunControl {
  /** Begins to listen for a wish to stop; the signal's reason is a StoppedError. */
  readonly stops?: () => AbortSignal;
  /** How often unfinished work is kept, if not at the usual interval. */
  readonly pace?: CheckpointInterval;
  /** How a hub is reached, if not as the environment says. */
  readonly hub?: HubOptions;
}

/** Where a command writes to, and what it is run with. */
export interface CommandContext extends RunControl {
  readonly terminal: Terminal;
}

/** What a command is given before its options, as in `<folder>`. */
export interface Parameter {
  readonly name: string;
  readonly help: string;
}

/** What a command's record declares. */
export interface CommandDeclaration<Parameters extends readonly Parameter[], Declared extends Options> {
  readonly name: string;
  readonly summary: string;
  /** All of them must be given. */
  readonly parameters: Parameters;
  /** In the order of the help. */
  readonly options: Declared;
  /** Command lines, as they follow `deno task`. */
  readonly examples: readonly [string, ...string[]];
  readonly run: (
    given: { readonly [Index in keyof Parameters]: string },
    options: OptionValues<Declared>,
    context: CommandContext,
  ) => Promise<void> | void;
}

/** A command whose types are known to nothing but its own record. */
export interface Command extends Omit<CommandDeclaration<readonly Parameter[], Options>, "run"> {
  readonly kind: "command";
  /** Takes a text for each parameter, and of each option what its declaration says that it gives. */
  readonly run: (
    given: readonly string[],
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

/** A command, of which `run` is given what its parameters and options declare. */
export function command<const Parameters extends readonly Parameter[], const Declared extends Options>(
  declaration: CommandDeclaration<Parameters, Declared>,
): Command {
  return {
    ...declaration,
    kind: "command",
    // The one place where types are claimed: the parser reads a value only by its option's own declaration.
    run: (given, options, context) =>
      declaration.run(
        given as { readonly [Index in keyof Parameters]: string },
        options as OptionValues<Declared>,
        context,
      ),
  };
}
