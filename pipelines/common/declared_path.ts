/**
 * Paths that a pipeline names: explains what is wrong if nothing exists at one, and suggests what was meant.
 *
 * @module
 */
import { basename, dirname, extname, isAbsolute, resolve } from "node:path";
import { system, type SystemFileInfo } from "./system.ts";
import { RequestError } from "./errors.ts";
import { faultText, isBrokenLink, isFolder } from "./files.ts";
import { isAbsent, namesIn } from "./folder_names.ts";
import { nearest, quote } from "./suggest.ts";

/** A way of writing a path that the system does not understand, and its explanation. */
interface Misspelling {
  readonly is: RegExp;
  readonly says: (path: string) => string;
}

/** Checked only if nothing exists at the path, because a file may have such a name. */
const misspellings: readonly Misspelling[] = [
  { is: /^~/, says: () => "begins with ~, which is not expanded; write the absolute path" },
  { is: /^file:\/\//, says: (path) => `is a URL; write only the path, as in ${quote(path.slice("file://".length))}` },
  {
    is: /^https?:\/\/huggingface\.co\/[^/]+\/[^/]+\/?$/,
    says: (path) => `is a URL; write only the id, as in ${quote(hubId(path))}`,
  },
  {
    is: /^[a-z][\w+.-]*:\/\//i,
    says: () =>
      system.build.os === "browser"
        ? "is a URL; fetch it, and give its rows to records(…)"
        : "is a URL; download it and write the path of the file",
  },
  {
    is: /^[\w-]+\/[\w-]+$/,
    says: (path) => `is not the path of a file; if it is a Hugging Face data set, write hub(${quote(path)})`,
  },
  { is: /\\/, says: (path) => `has no / between folders; write ${quote(path.replaceAll("\\", "/"))}` },
];

const hubId = (url: string) => url.split("/").slice(3, 5).join("/");

/**
 * What is wrong with a path at which there is no file, or no folder; `undefined` if there is one.
 *
 * @param base The folder that relative paths are resolved from.
 * @returns What was found and, after a semicolon, what to write.
 */
export async function pathProblem(base: string, path: string, wanted: "file" | "folder"): Promise<string | undefined> {
  const full = resolve(base, path);
  let found: SystemFileInfo | undefined;
  try {
    found = await system.stat(full);
  } catch (fault) {
    if (fault instanceof system.errors.NotCapable) return "is a device, not a file; write its output to a file";
    if (!isAbsent(fault)) return `can't be read (${faultText(fault)}); check its permissions`;
  }
  if (found === undefined) {
    if (await isBrokenLink(full)) {
      return `is a symbolic link to something that does not exist; restore it, or give the path of another ${wanted}`;
    }
    const misspelt = misspellings.find(({ is }) => is.test(path));
    return misspelt?.says(path) ?? await absence(base, path, wanted);
  }
  if (wanted === "file" && found.isDirectory) {
    return `is a folder; give the path of a file${listed("in it", await visibleIn(full))}`;
  }
  if (wanted === "folder" && !found.isDirectory) return `is a file; give a folder, as in ${quote(dirname(path))}`;
  return undefined;
}

/**
 * Refuses a path at which there is no file.
 *
 * @throws {RequestError} With the path as written, and what may have been meant.
 */
export async function requireFile(base: string, path: string): Promise<void> {
  const problem = await pathProblem(base, path, "file");
  if (problem !== undefined) throw new RequestError(`${quote(path)} ${problem}`);
}

/** Which part of a path does not exist, and what is where it should be. */
async function absence(base: string, path: string, wanted: "file" | "folder"): Promise<string> {
  const full = resolve(base, path);
  let missing = full;
  while (!await isFolder(dirname(missing)) && dirname(missing) !== missing) missing = dirname(missing);
  if (await exists(missing)) {
    return `continues after ${quote(basename(missing))}, which is a file; give the path of a ${wanted}`;
  }
  const folder = dirname(missing), name = basename(missing), isWhole = missing === full;
  const problem = isWhole ? `is not a ${wanted} in ${folder}` : `leads to no folder ${quote(name)} in ${folder}`;
  const names = await visibleIn(folder),
    near = nearest(name, names) ?? names.find((other) => stem(other) === stem(name));
  if (near !== undefined) return `${problem}; did you mean ${quote(near)}`;
  const alike = isWhole && extname(name) !== "" ? names.filter((other) => extname(other) === extname(name)) : [];
  const remedy = isAbsolute(path) ? "check the path" : `relative paths are resolved from ${base}`;
  return `${problem}; ${remedy}${listed("there", alike)}`;
}

/** Some of the names in a folder, for the end of a sentence. */
function listed(where: string, names: readonly string[]): string {
  if (names.length === 0) return "";
  return ` (${where}: ${names.slice(0, 5).map(quote).join(", ")}${names.length > 5 ? ", …" : ""})`;
}

async function visibleIn(folder: string): Promise<readonly string[]> {
  return (await namesIn(folder)).filter((name) => !name.startsWith("."));
}

const stem = (name: string) => name.slice(0, name.length - extname(name).length);

function exists(path: string): Promise<boolean> {
  return system.stat(path).then(() => true, () => false);
}
