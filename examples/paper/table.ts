/**
 * Trains and tests the small models in this folder's README.md, and writes its tables:
 *
 *     deno run --allow-run --allow-read examples/paper/table.ts <folder of rows> <folder for runs> [seeds]
 *
 * The folder of rows contains one folder for each suite. All recipes are run with one seed after another, so that the
 * table for the first seed is complete before the second begins. Results in the store are not computed again: the same
 * command continues where it was stopped.
 */
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** Every recipe: first those whose methods differ most, and GLUE, where a model has learned to classify, last. */
const recipes: readonly (readonly [suite: string, recipe: string])[] = [
  ["commonsense", "smollm2"],
  ["commonsense", "smollm2-direft"],
  ["arithmetic", "smollm2"],
  ["arithmetic", "smollm2-direft"],
  ["arithmetic", "smollm2-lora-r8"],
  ["arithmetic", "smollm2-lora-r32"],
  ["commonsense", "smollm2-lora-r8"],
  ["commonsense", "smollm2-lora-r32"],
  ["glue", "minilm"],
  ["glue", "minilm-direft"],
  ["glue", "minilm-lora"],
];

/** Positions at both ends take five times as long as the last one, so they have only one seed. */
const once: typeof recipes = [["commonsense", "smollm2-f7l7"]];

const here = fileURLToPath(new URL(".", import.meta.url)), project = fileURLToPath(new URL("../../", import.meta.url));
const [rows, runs, seeds = "42,43,44"] = Deno.args;
if (rows === undefined || runs === undefined) {
  console.error("error: give the folder of rows and the folder for runs, as in table.ts ../rows runs/paper 42");
  Deno.exit(2);
}
const data = resolve(rows), out = resolve(runs);

async function refract(...args: readonly string[]): Promise<void> {
  const command = new Deno.Command(Deno.execPath(), { args: ["task", "--quiet", ...args], cwd: project });
  const { success } = await command.spawn().status;
  if (!success) Deno.exit(1);
}

/** The folders with results, by suite. */
const done = new Map<string, string[]>();

/** Runs a recipe with seeds, all but the last of which are already in the store. */
async function run(suite: string, recipe: string, seeds: readonly string[]): Promise<void> {
  const folder = join(out, suite, recipe), folders = done.getOrInsertComputed(suite, () => []);
  const set = [`data=${join(data, suite)}`, `seeds=${seeds.join(",")}`].flatMap((each) => ["--set", each]);
  await refract("run", join(here, suite, `${recipe}.yaml`), ...set, "--out", folder, "--store", join(out, "store"));
  if (!folders.includes(folder)) folders.push(folder);
}

async function report(): Promise<void> {
  for (const [first, ...others] of done.values()) {
    await refract("report", first!, ...others.flatMap((each) => ["--with", each]), "--table", "markdown");
  }
}

const all = seeds.split(",");
for (const count of all.keys()) {
  for (const [suite, recipe] of recipes) await run(suite, recipe, all.slice(0, count + 1));
  await report();
}
for (const [suite, recipe] of once) await run(suite, recipe, all.slice(0, 1));
await report();
