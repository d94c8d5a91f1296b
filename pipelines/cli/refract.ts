/**
 * The `refract` command: starts each command's program with the permissions that it needs.
 *
 * @example Installing it
 * ```sh
 * deno install --global --name refract --allow-read --allow-env --allow-run pipelines/cli/refract.ts
 * ```
 * @module
 */
import own from "../../deno.json" with { type: "json" };
import { denoArguments, noUpdateCheck, OtherCopyError, unwindingOf } from "./launch/launch.ts";
import { libraryEnvironment } from "./launch/libraries.ts";
import { endWith, usualTimings } from "./launch/signals.ts";
import { knownHubCache, readEnvironment } from "../models/hub/access.ts";
import { callerFolder } from "./requests/caller_paths.ts";

const copy = { config: import.meta.resolve("../../deno.json"), imports: own.imports };

try {
  const folder = callerFolder();
  const environment = readEnvironment(), endpoint = environment["HF_ENDPOINT"];
  const args = denoArguments(copy, { args: Deno.args, folder, endpoint, hub: knownHubCache(environment) });
  // Permission to read few paths does not include asking for the current folder.
  const env = { INIT_CWD: folder, ...noUpdateCheck, ...libraryEnvironment(Deno.args, Deno.env.toObject()) };
  const child = new Deno.Command(Deno.execPath(), { args, env, stdin: "inherit", stdout: "inherit", stderr: "inherit" })
    .spawn();
  const timings = { ...usualTimings, unwinding: unwindingOf(Deno.args) ?? usualTimings.unwinding };
  Deno.exit(await endWith(child, (line) => console.error(line), timings));
} catch (error) {
  if (!(error instanceof OtherCopyError)) throw error;
  console.error(`error: ${error.message}`);
  Deno.exit(2);
}
