/** The files that a run leaves, without the parts that differ between two runs of the same work. @module */
import { join } from "node:path";
import { treeOf } from "./command.ts";

/** Durations, whether a result was cached, and the digests of files with such fields. */
const incidental = new Set([
  "seconds",
  "stepSeconds",
  "expectedSeconds",
  "tokensPerSecond",
  "time",
  "cached",
  "digest",
]);
/** Temporary files, which a killed run leaves for a while, and files derived from the results and their times. */
const passing = /(^|\/)\.[^/]*$|^(report\.html|results\.csv|tensorboard\/.*)$/;

/** The files of a run's folder by path: results without times, and all others as bytes. */
export async function leftBehind(folder: string): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for (const path of treeOf(folder).filter((path) => !path.endsWith("/") && !passing.test(path))) {
    const bytes = await Deno.readFile(join(folder, path));
    const text = new TextDecoder().decode(bytes);
    found[path] = path === "results.json"
      ? timeless(text)
      : path === "manifest.yaml"
      ? text.replaceAll(folder, "the run's folder")
      : bytes.toHex();
  }
  return found;
}

function timeless(json: string): string {
  return JSON.stringify(JSON.parse(json, (name, value) => (incidental.has(name) ? undefined : value)));
}
