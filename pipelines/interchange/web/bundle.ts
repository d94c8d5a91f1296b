/**
 * Scripts for browsers, made of Refract's own sources: what asks for Deno, or for Node's modules, gets what stands in
 * their place there.
 *
 * @module
 */
import { fromFileUrl } from "./paths.ts";
import { RequestError } from "../../common/errors.ts";

const root = new URL("../../../", import.meta.url);

/** The files that have a twin for browsers, by their places under `pipelines/`. */
export const twins: Readonly<Record<string, string>> = {
  "cli/requests/caller_paths.ts": "caller_paths.ts",
  "common/deadline.ts": "deadline.ts",
  "common/digest_thread.ts": "digest_thread.ts",
  "common/free_space.ts": "free_space.ts",
  "common/system.ts": "system.ts",
  "interface/perform_run.ts": "perform_run.ts",
  "runtime/start_thread.ts": "start_thread.ts",
  "tasks/sandbox/sandbox.ts": "sandbox.ts",
};

/** What has the names of Node's modules. */
const modules: Readonly<Record<string, string>> = {
  "node:buffer": "npm:buffer@6.0.3",
  "node:crypto": "crypto.ts",
  "node:path": "npm:path-browserify@1.0.1",
  "node:stream": "npm:readable-stream@4.8.0",
  "node:timers": "timers.ts",
  "node:timers/promises": "timers_promises.ts",
  "node:url": "url.ts",
  "node:util": "util.ts",
  "node:zlib": "zlib.ts",
};

/** What names import, from Refract's own packages to what stands in the place of Node's. */
function importMap(imports: Readonly<Record<string, string>>): string {
  const own = (path: string) => new URL(`pipelines/${path}`, root).href;
  return JSON.stringify({
    imports: {
      ...imports,
      refract: new URL("mod.ts", root).href,
      ...Object.fromEntries(
        Object.entries(modules).map(([name, to]) => [name, to.startsWith("npm:") ? to : own(`web/node/${to}`)]),
      ),
      ...Object.fromEntries(Object.entries(twins).map(([path, twin]) => [own(path), own(`web/twins/${twin}`)])),
    },
  });
}

/** A script for browsers. */
export interface Bundle {
  readonly text: string;
}

/**
 * Makes one script of a module and all that it imports.
 *
 * @param entry Under `pipelines/`.
 * @throws {RequestError} If Refract is not on the disk, or Deno's bundler fails.
 */
export async function bundle(entry: string, { minify = true }: { readonly minify?: boolean } = {}): Promise<string> {
  if (root.protocol !== "file:") throw new RequestError("a page is made from a copy of Refract on the disk; clone it");
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  const folder = await Deno.makeTempDir({ prefix: "refract-web-" });
  try {
    const map = `${folder}/import_map.json`, out = `${folder}/out.js`;
    await Deno.writeTextFile(map, importMap(imports));
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["bundle", "--quiet", "--platform=browser", "--no-lock", `--config=${fromFileUrl(new URL("pipelines/web/deno.json", root))}`, `--import-map=${map}`, `--output=${out}`],
        ...minify ? ["--minify"] : [],
        fromFileUrl(new URL(`pipelines/${entry}`, root)),
      ],
      cwd: fromFileUrl(root),
      stdout: "null",
      stderr: "piped",
    }).output();
    if (code !== 0) throw new RequestError(`the bundler failed: ${new TextDecoder().decode(stderr).trim()}`);
    return await Deno.readTextFile(out);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
