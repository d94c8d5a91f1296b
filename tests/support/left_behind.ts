/** What a run leaves behind, without what differs from one run of the same work to the next. @module */
import { join } from "node:path";
import { treeOf } from "./command.ts";

/** How long something took, whether it was there already, and the digests of files that say so. */
const incidental = new Set([
  "seconds",
  "stepSeconds",
  "expectedSeconds",
  "tokensPerSecond",
  "time",
  "cached",
  "digest",
]);
/** Temporary files, which a run that was killed leaves for a while, and what is drawn of the rest with its times. */
const passing = /(^|\/)\.[^/]*$|^(report\.html|results\.csv|tensorboard\/.*)$/;

/** The files of a run's folder by path: the trained weights, predictions and all else as bytes, results without times. */
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
