/** `deno task new`. @module */
import { join, resolve } from "node:path";
import { requireModelName } from "../../models/open/source.ts";
import { command } from "../arguments/command.ts";
import { choice, optional, text, withDefault } from "../arguments/option.ts";
import { callerFolder, callerPath } from "../requests/caller_paths.ts";
import { requireEmpty, writeFolder } from "../requests/output_folder.ts";
import { ownRowsOf } from "./own_rows.ts";
import { projectFiles, starterNames, starters } from "./new_project.ts";

/** Checks a model's name as far as it can be without the hub, and makes a path mean the same from the project. */
async function baseOf(base: string): Promise<string> {
  await requireModelName(base, callerFolder());
  const path = resolve(callerPath(base));
  return await Deno.stat(path).then(() => path, () => base);
}

/** Creates a project for the user. */
export const newCommand = command({
  name: "new",
  summary: "Creates a project: a pipeline that runs, its rows, and the tasks that run it.",
  parameters: [{ name: "folder", help: "the project's folder, which is created" }],
  options: {
    from: withDefault(
      choice("name", starterNames),
      `the template to start from: ${starterNames.map((name) => `${name} (${starters[name].about})`).join(", ")}`,
      "quickstart",
    ),
    data: optional(text("file"), "your own rows, as .jsonl, .json, .csv, .tsv or .parquet; the file is copied"),
    base: optional(text("model"), "another base model: a Hugging Face id, a folder, or builtin:NAME"),
  },
  examples: ["new my-edit", "new my-edit --data reviews.csv", "new my-persona --from chat"],
  async run([folder], { from, data, base }, { terminal }) {
    const path = resolve(callerPath(folder)), source = data === undefined ? undefined : resolve(callerPath(data));
    const rows = source === undefined ? undefined : await ownRowsOf(source);
    await requireEmpty(path, "is not empty; give an empty folder, or one that does not exist");
    const files = await projectFiles(path, from, { rows, base: base === undefined ? undefined : await baseOf(base) });
    await writeFolder(path, async (temporary) => {
      for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(join(temporary, name), text);
      if (source !== undefined && rows !== undefined) await Deno.copyFile(source, join(temporary, rows.name));
    });
    const asked = rows?.fields === undefined
      ? ""
      : `; pipeline.ts uses {${rows.fields.asked}} of ${rows.name} as the prompt and {${rows.fields.taught}} as the completion`;
    terminal.print(
      `created ${path}${asked}; continue with\n  cd ${folder}\n  deno task rows pipeline.ts\n  deno task run pipeline.ts\n(npx -y deno@${Deno.version.deno} task … where Deno is not installed)`,
    );
  },
});
