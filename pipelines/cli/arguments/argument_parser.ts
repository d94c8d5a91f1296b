/**
 * Parses the arguments of a command line by the commands' declarations, and writes their help. The only file that uses
 * the commander library.
 *
 * @module
 */
import { ownValue } from "../../../ops/program/own_value.ts";
import { Argument, Command as Parser, CommanderError, InvalidArgumentError, Option as ParserOption } from "commander";
import type { Command, CommandContext, CommandGroup } from "./command.ts";
import { InvalidValue, type Options, type Switch, type ValueOption } from "./option.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** The command line is invalid. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** A command, ready to run with its arguments and options. */
type Invocation = (context: CommandContext) => Promise<void> | void;

/**
 * Parses a command line.
 *
 * @param program All commands.
 * @param shared Options that every command has after its own.
 * @param terminal Receives the help, if the line asks for it.
 * @returns The command to run; `undefined` if the line asked for help.
 * @throws {UsageError} If there is no such command or option, or a value is invalid.
 */
export function parseArguments(
  program: CommandGroup,
  shared: Options,
  args: readonly string[],
  terminal: Pick<Terminal, "print" | "write">,
): Invocation | undefined {
  let invocation: Invocation | undefined;
  const parser = groupParser(program, { shared, terminal, found: (command) => invocation = command });
  try {
    parser.parse(args, { from: "user" });
  } catch (fault) {
    if (!(fault instanceof CommanderError)) throw fault;
  }
  return invocation;
}

/** What every parser needs besides the declaration of its command. */
interface ParserContext {
  readonly shared: Options;
  readonly terminal: Pick<Terminal, "print" | "write">;
  /** Called with the command that the arguments select. */
  readonly found: (invocation: Invocation) => void;
}

function groupParser({ name, summary, commands }: CommandGroup, context: ParserContext): Parser {
  const names = new Intl.ListFormat("en-GB").format(commands.map(({ name }) => name));
  const parser = newParser(name, summary, context, { "commander.unknownCommand": `the commands are ${names}` });
  for (const each of commands) {
    parser.addCommand(each.kind === "group" ? groupParser(each, context) : commandParser(each, context));
  }
  return parser;
}

function commandParser(command: Command, context: ParserContext): Parser {
  const { name, summary, parameters, options, examples } = command, lines = examples.map((line) => `deno task ${line}`);
  const due = parameters.length === 0 ? "none" : `${parameters.map(({ name }) => `<${name}>`).join(" ")} only`;
  const parser = newParser(name, summary, context, {
    "commander.missingArgument": `give it, as in ${lines[0]}`,
    "commander.excessArguments": `give ${due}`,
  }).addHelpText("after", ["\nExamples:", ...lines].join("\n  "));
  for (const { name, help } of parameters) parser.addArgument(new Argument(`<${name}>`, help));
  for (const [name, option] of Object.entries({ ...options, ...context.shared })) {
    parser.addOption(optionOf(name, option));
  }
  return parser.action(() => {
    const read: Readonly<Record<string, unknown>> = parser.opts();
    const values = Object.entries(options).map(([name, option]) => {
      return [name, ownValue(read, name) ?? (option.kind === "switch" ? false : valueIfOmitted(option))] as const;
    });
    context.found((context) => command.run(parser.args, Object.fromEntries(values), context));
  });
}

/** Remedies for an invalid command line, by commander's error codes. */
const remedies: Readonly<Record<string, string>> = {
  "commander.unknownOption": "--help lists the options",
  "commander.missingMandatoryOptionValue": "add it",
  "commander.optionMissingArgument": "give it a value",
};

/** A parser that writes to the terminal; it throws a CommanderError after writing help, and otherwise a UsageError. */
function newParser(
  name: string,
  summary: string,
  { terminal }: ParserContext,
  own: Readonly<Record<string, string>>,
): Parser {
  return new Parser(name).description(summary).showHelpAfterError(false).configureOutput({
    writeOut: (text) => terminal.print(text.trimEnd()),
    writeErr: (text) => terminal.write(text),
    outputError: () => {},
  }).exitOverride((fault) => {
    const wroteHelp = fault.exitCode === 0 || fault.code === "commander.help";
    throw wroteHelp ? fault : new UsageError(usageProblem(fault, { ...remedies, ...own }));
  });
}

function usageProblem({ code, message }: CommanderError, remedies: Readonly<Record<string, string>>): string {
  const problem = message.replace(/^error: /, "")
    .replace(" is invalid. Allowed choices are ", " is unknown; use one of ")
    .replace(" is invalid. ", " is invalid; ")
    .replace(/\s*\n\(Did you mean (.*)\?\)/, "; did you mean $1?").replace(/\.$/, "");
  const remedy = problem.includes(";") ? undefined : ownValue(remedies, code);
  return (remedy === undefined ? problem : `${problem}; ${remedy}`).replaceAll("\n", " ");
}

/** `cacheDisk` is written `--cache-disk`. */
function optionOf(name: string, option: Switch | ValueOption<unknown>): ParserOption {
  const flag = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  if (option.kind === "switch") return new ParserOption(option.turnsOff ? `--no-${flag}` : `--${flag}`, option.help);
  const { help, placeholder, omitted, values, show = String } = option,
    made = new ParserOption(`--${flag} <${placeholder}>`, help);
  if (omitted === "error") made.makeOptionMandatory();
  else if (!isNothing(omitted.value)) made.default(omitted.value, show(omitted.value));
  if ("choices" in values) return made.choices(values.choices);
  return made.argParser((text: string, before: unknown) => {
    try {
      return values.parse(text, before ?? valueIfOmitted(option));
    } catch (fault) {
      throw fault instanceof InvalidValue ? new InvalidArgumentError(fault.message) : fault;
    }
  });
}

function valueIfOmitted({ omitted }: ValueOption<unknown>): unknown {
  return omitted === "error" ? undefined : omitted.value;
}

/** Whether a default is not worth showing: no value, an empty text, or an empty list or object. */
function isNothing(value: unknown): boolean {
  return value === undefined || value === "" || (typeof value === "object" && Object.keys(value ?? {}).length === 0);
}
