/** Finds the intervention that a path on the command line refers to. @module */
import { basename, dirname, join } from "node:path";
import { system } from "../../common/system.ts";
import { interventionFileNames } from "../../compile/parameters/intervention_file.ts";
import { hasEpoch, isIntervention, trainedIds, wholeModels } from "../../compile/parameters/trained_interventions.ts";
import { RequestError } from "../../common/errors.ts";
import { innerPath } from "../../common/inner_path.ts";
import { quote, suggest } from "../../common/suggest.ts";

/**
 * The folder of the intervention that a path refers to.
 *
 * @param path The folder of an intervention, of a member or a training within it, or of a run.
 * @param member The member of the run and, if it has several trainings, one of them, as in `rank=1/tuned`; required if
 * there are several. An epoch that a training keeps comes last, as in `rank=1/epoch=3`.
 * @throws {RequestError} If there is no intervention, or more than one.
 */
export async function interventionFolder(path: string, member: string | undefined): Promise<string> {
  const itself = [path, join(path, "intervention")].find(isIntervention);
  if (member === undefined && itself !== undefined) return itself;
  const ids = await trainedIds(path);
  const of = (id: string) => withinRun(path, join("members", id, "intervention"));
  const [only] = ids;
  if (only === undefined) {
    if (!await exists(path)) throw new RequestError("there is no such folder; check the path", { file: path });
    const [whole] = await wholeModels(path);
    if (whole !== undefined) {
      throw new RequestError(
        `holds a model that was trained whole, but no trained intervention; use that as a base model: ${whole}`,
        { file: path },
      );
    }
    throw new RequestError(
      itself === undefined
        ? "holds no trained intervention; give the folder of a run or an intervention"
        : `is not a run folder and has no member ${quote(member ?? "")}; omit --member`,
      { file: path },
    );
  }
  if (member === undefined) {
    if (ids.length === 1) return of(only);
    throw new RequestError(`has several members; choose one with --member: ${ids.join(" ")}`, { file: path });
  }
  if (ids.includes(member) || ids.some((id) => member.startsWith(`${id}/`)) && hasEpoch(path, member)) {
    return of(member);
  }
  const [within, ...others] = ids.filter((id) => id.startsWith(`${member}/`));
  if (within === undefined) {
    throw new RequestError(`has no trained member ${quote(member)}; ${suggest(member, ids)}`, { file: path });
  }
  if (others.length === 0) return of(within);
  throw new RequestError(
    `has several trainings of ${quote(member)}; choose one with --member: ${[within, ...others].join(" ")}`,
    { file: path },
  );
}

/**
 * An intervention's folder within a run's, which someone else may have made: neither it nor its files may link
 * elsewhere.
 */
async function withinRun(run: string, folder: string): Promise<string> {
  for (const name of Object.values(interventionFileNames)) await innerPath(run, join(folder, name));
  return join(run, folder);
}

/** The run whose folder contains an intervention's, and the member's id; `undefined` if it is not in a run. */
export function runOf(folder: string): { readonly run: string; readonly member: string } | undefined {
  const trained = dirname(folder);
  const member = [trained, dirname(trained)].find((path) => basename(dirname(path)) === "members");
  return member === undefined ? undefined : { run: dirname(dirname(member)), member: basename(member) };
}

function exists(path: string): Promise<boolean> {
  return system.lstat(path).then(() => true, () => false);
}
