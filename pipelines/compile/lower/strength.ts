/** Edits and adapters that do less, or more, than they were trained to do. @module */
import { ownValue } from "../../../ops/program/own_value.ts";
import { adapters } from "../../../ops/adapters/mod.ts";
import { RequestError } from "../../common/errors.ts";
import type { HostTensor } from "../../common/host_tensor.ts";
import type { Adaptation } from "./adaptation.ts";

/** Adaptations with their tensors. */
interface Tuned {
  readonly adaptations: readonly Adaptation[];
  readonly tensors: Readonly<Record<string, HostTensor>>;
}

/**
 * Adaptations of which each changes the model by so many times what it does: an intervention by its mask, an adapter by the
 * tensor that its change is linear in. The programs are the same for all strengths.
 *
 * @param strengthOf Of each adaptation.
 * @throws {RequestError} If the change of one is linear in none of its tensors, and its strength is not 1.
 */
export function withStrength({ adaptations, tensors }: Tuned, strengthOf: (of: Adaptation) => number): Tuned {
  const scaled = new Map<string, HostTensor>();
  const changed = adaptations.map((adaptation) => {
    const strength = strengthOf(adaptation);
    if (strength === 1) return adaptation;
    if (adaptation.form === "intervention") return { ...adaptation, strength };
    const linear = adaptation.form === "adapter" ? adapters[adaptation.kind].strength : undefined;
    if (linear === undefined) {
      throw new RequestError(`${adaptation.kind} acts wholly or not at all; omit its strength, or give it as 1`);
    }
    const name = `${adaptation.index}.${linear.tensor}`, { data, shape } = ownValue(tensors, name)!;
    const { neutral } = linear, of = data as Float32Array<ArrayBuffer>;
    scaled.set(name, { data: of.map((each) => neutral + strength * (each - neutral)), shape });
    return adaptation;
  });
  return { adaptations: changed, tensors: { ...tensors, ...Object.fromEntries(scaled) } };
}
