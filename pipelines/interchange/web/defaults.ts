/** What a pipeline trains, as the initial settings of a site. @module */
import { basename } from "node:path";
import { RequestError } from "../../common/errors.ts";
import { quote } from "../../common/suggest.ts";
import type { FileReading } from "../../data/files/record_kind.ts";
import { streamRows } from "../../data/rows.ts";
import { isInterventionName } from "../../../ops/interventions/mod.ts";
import type { Member, MemberStage, MemberStages } from "../../schedule/expand/member.ts";
import type { Choices, SiteDefaults } from "../../web/site/protocol.ts";
import type { SiteEdit, SiteTrained } from "../../web/site/trained.ts";

/** The maximum size of a site's own rows, in characters; a page reads all of them when it opens. */
const mostText = 8e6;

/** The maximum number of tokens in an answer, if the pipeline does not say. */
const usualAnswer = 64;

type MemberTraining = MemberStages["train"];

/** The training that a stage is, or uses. */
function trainingOf(stage: MemberStage): MemberTraining | undefined {
  if (stage.kind === "train") return stage;
  return stage.model.kind === "train" ? stage.model : undefined;
}

/**
 * The initial settings of a pipeline's site: the first training of its first member.
 *
 * @param folders Receives a base model's folder, and returns its name on the site.
 * @throws {RequestError} If there is nothing that a page can train.
 */
export async function siteDefaults(
  name: string,
  [member]: readonly Member[],
  reading: FileReading,
  bundledAs: (source: string) => Promise<string>,
): Promise<SiteDefaults> {
  const stages = Object.values(member?.stages ?? {});
  const training = stages.map(trainingOf).find((found) => found !== undefined);
  if (training === undefined) throw new RequestError(`${quote(name)} trains nothing; give a pipeline with a training`);
  const { model, optimizer, epochs, batchSize, seed } = training, trained = trainedOf(training), [edit] = trained.edits;
  const base = await bundledAs(model.base.source);
  const choices: Choices = {
    base,
    provider: "cpu",
    layer: String(edit?.at.blocks ?? ""),
    rank: edit?.rank ?? 1,
    positions: String(edit?.positions),
    epochs,
    batchSize,
    learningRate: optimizer.kind === "adafactor" ? optimizer.learningRate ?? 1e-3 : optimizer.learningRate,
    seed,
    maxNewTokens: answerLength(stages),
    rows: await rowsOf(training, reading),
  };
  const others = ["builtin:tiny", "HuggingFaceTB/SmolLM2-135M-Instruct"].filter((source) => source !== base);
  const bases = [
    { name: basename(model.base.source), source: base },
    ...others.map((source) => ({ name: source, source })),
  ];
  return { name, choices, trained, bases };
}

/** The maximum number of tokens in an answer: the longest that an evaluation generates. */
function answerLength(stages: readonly MemberStage[]): number {
  const lengths = stages.flatMap((stage) => {
    return stage.kind === "evaluate" && stage.decoding !== undefined && "maxNewTokens" in stage.decoding
      ? [stage.decoding.maxNewTokens]
      : [];
  });
  return lengths.length === 0 ? usualAnswer : Math.max(...lengths);
}

/** The edits and the settings. Throws a RequestError if there are any that a page has no fields for. */
function trainedOf(training: MemberTraining): SiteTrained {
  const edits = training.model.edits.flatMap((edit): SiteEdit[] => {
    if (!("at" in edit) || !isInterventionName(edit.kind)) {
      throw new RequestError(
        `a page trains edits of representations, but the pipeline trains ${edit.kind}; give one with loreft`,
      );
    }
    if (typeof edit.positions === "function" || typeof edit.subspace === "function") {
      throw new RequestError(
        "a function chooses the edit's tokens, but a page has only texts; write positions as in l1",
      );
    }
    if (edit.initial !== undefined) {
      throw new RequestError("the edit starts from a file, which a page does not have; omit initial");
    }
    return [edit];
  });
  if (edits.length === 0) throw new RequestError("the pipeline trains no edit; give one, as in loreft");
  if (training.objective !== undefined) {
    throw new RequestError("a page trains only on completions; omit the objective");
  }
  const { gradientAccumulation, optimizer, shuffle } = training;
  const { maxLength, truncate, maxGradNorm, labelSmoothing, maxSteps, lossReduction } = training;
  return {
    edits,
    training: {
      ...{ gradientAccumulation, optimizer, shuffle },
      ...maxLength === undefined ? {} : { maxLength },
      ...truncate === undefined ? {} : { truncate },
      ...maxGradNorm === undefined ? {} : { maxGradNorm },
      ...labelSmoothing === undefined ? {} : { labelSmoothing },
      ...maxSteps === undefined ? {} : { maxSteps },
      ...lossReduction === undefined ? {} : { lossReduction },
    },
  };
}

async function rowsOf({ data }: MemberTraining, reading: FileReading): Promise<Choices["rows"]> {
  const records: { readonly prompt: string; readonly completion: string }[] = [];
  let length = 0;
  for await (const { kind, prompt, completion, turns, tokenization, place } of streamRows(data, reading)) {
    if (kind !== "completion" || turns !== undefined || tokenization !== undefined) {
      throw new RequestError("each of a page's own rows is a prompt and a completion, but this is not", place);
    }
    length += prompt.length + completion.length;
    if (length > mostText) {
      throw new RequestError(
        `the rows have more than ${mostText / 1e6} million characters; take fewer, as in .take(1000)`,
      );
    }
    records.push({ prompt, completion });
  }
  return { records, prompt: "{prompt}", completion: "{completion}" };
}
