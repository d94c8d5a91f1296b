/**
 * A whole tuned model as one program, from which model files for other software are made.
 *
 * @module
 */
import { multiplyDimensions } from "../../../ops/program/dimension.ts";
import * as o from "../../../ops/operators.ts";
import type { KeyValues } from "../../../ops/nn/attention.ts";
import type { Program, Value } from "../../../ops/program/program.ts";
import { simplify } from "../../../ops/passes/simplify.ts";
import { requireLogits } from "../../models/architecture/heads.ts";
import { runInputs } from "../../models/architecture/model_inputs.ts";
import { savedForm } from "../lower/tensor_forms.ts";
import type { AtTokens } from "../lower/at_tokens.ts";
import { membersHook } from "../lower/members_hook.ts";
import { pastInputs } from "../rows/segment_inputs.ts";
import { virtualRuns } from "../lower/prefix_tuning.ts";
import { type CompiledModel, runLength, weightsOf } from "./forward.ts";

/** The symbols of a whole program's extents. */
export const exportSymbols = { batch: "batch", tokens: "tail", past: "past" } as const;

/**
 * A run of tokens after a past, which may be empty, with every token edited according to its mask: `logits` [batch,
 * tokens, vocabulary] of all of them, and each block's keys and values `present.<block>.key` and `.value` [batch,
 * keyValueHeads, past + tokens, headWidth] of the past and the run together.
 *
 * It is fed the inputs that `runInputs` declares for the run `tail`, with a mask for each row, and the masks of edited
 * positions.
 *
 * @throws {RequestError} If the model does not generate text.
 */
export function exportProgram(model: CompiledModel): Program {
  const { architecture, members } = model, { batch, tokens, past } = exportSymbols;
  const weights = weightsOf(model), fed = pastInputs(architecture, past);
  const runs = [...virtualRuns(members.flat(), savedForm.tensors, architecture), fed];
  const inputs = runInputs(architecture, { name: tokens, batch, seen: batch, before: runs.map(runLength) });
  const { hiddenStates, keyValues } = architecture.forward(
    { ...inputs, past: runs, edit: membersHook(members, savedForm) },
    weights,
  );
  const asRows: AtTokens = (x) => o.reshape(x, [multiplyDimensions(batch, tokens), ...x.shape.slice(2)]);
  const last = hiddenStates[hiddenStates.length - 1] as Value;
  const logits = requireLogits(architecture)(asRows(last), weights, membersHook(members, savedForm, asRows));
  return simplify({
    name: "model",
    outputs: {
      logits: o.reshape(logits, [batch, tokens, ...logits.shape.slice(1)]),
      ...Object.fromEntries(keyValues.flatMap((own, block) => present(block, fed[block] as KeyValues, own))),
    },
  });
}

function present(block: number, past: KeyValues, own: KeyValues): (readonly [string, Value])[] {
  return (["key", "value"] as const).map((part) => [`present.${block}.${part}`, o.concat([past[part], own[part]], 2)]);
}
