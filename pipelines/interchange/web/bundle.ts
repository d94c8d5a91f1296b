/**
 * Scripts for browsers, made from Refract's own sources by Deno's bundler: imports that need Deno or Node's modules are
 * replaced.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { RequestError } from "../../common/errors.ts";
import { noLoaderVariables } from "../../common/loader_variables.ts";

const root = new URL("../../../", import.meta.url);

/** The files that have a twin for browsers in `pipelines/web/twins`, by their paths under `pipelines/`. */
export const twins: readonly string[] = [
  "cli/requests/caller_paths.ts",
  "common/deadline.ts",
  "common/digest_thread.ts",
  "common/free_space.ts",
  "common/sized_upload.ts",
  "common/system.ts",
  "data/files/decompression.ts",
  "data/files/parquet_compressors.ts",
  "interface/perform_run.ts",
  "runtime/half_numbers.ts",
  "runtime/start_thread.ts",
  "tasks/sandbox/sandbox.ts",
];

/** What replaces Node's modules: packages, or files of `pipelines/web/node`. */
const modules: Readonly<Record<string, string>> = {
  "node:crypto": "crypto.ts",
  "node:os": "os.ts",
  "node:path": "npm:path-browserify@1.0.1",
  "node:timers": "timers.ts",
  "node:timers/promises": "timers_promises.ts",
  "node:url": "url.ts",
};

/** What the sources' imports mean in a browser, as an import map. */
function importMap(packages: Readonly<Record<string, string>>): string {
  const own = (path: string) => new URL(`pipelines/${path}`, root).href;
  const parts = Object.entries(packages).flatMap(([name, address]) => {
    return address.startsWith("npm:") ? [[`${name}/`, `npm:/${address.slice("npm:".length)}/`]] : [];
  });
  const named = Object.entries(modules).map(([name, to]) => [name, to.startsWith("npm:") ? to : own(`web/node/${to}`)]);
  const twinned = twins.map((path) => [own(path), own(`web/twins/${path.slice(path.lastIndexOf("/") + 1)}`)]);
  const imports = { ...packages, refract: new URL("mod.ts", root).href };
  return JSON.stringify({ imports: { ...imports, ...Object.fromEntries([...parts, ...named, ...twinned]) } });
}

/**
 * A module and everything that it imports as one script.
 *
 * @param entry Under `pipelines/`.
 * @param folder For intermediate files.
 * @throws {RequestError} If Refract is not on disk, or the bundler fails.
 */
export async function bundled(
  entry: string,
  folder: string,
  { isSmall = true }: { readonly isSmall?: boolean } = {},
): Promise<string> {
  if (root.protocol !== "file:") {
    throw new RequestError("a page can only be built from a copy of Refract on disk; clone it");
  }
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  const map = `${folder}/.import_map.json`, out = `${folder}/.bundle.js`;
  await Deno.writeTextFile(map, importMap(imports));
  try {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["bundle", "--quiet", "--no-config", "--no-lock", "--platform=browser", `--import-map=${map}`],
        ...isSmall ? ["--minify"] : [],
        `--output=${out}`,
        fileURLToPath(new URL(`pipelines/${entry}`, root)),
      ],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
      env: { NO_COLOR: "1", ...noLoaderVariables },
    }).output();
    if (code !== 0) {
      const [line = ""] = new TextDecoder().decode(stderr).trim().split("\n");
      throw new RequestError(`Deno's bundler could not build ${entry} (${line}); check that npm can be reached`);
    }
    return await Deno.readTextFile(out);
  } finally {
    await Deno.remove(map).catch(() => {});
    await Deno.remove(out).catch(() => {});
  }
}
