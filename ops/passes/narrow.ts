/**
 * Selecting tokens early: what is computed for each token independently is computed only for the tokens that are read.
 * A head that reads one token of a row does not need the last block's MLP at any other token.
 *
 * @module
 */
import { withInputs } from "../operators.ts";
import { dependants, topologicalOrder, type Value } from "../program/program.ts";
import { definitionOf, isOperation } from "../table/mod.ts";

/**
 * The tokens that are read of hidden states, with the selection moved toward the inputs: through operations on single
 * tokens whose results have no other use and depend on a parameter. Frozen values stay whole, so that they can be kept.
 *
 * @param last The hidden states [batch, tokens, width].
 * @param read Selects the tokens that are read from a value [batch, tokens, …].
 */
export function narrow(last: Value, read: (ofTokens: Value) => Value): Value {
  const order = topologicalOrder([last]), [batch, tokens] = last.shape;
  const varying = dependants(order, order.filter(({ op }) => op === "parameter"));
  const ofTokens = ({ shape }: Value) => shape.length === 3 && shape[0] === batch && shape[1] === tokens;
  const isTokenwise = (value: Value) => isOperation(value) && definitionOf(value.op).tokenwise(value, ofTokens);
  const users = new Map<Value, Value[]>();
  for (const value of order) {
    for (const operand of value.inputs) users.getOrInsertComputed(operand, () => []).push(value);
  }
  const narrowed = new Set<Value>();
  for (const value of order.toReversed()) {
    const isRead = (users.get(value) ?? []).every((user) => narrowed.has(user));
    if (isRead && ofTokens(value) && varying.has(value) && isTokenwise(value)) narrowed.add(value);
  }
  const made = new Map<Value, Value>();
  for (const value of order) {
    if (!narrowed.has(value)) continue;
    const operands = value.inputs.map((operand) => ofTokens(operand) ? made.get(operand) ?? read(operand) : operand);
    made.set(value, withInputs(value, operands));
  }
  return made.get(last) ?? read(last);
}
