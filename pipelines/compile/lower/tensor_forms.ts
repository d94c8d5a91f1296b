/** The tensors of adaptations as values of a program, in saved or trained form. @module */
import { orthogonal } from "../../../ops/interventions/orthogonal.ts";
import type { Dimension } from "../../../ops/program/dimension.ts";
import { input, parameter, type Value } from "../../../ops/program/program.ts";
import type { BaseDropout } from "./base_dropout.ts";
import { type Adaptation, isFixed } from "./adaptation.ts";

/** The tensors of an adaptation as values of a program. */
export type TensorSource = (adaptation: Adaptation) => Readonly<Record<string, Value>>;

/** The tensors in the form in which they are saved and evaluated, fed by name. */
export const savedTensors: TensorSource = ({ index, tensors }) =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, { shape }]) => [name, parameter(`${index}.${name}`, shape)]),
  );

/**
 * The tensors in the form in which they are trained: an orthogonal one as a function of free numbers over its fixed
 * base.
 */
export const trainedTensors: TensorSource = (adaptation) =>
  Object.fromEntries(
    Object.entries(adaptation.tensors).map(([tensor, role]) => {
      const name = `${adaptation.index}.${tensor}`, { shape, start } = role;
      if (isFixed(adaptation, role)) return [tensor, input(frozenName(name), shape)];
      if (start !== "orthogonal") return [tensor, parameter(name, shape)];
      const [, rank] = shape as readonly [number, number];
      return [
        tensor,
        orthogonal(parameter(freeName(name), shape), {
          reflectors: input(baseName(name, "reflectors"), shape),
          triangle: input(baseName(name, "triangle"), [rank, rank]),
          signs: input(baseName(name, "signs"), [rank, 1]),
        }),
      ];
    }),
  );

/** The form of adaptations in a program. */
export interface TensorForm {
  readonly tensors: TensorSource;
  /** Whether dropout is active. */
  readonly drops: boolean;
  /** The number of tokens in the edited tail; its symbol if omitted. */
  readonly tail?: Dimension;
  /** The frozen model's own dropout, if active. */
  readonly dropBase?: BaseDropout;
}

/** The form in which adaptations are evaluated. */
export const savedForm: TensorForm = { tensors: savedTensors, drops: false };

/** The form in which adaptations are trained. */
export const trainingForm: TensorForm = { tensors: trainedTensors, drops: true };

/** The name of the free numbers that parametrize an orthogonal tensor. */
export function freeName(tensor: string): string {
  return `${tensor}.free`;
}

/** The name of a part of an orthogonal tensor's fixed base. */
export function baseName(tensor: string, part: "reflectors" | "triangle" | "signs"): string {
  return `${tensor}.base.${part}`;
}

/** The name under which a tensor that is not trained is fed. */
export function frozenName(tensor: string): string {
  return `frozen.${tensor}`;
}
