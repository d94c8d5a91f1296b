/**
 * The `refract` command: starts each command's program with the permissions that the command needs.
 *
 * @example Installing it
 * ```sh
 * deno install --global --name refract --allow-read --allow-env --allow-run pipelines/cli/refract.ts
 * ```
 * @module
 */
import own from "../../deno.json" with { type: "json" };
import { denoArguments, OtherCopyError } from "./launch/launch.ts";
import { endWith } from "./launch/signals.ts";
import { callerFolder } from "./requests/caller_paths.ts";

const copy = { config: import.meta.resolve("../../deno.json"), imports: own.imports };

try {
  const args = denoArguments(copy, { args: Deno.args, folder: callerFolder(), endpoint: Deno.env.get("HF_ENDPOINT") });
  const child = new Deno.Command(Deno.execPath(), { args, stdin: "inherit", stdout: "inherit", stderr: "inherit" })
    .spawn();
  Deno.exit(await endWith(child, (line) => console.error(line)));
} catch (error) {
  if (!(error instanceof OtherCopyError)) throw error;
  console.error(`error: ${error.message}`);
  Deno.exit(2);
}
