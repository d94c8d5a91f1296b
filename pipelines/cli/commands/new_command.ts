/** `deno task new`. @module */
import { join, resolve } from "node:path";
import { command } from "../arguments/command.ts";
import { choice, optional, text, withDefault } from "../arguments/option.ts";
import { callerPath } from "../requests/caller_paths.ts";
import { requireEmpty, writeFolder } from "../requests/output_folder.ts";
import { ownRowsOf } from "./own_rows.ts";
import { projectFiles, starterNames, starters } from "./new_project.ts";

/** A model's folder means the same from the project. */
function baseOf(base: string | undefined): string | undefined {
  return base === undefined || !/^\.{0,2}\//.test(base) ? base : resolve(callerPath(base));
}

/** Starts a project of a person's own. */
export const newCommand = command({
  name: "new",
  summary: "Starts a project of your own: a pipeline that runs, its rows, and the tasks that run it.",
  parameters: [{ name: "folder", help: "the project's folder, which is created" }],
  options: {
    from: withDefault(
      choice("name", starterNames),
      `what to start from: ${starterNames.map((name) => `${name} (${starters[name].about})`).join(", ")}`,
      "quickstart",
    ),
    data: optional(text("file"), "rows of your own, .jsonl, .json, .csv, .tsv or .parquet; they are copied"),
    base: optional(text("model"), "another base model: an id of Hugging Face, a folder, or builtin:NAME"),
  },
  examples: ["new my-edit", "new my-edit --data reviews.csv", "new my-persona --from chat"],
  async run([folder], { from, data, base }, { terminal }) {
    const path = resolve(callerPath(folder)), source = data === undefined ? undefined : resolve(callerPath(data));
    const rows = source === undefined ? undefined : await ownRowsOf(source);
    await requireEmpty(path, "has files already; give a folder that is empty or not there");
    const files = await projectFiles(path, from, { rows, base: baseOf(base) });
    await writeFolder(path, async (temporary) => {
      for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(join(temporary, name), text);
      if (source !== undefined && rows !== undefined) await Deno.copyFile(source, join(temporary, rows.name));
    });
    const asked = rows?.fields === undefined
      ? ""
      : `; it asks {${rows.fields.asked}} of ${rows.name} and teaches {${rows.fields.taught}}, as pipeline.ts says`;
    terminal.print(
      `made ${path}${asked}; continue with\n  cd ${folder}\n  deno task rows pipeline.ts\n  deno task run pipeline.ts\n(npx -y deno@${Deno.version.deno} task … where Deno is not installed)`,
    );
  },
});
