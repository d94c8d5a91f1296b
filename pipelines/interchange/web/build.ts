/**
 * `deno task web`: Refract for web pages, as a folder to serve: `refract.web.js` in `scripts`, with ONNX Runtime beside
 * it and the builtin models. An existing folder gets the new files in place of the old ones.
 *
 * @module
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { RequestError, RunError } from "../../common/errors.ts";
import { faultText, unwritable } from "../../common/files.ts";
import { writePageLibrary } from "./library.ts";

const usage = "Usage: deno task web [folder]\n\nWrites scripts/refract.web.js and what it needs into a folder " +
  "(default: web).";

/** The requested folder; `undefined` if only help is. */
function folderIn(args: readonly string[]): string | undefined {
  const options = { help: { type: "boolean", short: "h" } } as const;
  try {
    const { values: { help }, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    if (help === true) return undefined;
    if (positionals.length > 1) throw new Error(`${positionals.length} folders are given`);
    return positionals[0] ?? "web";
  } catch (fault) {
    const [problem] = faultText(fault).split(/\.\s/);
    throw new RequestError(`${problem}; give one folder, as in deno task web site`);
  }
}

/** Builds the folder. */
async function build(args: readonly string[]): Promise<void> {
  const folder = folderIn(args);
  if (folder === undefined) return console.log(usage);
  await Deno.mkdir(folder, { recursive: true }).catch((fault: unknown) => {
    throw unwritable(folder, fault);
  });
  const bytes = await writePageLibrary(folder);
  console.log(`${join(folder, "scripts", "refract.web.js")}: ${(bytes / 1e3).toFixed(0)} kB, without ONNX Runtime`);
}

try {
  await build(Deno.args);
} catch (fault) {
  console.error(`error: ${faultText(fault)}`);
  Deno.exitCode = fault instanceof RequestError || fault instanceof RunError ? fault.exitCode : 1;
}
