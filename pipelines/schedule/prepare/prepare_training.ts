/** Prepares trainings. @module */
import { elementCount } from "../../../ops/program/dimension.ts";
import { RequestError } from "../../common/errors.ts";
import { atLocationOf } from "../../common/source_location.ts";
import { type Adaptation, headOf, isFixed, isFrozen } from "../../compile/lower/adaptation.ts";
import { hasDropout } from "../../compile/lower/base_dropout.ts";
import { readTensors } from "../../compile/parameters/initial.ts";
import { parameterCount } from "../../models/architecture/architecture.ts";
import type { Resolved, TrainSpec } from "../../spec/mod.ts";
import type { Dataset } from "../../data/dataset.ts";
import { filesOf, kindOf, sourcesOf } from "../../data/source_kinds.ts";
import { leakOf } from "../../tasks/leaked_files.ts";
import { cautionsOfTraining } from "./cautions.ts";
import { requirePredicted, requireSmoothable, unseenLabels } from "./head_checks.ts";
import { decayOfEdits, requireOptimizer } from "./optimizer_checks.ts";
import { equalAnswersNote, requirePreferences } from "./preference_checks.ts";
import { prepareValidation, requireCheckpoints } from "./prepare_validation.ts";
import type { PreparedTraining } from "./prepared.ts";
import type { PreparedModel } from "./prepared_model.ts";
import type { SharedPreparation } from "./shared_preparation.ts";

const decayWarning =
  "weightDecay takes an orthogonal edit's rotation to zero after its first step, as in torch's parametrization; " +
  "leave it at 0";

/**
 * Prepares a training.
 *
 * @throws {RequestError} If its model, data or a setting is invalid.
 */
export async function prepareTraining(
  shared: SharedPreparation,
  name: string,
  spec: Resolved<TrainSpec>,
): Promise<PreparedTraining> {
  const model = await shared.model(spec.model);
  if (model.adaptations.every(isFrozen) && model.full === undefined) {
    throw new RequestError(
      `the training ${name} has nothing to train; give its model an edit, as in model.with(loreft(…))`,
    );
  }
  for (const { path, of } of model.initialFiles) await readTensors(path, of, "train");
  if (decayOfEdits(spec.optimizer) > 0 && model.adaptations.some(isOrthogonal)) shared.warnOnce(decayWarning);
  atLocationOf(spec, () => requirePredicted(model));
  atLocationOf(spec, () => requireSmoothable(headOf(model.adaptations), spec));
  atLocationOf(spec, () => requireDropout(model.model, spec));
  requireOptimizer(spec, model);
  const read = await shared.rows(spec.data, model, spec.maxLength, { truncate: spec.truncate });
  atLocationOf(spec, () => requirePreferences(spec, model, read.examples));
  await atLocationOf(spec.data, () => refuseLeaks(spec.data, shared.base));
  // A sample may lack what the rows have.
  const equal = read.of === undefined ? equalAnswersNote(name, read) : undefined;
  if (equal !== undefined) shared.warnOnce(equal);
  const unseen = read.of === undefined ? unseenLabels(headOf(model.adaptations), read.examples) : [];
  if (unseen.length > 0) shared.warnOnce(`no row that ${name} trains on has the label ${unseen.join(" or ")}`);
  const { layout, rows } = await shared.laidOut(model, read, spec.baseDropout);
  const trainableParameters = countParameters(model);
  const sampled = read.of === undefined ? {} : { sampled: read.examples.length };
  requireCheckpoints(shared, name, spec, { rows, trainableParameters });
  const training = { ...model, kind: "train" as const, name, spec, layout, rows, trainableParameters, ...sampled };
  const prepared = { ...training, validation: undefined };
  for (const [says, kind] of await cautionsOfTraining(prepared)) shared.warnOnce(says, kind);
  return { ...training, validation: await prepareValidation(shared, prepared) };
}

/** @throws {RequestError} If the model's family has no known dropout, or its config has none. */
function requireDropout({ architecture }: PreparedModel["model"], { baseDropout }: Resolved<TrainSpec>): void {
  if (baseDropout !== true || hasDropout(architecture)) return;
  const { family, dropout } = architecture;
  throw new RequestError(
    dropout === undefined
      ? `baseDropout is not supported for the family ${family}; omit it, or give the edits their own dropout`
      : "baseDropout uses the rates in config.json, which are all 0; omit it, or raise them there",
  );
}

/** Rejects files that are known to contain test rows, by their digests. */
async function refuseLeaks(data: Dataset, base: string): Promise<void> {
  for (const source of sourcesOf(data)) {
    if (filesOf(source).every(({ use }) => use === "template")) continue;
    for (const { path } of await kindOf(source).files(source, { base })) {
      const says = await leakOf(path);
      if (says !== undefined) throw new RequestError(`the file is ${says}`, { file: path });
    }
  }
}

function isOrthogonal({ tensors }: Adaptation): boolean {
  return Object.values(tensors).some(({ start }) => start === "orthogonal");
}

function countParameters({ model, adaptations, full }: PreparedModel): number {
  const whole = full === undefined ? 0 : parameterCount(model.architecture);
  const trained = adaptations.flatMap((adaptation) =>
    Object.values(adaptation.tensors).filter((role) => !isFixed(adaptation, role))
  );
  return trained.reduce((sum, { shape }) => sum + elementCount(shape), whole);
}
