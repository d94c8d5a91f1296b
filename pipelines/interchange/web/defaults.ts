/** What a pipeline trains, as the initial settings of a site. @module */
import { basename } from "node:path";
import { RequestError } from "../../common/errors.ts";
import { quote } from "../../common/suggest.ts";
import type { FileReading } from "../../data/files/record_kind.ts";
import { streamRows } from "../../data/rows.ts";
import { isInterventionName } from "../../../ops/interventions/mod.ts";
import { TrainingNames } from "../../schedule/prepare/training_names.ts";
import { validate } from "../../schedule/validate/validate.ts";
import { hasTurns } from "../../data/source_kinds.ts";
import type { Member, MemberStage, MemberStages } from "../../schedule/expand/member.ts";
import type { Choices, SiteDefaults } from "../../web/site/protocol.ts";
import { omittedSettings, type SiteEdit, type SiteTrained } from "../../web/site/trained.ts";

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

/** What the defaults are made from. */
interface DefaultsSource {
  /** The pipeline's name. */
  readonly name: string;
  /** Those to choose from, of which the first is taken. */
  readonly members: readonly Member[];
  readonly reading: FileReading;
  /** Receives a base model's source, and returns its name on the site. */
  readonly bundledAs: (source: string) => Promise<string>;
  /** Receives what the site lacks of the pipeline. */
  readonly note: (message: string) => void;
}

/**
 * The initial settings of a pipeline's site: the first training of its first member.
 *
 * @throws {RequestError} If the pipeline is invalid, or has nothing that a page can train.
 */
export async function siteDefaults(source: DefaultsSource): Promise<SiteDefaults> {
  const { name, members: [member, ...more], reading, bundledAs, note } = source;
  const declared = Object.entries(member?.stages ?? {}), stages = declared.map(([, stage]) => stage);
  for (const [stage, settings] of declared) validate(stage, settings);
  const trainings = stages.map(trainingOf).filter((found) => found !== undefined), [training] = trainings;
  if (training === undefined) throw new RequestError(`${quote(name)} trains nothing; give a pipeline with a training`);
  if (more.length > 0) {
    note(`the site begins with ${member!.id}, the first of ${1 + more.length} members; --member names another`);
  }
  const { model, optimizer, epochs, batchSize, seed } = training, { learningRate } = optimizer;
  if (learningRate === undefined) {
    throw new RequestError(
      `${optimizer.kind} without a learning rate sets its own, but a page has a field for it; give one`,
    );
  }
  const names = new TrainingNames(declared);
  const all = [...new Set(trainings.map((each) => names.of(each)))];
  if (all.length > 1) note(`the site trains only ${quote(all[0]!)}, the first of ${all.map(quote).join(", ")}`);
  const base = await bundledAs(model.base.source), trained = trainedOf(training, base), [edit] = trained.edits;
  noteOmitted(training, note);
  const choices: Choices = {
    base,
    provider: "cpu",
    layer: String(edit?.at.blocks ?? ""),
    rank: edit?.rank ?? 1,
    positions: String(edit?.positions),
    epochs,
    batchSize,
    learningRate,
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

/** Notes what a page does otherwise than the pipeline. */
function noteOmitted(training: MemberTraining, note: (message: string) => void): void {
  const omitted = omittedSettings.filter((name) => training[name] !== undefined);
  if (omitted.length > 0) {
    note(`a page does not validate, and uses what the last step leaves; the site omits ${omitted.join(", ")}`);
  }
  if (training.model.edits.length > 1) {
    note("the page's fields for the layer, the rank and the positions are the first edit's; the others keep theirs");
  }
}

/**
 * The edits and the settings. Throws a RequestError if there are any that a page has no fields for.
 *
 * @param base The base model's name on the site.
 */
function trainedOf(training: MemberTraining, base: string): SiteTrained {
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
    if (edit.subspace !== undefined || edit.positions.includes("{")) {
      throw new RequestError(
        "the edit reads a field of each row, but a page's rows have only a prompt and a completion; write positions " +
          "as in l1, and omit the subspace",
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
  if (hasTurns(training.data)) {
    throw new RequestError(
      "a page's rows are prompts with completions, but the pipeline trains on conversations; give rows with a template",
    );
  }
  const { kind: _kind, model, data: _data, epochs: _epochs, batchSize: _batchSize, seed: _seed, ...others } = training;
  const { objective: _objective, validate: _validate, keep: _keep, patience: _patience, ...all } = others;
  const { checkpoints: _checkpoints, ...settings } = all, { revision, dtype, quantize } = model.base;
  return {
    base: {
      source: base,
      ...revision === undefined ? {} : { revision },
      ...dtype === undefined ? {} : { dtype },
      ...quantize === undefined ? {} : { quantize },
    },
    edits,
    training: settings,
  };
}

async function rowsOf({ data }: MemberTraining, reading: FileReading): Promise<Choices["rows"]> {
  const records: { readonly prompt: string; readonly completion: string }[] = [];
  let length = 0;
  for await (const { kind, prompt, completion, turns, tokenization, reads, place } of streamRows(data, reading)) {
    const further = Object.entries({ tokenization, reads }).find(([, given]) => given !== undefined)?.[0];
    if (further !== undefined) {
      throw new RequestError(`a page's rows have no ${further}, as this has; omit it from the template`, place);
    }
    if (kind !== "completion" || turns !== undefined) {
      throw new RequestError(
        "each of a page's own rows is a prompt and a completion, but this is not; give rows with a template of these",
        place,
      );
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
