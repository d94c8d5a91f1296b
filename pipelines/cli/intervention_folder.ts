/** Which intervention a path on the command line means. @module */
import { join } from "node:path";
import { storedFiles } from "../compile/stored.ts";
import { RequestError } from "../errors.ts";
import { faultText } from "../models/files.ts";
import { quote, suggest } from "../suggest.ts";

/**
 * The folder of the intervention that is meant.
 *
 * @param path An intervention's folder, a member's, or a run's.
 * @param member Which member of the run; needed where it has several.
 * @throws {RequestError} If there is no intervention, or more than one.
 */
export async function interventionFolder(path: string, member: string | undefined): Promise<string> {
  const itself = [path, join(path, "intervention")].find(isIntervention);
  if (member === undefined && itself !== undefined) return itself;
  const ids = await memberIds(path);
  const of = (id: string) => join(path, "members", id, "intervention");
  const [only] = ids;
  if (only === undefined) {
    if (!await exists(path)) throw new RequestError("there is no such folder; check the path", { file: path });
    throw new RequestError(
      itself === undefined
        ? "holds no trained intervention; give a run's folder or an intervention's"
        : `is no run's folder and has no member ${quote(member ?? "")}; leave --member out`,
      { file: path },
    );
  }
  if (member === undefined) {
    if (ids.length === 1) return of(only);
    throw new RequestError(`has several members; choose one with --member: ${ids.join(" ")}`, { file: path });
  }
  if (!ids.includes(member)) {
    throw new RequestError(`has no member ${quote(member)}; ${suggest(member, ids)}`, { file: path });
  }
  return of(member);
}

/** The members of a run that have an intervention, in order. */
async function memberIds(run: string): Promise<string[]> {
  const folder = join(run, "members"), ids: string[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) {
      if (isIntervention(join(folder, name, "intervention"))) ids.push(name);
    }
  } catch (fault) {
    const isAbsent = fault instanceof Deno.errors.NotFound || fault instanceof Deno.errors.NotADirectory;
    if (!isAbsent) throw unreadable(folder, fault);
  }
  return ids.sort();
}

function exists(path: string): Promise<boolean> {
  return Deno.lstat(path).then(() => true, () => false);
}

function isIntervention(folder: string): boolean {
  const file = join(folder, storedFiles.description);
  try {
    Deno.statSync(file);
    return true;
  } catch (fault) {
    if (fault instanceof Deno.errors.NotFound || fault instanceof Deno.errors.NotADirectory) return false;
    throw unreadable(file, fault);
  }
}

function unreadable(file: string, fault: unknown): RequestError {
  return new RequestError(`can't be read (${faultText(fault)}); check the path and its permissions`, { file });
}
