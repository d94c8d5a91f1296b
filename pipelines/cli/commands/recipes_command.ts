/** `deno task recipes`. @module */
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { RequestError } from "../../common/errors.ts";
import { namesBelow } from "../../data/files/glob.ts";
import { isRecipePath, readRecipe } from "../../recipes/recipe.ts";
import { command } from "../arguments/command.ts";
import { flag, optional, text } from "../arguments/option.ts";
import { callerFolder, callerPath } from "../requests/caller_paths.ts";
import { formatTable } from "../terminal/terminal.ts";

/** The examples of this checkout; a copy loaded from a URL cannot list any. */
function examplesFolder(): string {
  const url = new URL("../../../examples/", import.meta.url);
  if (url.protocol === "file:") return fileURLToPath(url);
  throw new RequestError(`the recipes of published experiments are only in a clone; give a folder with --in`);
}

/** Lists recipes with their descriptions. */
export const recipesCommand = command({
  name: "recipes",
  summary: "Lists the recipes in a folder, by default this checkout's published experiments.",
  parameters: [],
  options: {
    in: optional(text("folder"), "the recipes' folder (default: Refract's examples)"),
    json: flag("prints a list of { path, name, about, pipeline, set } as JSON"),
  },
  examples: ["recipes", "recipes --in my/experiments"],
  async run(_, { in: given, json }, { terminal }) {
    const folder = given === undefined ? examplesFolder() : callerPath(given);
    const isFolder = await Deno.stat(folder).then(({ isDirectory }) => isDirectory, () => false);
    if (!isFolder) throw new RequestError("there is no such folder; check the path", { file: folder });
    const names = (await namesBelow(folder)).filter((name) => isRecipePath(name)).sort();
    const found = await Promise.all(names.map(async (name) => {
      const { name: called = "", about = "", pipeline, set } = await readRecipe(join(folder, name));
      const values = Object.fromEntries(
        [...set].map(([key, { values, isList }]) => [key, isList ? values : values[0]]),
      );
      const path = relative(callerFolder(), join(folder, name));
      return { path, name: called, about, pipeline: relative(callerFolder(), pipeline), set: values };
    }));
    if (json) return terminal.print(JSON.stringify(found, null, 2));
    if (found.length === 0) {
      throw new RequestError("the folder has no recipes; give one with .yaml files", { file: folder });
    }
    terminal.print(formatTable(["recipe", "what it runs"], found.map(({ path, about }) => [path, about])).trimEnd());
  },
});
