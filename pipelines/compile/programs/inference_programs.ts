/** The programs that read and write with a model and its edits: scores, classes, the prompt's pass, one further token. @module */
import { mergeValues } from "../../../ops/program/own_value.ts";
import * as o from "../../../ops/operators.ts";
import { beforeGroup, type KeyValues } from "../../../ops/nn/attention.ts";
import type { Program, Value } from "../../../ops/program/program.ts";
import { simplify } from "../../../ops/passes/simplify.ts";
import { savedForm, type TensorForm } from "../lower/tensor_forms.ts";
import { actsOnCompletion } from "../lower/adaptation.ts";
import { membersHook } from "../lower/members_hook.ts";
import { virtualRuns } from "../lower/prefix_tuning.ts";
import type { RunResult } from "../../models/architecture/architecture.ts";
import { runInputs } from "../../models/architecture/model_inputs.ts";
import type { Layout } from "../rows/layout.ts";
import { pastInputs, residentInputs } from "../rows/segment_inputs.ts";
import {
  type CompiledModel,
  headOutputs,
  labelledLosses,
  logitsOf,
  runLength,
  runRows,
  runTail,
  weightsOf,
} from "./forward.ts";
import { keyValuesOf, runOf } from "./run_segments.ts";

/** The log-likelihood of given completions: `losses` [labelled, 1]. */
export function scoreProgram(model: CompiledModel, layout: Layout): Program {
  const losses = labelledLosses(model, runTail(model, layout, savedForm), savedForm);
  return simplify({ name: "score", outputs: { losses: o.concat(losses, 0) } });
}

/** What a model's head predicts of rows: `headOutputs` [batch, outputs], the logits of classes or a number. */
export function headProgram(model: CompiledModel, layout: Layout): Program {
  const [only] = headOutputs(model, runTail(model, layout, savedForm), savedForm);
  return simplify({ name: "head", outputs: { headOutputs: only as Value } });
}

/**
 * The prompt's pass: logits of each row's last token [batch, vocabulary], and every block's keys and values by segment;
 * of what an encoder has read, those that its decoder has made.
 */
export function prefillProgram(model: CompiledModel, layout: Layout): Program {
  const runs = runRows(model, layout, savedForm);
  const keyValues = [...keyValuesOf(layout, runs)].map(([name, run]) => namedKeyValues(name, run));
  return simplify({
    name: "prefill",
    outputs: { logits: logitsOf(model, runOf(runs, "tail"), savedForm), ...mergeValues(keyValues) },
  });
}

/**
 * One further token a row [batch, 1] after `past`; gives its logits and its own keys and values. Edits of the prompt have
 * acted already: their effect is in the past.
 */
export function decodeProgram(model: CompiledModel): Program {
  const members = model.members.map((adaptations) => adaptations.filter(actsOnCompletion));
  return continued("decode", { ...model, members }, { ...savedForm, tail: 1 });
}

/**
 * Further tokens of each row [batch, tail] after `past`, in which all edits act; gives the logits of those that are asked
 * for [labelled, vocabulary], and the tokens' own keys and values.
 */
export function extendProgram(model: CompiledModel): Program {
  return continued("extend", model, savedForm);
}

function continued(name: string, model: CompiledModel, form: TensorForm): Program {
  const result = extended(model, form), logits = logitsOf(model, result, form);
  return simplify({ name, outputs: { logits, ...ownKeyValues(result) } });
}

/**
 * The same with the negative log-likelihoods of given tokens in place of logits: `losses` [labelled, 1], in nats.
 */
export function rateProgram(model: CompiledModel): Program {
  const result = extended(model, savedForm), losses = o.concat(labelledLosses(model, result, savedForm), 0);
  return simplify({ name: "rate", outputs: { losses, ...ownKeyValues(result) } });
}

function extended(model: CompiledModel, form: TensorForm): RunResult {
  const { architecture, members } = model;
  const fed = residentInputs(architecture);
  const past = [...virtualRuns(members.flat(), form.tensors, architecture), fed];
  const edit = membersHook(members, form);
  const encoded = architecture.encoder === undefined
    ? {}
    : { encoded: { keyValues: pastInputs(architecture, "encoded", "context") } };
  const before = past.map(runLength), { tail: length = "tail" } = form;
  const extents = { batch: "batch", seen: "batch", length, before, encoded: "context" };
  const run = { ...runInputs(architecture, { name: "tail", ...extents }), past, ...encoded, edit };
  return architecture.forward(run, weightsOf(model));
}

/** A run's own keys and values [batch, keyValueHeads, 1, tokens, headWidth], as those before it are fed. */
function ownKeyValues({ keyValues }: RunResult): Record<string, Value> {
  const own = keyValues.map(({ key, value }) => ({ key: beforeGroup(key), value: beforeGroup(value) }));
  return namedKeyValues("own", own);
}

function namedKeyValues(name: string, run: readonly KeyValues[]): Record<string, Value> {
  return Object.fromEntries(
    run.flatMap(({ key, value }, block) => [[`${name}.${block}.key`, key], [`${name}.${block}.value`, value]]),
  );
}
