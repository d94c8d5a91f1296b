/** A run's results, as a program reads them. @module */
import { ofKind } from "../common/of_kind.ts";
import { RequestError } from "../common/errors.ts";
import { quote, suggest } from "../common/suggest.ts";
import type { Prediction } from "../metrics/prediction.ts";
import { displayOf } from "../report/notebook/display.ts";
import { readPredictions } from "../results/read_predictions.ts";
import { type RecordedRun, resultsFile } from "../results/read_results.ts";
import type { MemberRecord, Results } from "../results/results.ts";
import type { RunFiles } from "../results/written_files.ts";

/** A member of a finished run. */
export interface RunMember extends MemberRecord {
  /** The member's folder, with what it trained and predicted. */
  readonly folder: string;
  /**
   * An evaluation's prediction for each row.
   *
   * @param evaluation Its name, if the member has several.
   * @throws {RequestError} If there is no such evaluation, or a line of its file is not a prediction.
   *
   * @example The rows that a run got wrong
   * ```ts
   * import type { RunMember } from "refract";
   *
   * async function wrong(member: RunMember): Promise<string[]> {
   *   const predictions = await member.predictions("score");
   *   return predictions.flatMap(({ prompt, prediction, completion }) => prediction === completion ? [] : [prompt]);
   * }
   * ```
   */
  predictions(evaluation?: string): Promise<readonly Prediction[]>;
}

/** A finished run. */
export interface OpenedRun {
  /** The run folder. */
  readonly folder: string;
  /** The content of results.json. */
  readonly results: Results;
  /** The members, in the order in which they ran. */
  readonly members: readonly RunMember[];
  /**
   * A member by its id.
   *
   * @throws {RequestError} If there is none; it lists the existing ones.
   *
   * @example The losses of one member
   * ```ts
   * import type { OpenedRun } from "refract";
   *
   * function losses(run: OpenedRun): readonly number[] {
   *   return run.member("rank=4").stages.flatMap((stage) => stage.kind === "train" ? stage.losses : []);
   * }
   * ```
   */
  member(id: string): RunMember;
}

/** The symbol with which Deno's Jupyter kernel asks values for their display. */
const display = Symbol.for("Jupyter.display");

/** A run's results with the files in its folder. */
export function openedRun(folder: string, { results, files }: RecordedRun): OpenedRun {
  const members = results.members.map((record) => memberOf({ folder, files }, record));
  const opened: OpenedRun = {
    folder,
    results,
    members,
    member(id) {
      const found = members.find((member) => member.id === id);
      if (found !== undefined) return found;
      const ids = members.map((member) => member.id);
      throw new RequestError(`has no member ${quote(id)}; ${suggest(id, ids)}`, { file: `${folder}/${resultsFile}` });
    },
  };
  // Not part of the data: it is neither enumerated nor compared.
  return Object.defineProperty(opened, display, { value: () => displayOf(results, folder) });
}

function memberOf(run: RunFiles, record: MemberRecord): RunMember {
  const { folder } = run;
  const evaluations = ofKind(record.stages, "evaluate"), names = evaluations.map(({ name }) => name);
  return {
    ...record,
    folder: `${folder}/members/${record.id}`,
    async predictions(evaluation) {
      const found = evaluations.filter(({ name }) => evaluation === undefined || name === evaluation);
      const [only, ...others] = found;
      if (only !== undefined && others.length === 0) {
        return await readPredictions(run, only.predictions);
      }
      const problem = evaluation === undefined
        ? names.length === 0
          ? "has no evaluation"
          : `has several evaluations; name one of ${names.map(quote).join(", ")}`
        : `has no evaluation ${quote(evaluation)}; ${suggest(evaluation, names)}`;
      throw new RequestError(`${record.id} ${problem}`, { file: `${folder}/${resultsFile}` });
    },
  };
}
