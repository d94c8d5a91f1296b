/** `deno task new`. @module */
import { join, resolve } from "node:path";
import { RequestError } from "../../common/errors.ts";
import { command } from "../arguments/command.ts";
import { choice, withDefault } from "../arguments/option.ts";
import { callerPath } from "../requests/caller_paths.ts";
import { writeFolder } from "../requests/output_folder.ts";
import { projectFiles, starterNames, starters } from "./new_project.ts";

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
  },
  examples: ["new my-edit", "new my-persona --from chat"],
  async run([folder], { from }, { terminal }) {
    const path = resolve(callerPath(folder));
    const there = await Deno.stat(path).catch(() => undefined);
    if (there?.isDirectory === true && [...Deno.readDirSync(path)].length > 0) {
      throw new RequestError("has files already; give a folder that is empty or not there", { file: path });
    }
    const files = await projectFiles(path, from);
    await writeFolder(path, async (temporary) => {
      for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(join(temporary, name), text);
    });
    terminal.print(`made ${path}; continue with\n  cd ${folder}\n  deno task run pipeline.ts`);
  },
});
