/** Parsing of arguments, and the errors for invalid ones, with their remedies. @module */
import assert from "node:assert/strict";
import { parseArguments, UsageError } from "../../../../pipelines/cli/arguments/argument_parser.ts";
import { command, type CommandGroup } from "../../../../pipelines/cli/arguments/command.ts";
import { refract, sharedOptions } from "../../../../pipelines/cli/command_line.ts";
import {
  choice,
  flag,
  integer,
  onUnlessNamed,
  optional,
  repeatable,
  required,
  text,
  withDefault,
} from "../../../../pipelines/cli/arguments/option.ts";
import { terminalOf } from "../../../support/command.ts";

/** A program with a command and a group of commands, and the arguments that a command received last. */
function programOf(): { readonly program: CommandGroup; readonly given: () => unknown } {
  let given: unknown;
  const bake = command({
    name: "bake",
    summary: "Bakes a cake.",
    parameters: [{ name: "cake", help: "which" }, { name: "oven", help: "where" }],
    options: {
      heat: required(integer("n", 1, 300), "how hot"),
      topLayer: optional(choice("kind", ["cream", "fruit"]), "what is on top"),
      layers: withDefault(integer("n", 1), "how many", 3),
      eat: flag("eats it, too"),
      icing: onUnlessNamed("omits the icing"),
      note: repeatable<readonly string[]>("text", "may be repeated", [], (before, text) => [...before, text]),
      for: optional(text("name"), "whom it is for"),
    },
    examples: ["bake lemon oven1 --heat 180"],
    run([cake, oven], options) {
      given = { cake, oven, ...options };
    },
  });
  const list = command({
    name: "list",
    summary: "Lists cakes.",
    parameters: [],
    options: {},
    examples: ["shelf list"],
    run() {
      given = "listed";
    },
  });
  const shelf = { kind: "group", name: "shelf", summary: "Looks after the shelf.", commands: [list] } as const;
  return {
    program: { kind: "group", name: "bakery", summary: "A bakery.", commands: [bake, shelf] },
    given: () => given,
  };
}

/** The arguments that a command receives from a command line, and the output of the terminal. */
async function outcomeOf(line: string): Promise<{ readonly given: unknown; readonly written: string }> {
  const { program, given } = programOf(), { terminal, outcome } = terminalOf();
  await parseArguments(program, { verbose: flag("says more") }, line.split(" "), terminal)?.({ terminal });
  return { given: given(), written: outcome().stdout };
}

Deno.test("a command receives its arguments and a value for each of its options", async () => {
  const { given } = await outcomeOf("bake lemon oven1 --heat 180");
  assert.deepEqual(given, {
    ...{ cake: "lemon", oven: "oven1", heat: 180, topLayer: undefined, layers: 3, eat: false, icing: true, note: [] },
    for: undefined,
  });
  const all = "--heat 20 --top-layer fruit --layers 5 --eat --no-icing --note a --note b --for Ada --verbose";
  assert.deepEqual((await outcomeOf(`bake ${all} lemon oven1`)).given, {
    ...{ cake: "lemon", oven: "oven1", heat: 20, topLayer: "fruit", layers: 5, eat: true, icing: false },
    ...{ note: ["a", "b"], for: "Ada" },
  });
  assert.equal((await outcomeOf("shelf list")).given, "listed");
});

const refusals: Readonly<Record<string, RegExp>> = {
  "bake lemon oven1": /^required option '--heat <n>' not specified; add it$/,
  "bake lemon --heat 1": /^missing required argument 'oven'; give it, as in deno task bake lemon oven1 --heat 180$/,
  "bake a b c --heat 1": /^too many arguments for 'bake'\. Expected 2 .*; give <cake> <oven> only$/,
  "shelf list all": /^too many arguments for 'list'\. Expected 0 .*; give none$/,
  "bake a b --heat 400": /^option '--heat <n>' argument '400' is invalid; give a whole number from 1 to 300$/,
  "bake a b --heat": /^option '--heat <n>' argument missing; give it a value$/,
  "bake a b --heat 1 --top-layer jam":
    /^option '--top-layer <kind>' argument 'jam' is unknown; use one of cream, fruit$/,
  "bake a b --heat 1 --laiers 2": /^unknown option '--laiers'; did you mean --layers\?$/,
  "bake a b --heat 1 --xyz": /^unknown option '--xyz'; --help lists the options$/,
  brew: /^unknown command 'brew'; the commands are bake and shelf$/,
  bakk: /^unknown command 'bakk'; did you mean bake\?$/,
  "shelf empty": /^unknown command 'empty'; the commands are list$/,
};

for (const [line, says] of Object.entries(refusals)) {
  Deno.test(`an invalid command line is refused in one line: ${line}`, async () => {
    await assert.rejects(outcomeOf(line), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, says);
      return true;
    });
  });
}

Deno.test("help lists a command's arguments, options and examples, and runs nothing", async () => {
  const { given, written } = await outcomeOf("bake --help");
  assert.equal(given, undefined);
  for (const part of ["<cake> <oven>", "--top-layer <kind>", '(choices: "cream", "fruit")', "(default: 3)"]) {
    assert.ok(written.includes(part), part);
  }
  assert.match(written, /--no-icing +omits the icing\n.*[^]*--verbose +says more\n/);
  assert.match(written, /\nExamples:\n {2}deno task bake lemon oven1 --heat 180\n$/);
});

Deno.test("help shows defaults as they would be given, once each", () => {
  const names = refract.commands.flatMap((each) => {
    return each.kind === "group" ? each.commands.map(({ name }) => [each.name, name]) : [[each.name]];
  });
  for (const words of names) {
    const { terminal, outcome } = terminalOf();
    parseArguments(refract, sharedOptions, [...words, "--help"], terminal);
    const options = outcome().stdout.split(/\n(?= {2}-)/);
    for (const option of options) {
      const shown = option.match(/\bdefault\b/g) ?? [];
      assert.ok(shown.length <= 1 && !/default: ["[{]|\d{6}/.test(option), `${words.join(" ")}: ${option}`);
    }
  }
});

Deno.test("every example of every command is a valid command line", () => {
  const { terminal } = terminalOf();
  const commands = refract.commands.flatMap((each) => each.kind === "group" ? each.commands : [each]);
  for (const each of commands) {
    assert.ok(each.kind === "command");
    for (const line of each.examples) {
      assert.ok(parseArguments(refract, sharedOptions, line.split(" "), terminal) !== undefined, line);
      assert.match(line, new RegExp(`^(cache )?${each.name}( |$)`));
    }
  }
});
