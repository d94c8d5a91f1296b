/**
 * The arguments of the benches. An invalid one ends a bench with one line and exit code 2, before any time is spent.
 *
 * @module
 */
import { parseArgs, type ParseArgsOptionsConfig } from "node:util";

/** Ends the bench. */
export function refuse(problem: string): never {
  console.error(`error: ${problem}`);
  Deno.exit(2);
}

/** The values of options, as of {@linkcode parseArgs}. */
export function optionValues<const Options extends ParseArgsOptionsConfig>(options: Options) {
  try {
    return parseArgs({ args: Deno.args, options }).values;
  } catch (fault) {
    const names = Object.keys(options).map((name) => `--${name}`);
    const problem = fault instanceof Error ? fault.message.split(/\.\s/)[0] : fault;
    return refuse(`${problem}; give ${orOf(names)}`);
  }
}

/** The whole numbers that are given in order, without names; at most as many as there are defaults. */
export function numbersInOrder<Name extends string>(
  defaults: Readonly<Record<Name, number>>,
  args: readonly string[] = Deno.args,
): Readonly<Record<Name, number>> {
  const names = Object.keys(defaults) as Name[];
  if (args.length > names.length) {
    const taken = names.length === 0 ? "this bench takes none" : `give ${names.map((name) => `[${name}]`).join(" ")}`;
    refuse(`unexpected argument "${args[names.length]}"; ${taken}`);
  }
  const given = names.slice(0, args.length).map((name, at) => [name, wholeNumber(name, args[at]!)]);
  return { ...defaults, ...Object.fromEntries(given) };
}

/** A whole number of at least 1. */
export function wholeNumber(name: string, text: string): number {
  const number = text.trim() === "" ? NaN : Number(text);
  return Number.isSafeInteger(number) && number >= 1
    ? number
    : refuse(`${name} "${text}" is not a whole number of at least 1; give one`);
}

/** One of several words. */
export function oneWordOf<Word extends string>(name: string, text: string, words: readonly Word[]): Word {
  return words.find((word) => word === text) ?? refuse(`there is no ${name} "${text}"; give ${orOf(words)}`);
}

function orOf(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
