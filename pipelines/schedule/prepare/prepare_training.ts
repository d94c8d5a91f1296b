/** Trainings made ready. @module */
import { elementCount } from "../../../ops/program/dimension.ts";
import { RequestError } from "../../common/errors.ts";
import { atLocationOf } from "../../common/source_location.ts";
import { type Adaptation, headOf, isFixed, isFrozen } from "../../compile/lower/adaptation.ts";
import { parameterCount } from "../../models/architecture/architecture.ts";
import type { Resolved, TrainSpec } from "../../spec/mod.ts";
import { cautionsOfTraining } from "./cautions.ts";
import { requirePredicted, requireSmoothable, unseenLabels } from "./head_checks.ts";
import { decayOfEdits, requireOptimizer } from "./optimizer_checks.ts";
import { equalAnswersNote, requirePreferences } from "./preference_checks.ts";
import type { PreparedTraining } from "./prepared.ts";
import type { PreparedModel } from "./prepared_model.ts";
import type { SharedPreparation } from "./shared_preparation.ts";

const decayWarning =
  "weightDecay takes an orthogonal edit's rotation to zero after its first step, as in torch's parametrization; " +
  "leave it at 0";

/**
 * A training made ready.
 *
 * @throws {RequestError} If its model, data or a setting is not sound.
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
  if (decayOfEdits(spec.optimizer) > 0 && model.adaptations.some(isOrthogonal)) shared.warnOnce(decayWarning);
  atLocationOf(spec, () => requirePredicted(model));
  atLocationOf(spec, () => requireSmoothable(headOf(model.adaptations), spec));
  requireOptimizer(spec, model);
  const read = await shared.rows(spec.data, model, spec.maxLength, { truncate: spec.truncate });
  atLocationOf(spec, () => requirePreferences(spec, model, read.rows));
  const equal = equalAnswersNote(name, read);
  if (equal !== undefined) shared.warnOnce(equal);
  const unseen = unseenLabels(headOf(model.adaptations), read.examples);
  if (unseen.length > 0) shared.warnOnce(`no row that ${name} trains on has the label ${unseen.join(" or ")}`);
  const { layout, rows } = await shared.laidOut(model, read);
  const trainableParameters = countParameters(model);
  const prepared = { ...model, kind: "train" as const, name, spec, layout, rows, trainableParameters };
  for (const [says, kind] of await cautionsOfTraining(prepared)) shared.warnOnce(says, kind);
  return prepared;
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
