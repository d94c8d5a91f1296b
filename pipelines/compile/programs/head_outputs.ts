/** The outputs of heads as values of a program: each reads the last block's output for a row. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import { crossEntropies, rowsAt, squaredErrors } from "../../../ops/nn/loss.ts";
import * as o from "../../../ops/operators.ts";
import { narrow } from "../../../ops/passes/narrow.ts";
import { input, type Value } from "../../../ops/program/program.ts";
import type { Architecture, WeightSource } from "../../models/architecture/architecture.ts";
import type { Adaptation, Head } from "../lower/adaptation.ts";
import type { AtTokens } from "../lower/at_tokens.ts";
import { editHook } from "../lower/edit_hook.ts";
import { batchOf } from "../lower/members_hook.ts";
import type { TensorForm } from "../lower/tensor_forms.ts";
import { outputsOf, readBy } from "../lower/heads.ts";
import { headOf } from "../lower/adaptation.ts";
import { labelInputs } from "../rows/labels.ts";

/** Members with heads. */
interface HeadedModel {
  readonly architecture: Architecture;
  readonly members: readonly (readonly Adaptation[])[];
}

/**
 * The outputs of each member's head for each row [batch, outputs], or for both of its answers, the chosen one first [2
 * · batch, 1].
 *
 * @param last The last block's output [members · batch, tail, width].
 */
export function headOutputsOf(
  { architecture, members }: HeadedModel,
  last: Value,
  weights: WeightSource,
  form: TensorForm,
): Value[] {
  return members.map((adaptations, member) => {
    const head = headOf(adaptations), { classifier } = architecture;
    if (head === undefined || classifier === undefined) throw new TypeError("The model has no head");
    const tensors = form.tensors(head);
    const tensor: WeightSource = (name) => {
      const found = ownValue(tensors, name);
      if (found === undefined) throw new TypeError(`The head lacks its tensor ${name}`);
      return found;
    };
    const own = batchOf(last, member),
      finish = (hidden: Value, atTokens?: AtTokens) => {
        return architecture.finish(hidden, weights, editHook(adaptations, form, atTokens));
      };
    // In a causal model narrowing would give members that are trained together other numbers than each gets alone.
    const take = architecture.causal ? (last: Value, read: AtTokens) => read(last) : narrow;
    return classifier.scores(pool(own, head, finish, take), tensor, outputsOf(head), form.dropBase);
  });
}

/** Final hidden states [batch, width]: of the one token that is read, or the mean of all. */
function pool(
  last: Value,
  { kind, pooled }: Pick<Head, "kind" | "pooled">,
  finish: (hidden: Value, atTokens?: AtTokens) => Value,
  take: (last: Value, read: AtTokens) => Value,
): Value {
  if (pooled === "mean") {
    const shares = input(labelInputs.shares, ["batch", "tail", 1]);
    return o.reduceSum(o.mul(finish(last), shares), [1]);
  }
  const indices = input(labelInputs.indices, [readBy({ kind }, "batch"), 1], "int64");
  const read: AtTokens = (ofTail) => rowsAt(ofTail, indices);
  return finish(take(last, read), read);
}

/**
 * The losses [batch, 1] of a head's outputs: cross-entropies for classes, squared errors for numbers.
 *
 * @param smoothing The share of a class's label that is spread over all classes, a tensor without axes.
 */
export function headLosses(outputs: Value, { kind }: Pick<Head, "kind">, smoothing?: Value): Value {
  return losses[kind](outputs, smoothing);
}

const losses: Readonly<Record<Head["kind"], (outputs: Value, smoothing: Value | undefined) => Value>> = {
  classification: (outputs, smoothing) =>
    crossEntropies(outputs, input(labelInputs.targets, ["batch", 1], "int64"), smoothing),
  regression: (outputs) => squaredErrors(outputs, input(labelInputs.targets, ["batch", 1])),
  reward: () => {
    throw new TypeError("Rewards have a loss only with an objective");
  },
};
