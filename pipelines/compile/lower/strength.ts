/** Weakening or strengthening trained edits and adapters. @module */
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
 * Multiplies each adaptation's change by its strength: an intervention's through its mask, an adapter's through the
 * tensor that its change is linear in. The programs are the same for all strengths.
 *
 * @param strengthOf The strength of an adaptation.
 * @throws {RequestError} If an adaptation's change is not linear in any of its tensors, and its strength is not 1.
 */
export function withStrength({ adaptations, tensors }: Tuned, strengthOf: (of: Adaptation) => number): Tuned {
  const scaled = new Map<string, HostTensor>();
  const changed = adaptations.map((adaptation) => {
    const strength = strengthOf(adaptation);
    if (strength === 1) return adaptation;
    if (adaptation.form === "intervention") return { ...adaptation, strength };
    const linear = adaptation.form === "adapter" ? adapters[adaptation.kind].strength : undefined;
    if (linear === undefined) {
      throw new RequestError(`${adaptation.kind} cannot be scaled; omit its strength, or set it to 1`);
    }
    const name = `${adaptation.index}.${linear.tensor}`, { data, shape } = ownValue(tensors, name)!;
    const { neutral } = linear, of = data as Float32Array<ArrayBuffer>;
    scaled.set(name, { data: of.map((each) => neutral + strength * (each - neutral)), shape });
    return adaptation;
  });
  return { adaptations: changed, tensors: { ...tensors, ...Object.fromEntries(scaled) } };
}
