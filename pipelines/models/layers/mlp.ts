/** The part of a block that acts on each token separately. @module */
import * as o from "../../../ops/operators.ts";
import type { Value } from "../../../ops/program/program.ts";
import type { SiteName } from "../architecture/architecture.ts";
import type { ConfigReader } from "../architecture/config.ts";
import type { LinearForm, Scope } from "./scope.ts";

/** An MLP, from a token's representation to its contribution: [batch, tokens, width] to the same. */
export type Mlp = (scope: Scope, x: Value) => Value;

/** A function of each element. */
export type Activation = (x: Value) => Value;

/** Activations by the names that configs use. */
export const activations = {
  silu: o.silu,
  swish: o.silu,
  gelu: o.gelu,
  gelu_python: o.gelu,
  gelu_new: o.geluTanh,
  gelu_fast: o.geluTanh,
  gelu_pytorch_tanh: o.geluTanh,
  quick_gelu: (x) => o.mul(x, o.sigmoid(o.mul(x, 1.702))),
  relu: o.relu,
  relu2: (x) => o.mul(o.relu(x), o.relu(x)),
  tanh: o.tanh,
} satisfies Record<string, Activation>;

/** The activation that a config names in a field. */
export function readActivation(config: ConfigReader, field: string, otherwise: keyof typeof activations): Activation {
  return activations[config.option(field, Object.keys(activations) as (keyof typeof activations)[], otherwise)];
}

const widthOf = (x: Value) => x.shape[x.shape.length - 1] as number;

/** Two projections and the activation between them. */
interface PlainMlp {
  readonly up: string;
  readonly down: string;
  readonly hidden: number;
  readonly activation: Activation;
  readonly form: LinearForm;
}

/** `down(activation(up(x)))`. */
export function plainMlp({ up, down, hidden, activation, form }: PlainMlp): Mlp {
  return (scope, x) => {
    const raised = scope.linear(up, x, hidden, form, "mlp.up");
    const opened = scope.drop("mlp.activation", scope.edit("mlp.activation", activation(raised)));
    return scope.drop("mlp.output", scope.linear(down, opened, widthOf(x), form, "mlp.output"));
  };
}

/** Like {@linkcode PlainMlp}, with a gate. */
interface GatedMlp extends PlainMlp {
  readonly gate: string;
  /** Whether its parts are sites for edits; those of experts are not. */
  readonly isSite?: boolean;
}

/** `down(activation(gate(x)) · up(x))` (Shazeer 2020). */
export function gatedMlp({ gate, up, down, hidden, activation, form, isSite = true }: GatedMlp): Mlp {
  const site = (name: SiteName) => (isSite ? name : undefined);
  return (scope, x) => {
    const opened = activation(scope.linear(gate, x, hidden, form, site("mlp.gate")));
    const edited = isSite ? scope.edit("mlp.activation", opened) : opened;
    const gated = o.mul(edited, scope.linear(up, x, hidden, form, site("mlp.up")));
    const lowered = scope.linear(down, scope.drop("mlp.activation", gated), widthOf(x), form, site("mlp.output"));
    return scope.drop("mlp.output", lowered);
  };
}

/** A gated MLP whose gate and up projection are fused: the first half of the outputs is the gate. */
export function fusedGatedMlp({ up, down, hidden, activation, form }: PlainMlp): Mlp {
  return (scope, x) => {
    const both = scope.linear(up, x, 2 * hidden, form, "mlp.gateUp");
    const gate = scope.edit("mlp.gate", o.slice(both, -1, 0, hidden));
    const opened = scope.edit("mlp.activation", activation(gate));
    const gated = o.mul(opened, scope.edit("mlp.up", o.slice(both, -1, hidden, 2 * hidden)));
    return scope.linear(down, gated, widthOf(x), form, "mlp.output");
  };
}
