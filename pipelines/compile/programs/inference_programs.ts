/** The inference programs of an edited model: scores, head outputs, prefill and decoding. @module */
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

const made = new WeakMap<CompiledModel, Map<string, Program>>();

/** A program of a model, made when it is first asked for: validations of a training ask for the same again and again. */
function once(model: CompiledModel, name: string, layout: Layout | undefined, make: () => Program): Program {
  return made.getOrInsertComputed(model, () => new Map()).getOrInsertComputed(JSON.stringify([name, layout]), make);
}

/** The log-likelihood of given completions: `losses` [labelled, 1]. */
export function scoreProgram(model: CompiledModel, layout: Layout): Program {
  return once(model, "score", layout, () => {
    const losses = labelledLosses(model, runTail(model, layout, savedForm), savedForm);
    return simplify({ name: "score", outputs: { losses: o.concat(losses, 0) } });
  });
}

/** The outputs of a model's head: `headOutputs` [batch, outputs], the logits of classes or a number. */
export function headProgram(model: CompiledModel, layout: Layout): Program {
  return once(model, "head", layout, () => {
    const [only] = headOutputs(model, runTail(model, layout, savedForm), savedForm);
    return simplify({ name: "head", outputs: { headOutputs: only as Value } });
  });
}

/**
 * The prefill: logits of each row's last token [batch, vocabulary], and every block's keys and values by segment; for
 * the tokens that an encoder has read, the decoder's keys and values of them.
 */
export function prefillProgram(model: CompiledModel, layout: Layout): Program {
  return once(model, "prefill", layout, () => {
    const runs = runRows(model, layout, savedForm);
    const keyValues = [...keyValuesOf(layout, runs)].map(([name, run]) => namedKeyValues(name, run));
    return simplify({
      name: "prefill",
      outputs: { logits: logitsOf(model, runOf(runs, "tail"), savedForm), ...mergeValues(keyValues) },
    });
  });
}

/**
 * Decodes one more token per row [batch, 1] after `past`; returns its logits and its keys and values, joined. Edits of
 * the prompt have no part in this: their effect is already in the past.
 */
export function decodeProgram(model: CompiledModel): Program {
  return once(model, "decode", undefined, () => {
    const members = model.members.map((adaptations) => adaptations.filter(actsOnCompletion));
    const acting = { ...model, members }, form = { ...savedForm, tail: 1 }, result = extended(acting, form, false);
    const logits = logitsOf(acting, result, form), own = o.concat(Object.values(ownKeyValues(result)), 1);
    return simplify({ name: "decode", outputs: { logits, [ownJoined]: own } });
  });
}

/**
 * The result of the decode program for its tokens' keys and values: each block's key heads, then its value heads, side
 * by side [batch, 2 · blocks · keyValueHeads, 1, 1, headWidth]. One result takes less time to return than one of each.
 */
export const ownJoined = "own";

/**
 * Runs further tokens of each row [batch, tail] after `past`, with all edits; returns the logits of the requested
 * tokens [labelled, vocabulary], and the tokens' keys and values.
 *
 * @param decodes Whether it also decodes tokens one by one, so that it must not copy the past.
 */
export function extendProgram(model: CompiledModel, decodes = false): Program {
  const make = () => continued("extend", model, savedForm, !decodes);
  return once(model, decodes ? "extend and decode" : "extend", undefined, make);
}

function continued(name: string, model: CompiledModel, form: TensorForm, joinsPast: boolean): Program {
  const result = extended(model, form, joinsPast), logits = logitsOf(model, result, form);
  return simplify({ name, outputs: { logits, ...ownKeyValues(result) } });
}

/**
 * The same, but returning the negative log-likelihoods of given tokens instead of logits: `losses` [labelled, 1], in
 * nats.
 */
export function rateProgram(model: CompiledModel): Program {
  return once(model, "rate", undefined, () => {
    const result = extended(model, savedForm, true), losses = o.concat(labelledLosses(model, result, savedForm), 0);
    return simplify({ name: "rate", outputs: { losses, ...ownKeyValues(result) } });
  });
}

function extended(model: CompiledModel, form: TensorForm, joinsPast: boolean): RunResult {
  const { architecture, members } = model;
  const fed = residentInputs(architecture, model.keyValueType);
  const past = [...virtualRuns(members.flat(), form.tensors, architecture), fed];
  const edit = membersHook(members, form);
  const encoded = architecture.encoder === undefined
    ? {}
    : { encoded: { keyValues: pastInputs(architecture, "encoded", "context") } };
  const before = past.map(runLength), { tail: length = "tail" } = form;
  const extents = { batch: "batch", seen: "batch", length, before, encoded: "context" };
  const run = { ...runInputs(architecture, { name: "tail", ...extents }), past, ...encoded, edit, joinsPast };
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
