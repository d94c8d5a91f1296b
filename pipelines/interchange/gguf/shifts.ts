/** Edits that add the same to every representation, as the vector that they add. @module */
import type { InterventionName } from "../../../ops/interventions/mod.ts";
import { ownValue } from "../../../ops/program/own_value.ts";
import { RequestError } from "../../common/errors.ts";
import type { Adaptation, Intervention } from "../../compile/lower/adaptation.ts";
import type { TensorMap } from "../../compile/parameters/initial.ts";

/** The data of an edit's own tensors by their names. */
type Own = Readonly<Record<string, Float32Array>>;

/** What an edit adds to every representation; `undefined` if it is not the same for all. */
const shifts: Readonly<
  Record<InterventionName, (own: Own, edit: Intervention) => Float32Array<ArrayBuffer> | undefined>
> = {
  lobireft({ rotate, bias }, { width, rank }) {
    return Float32Array.from({ length: width }, (_, channel) => {
      let sum = 0;
      for (let at = 0; at < rank; at++) sum += rotate![channel * rank + at]! * bias![at]!;
      return sum;
    });
  },
  red: ({ scale, bias }) => scale!.every((factor) => factor === 1) ? Float32Array.from(bias!) : undefined,
  loreft: () => undefined,
  noreft: () => undefined,
  direft: () => undefined,
  consreft: () => undefined,
  road: () => undefined,
  gatedDirection: () => undefined,
};

/** The vector that an adaptation adds to every representation, if that is all it does. */
function shiftOf(adaptation: Adaptation, tensors: TensorMap): Float32Array<ArrayBuffer> | undefined {
  if (adaptation.form !== "intervention" || adaptation.subspace !== undefined) return undefined;
  const own = Object.keys(adaptation.tensors).map((name) => {
    return [name, ownValue(tensors, `${adaptation.index}.${name}`)!.data as Float32Array] as const;
  });
  return shifts[adaptation.kind](Object.fromEntries(own), adaptation);
}

/** Whether an adaptation adds the same to every representation. */
export function isShift(adaptation: Adaptation, tensors: TensorMap): boolean {
  return shiftOf(adaptation, tensors) !== undefined;
}

/**
 * What edits add to block outputs, by block.
 *
 * @param remedy What to do about an edit that does more.
 * @throws {RequestError} If an edit does more than that, or acts elsewhere or only on some tokens.
 */
export function blockShifts(
  adaptations: readonly Adaptation[],
  tensors: TensorMap,
  remedy: string,
): ReadonlyMap<number, Float32Array<ArrayBuffer>> {
  const found = new Map<number, Float32Array<ArrayBuffer>>();
  for (const adaptation of adaptations) {
    const { kind, block, site } = adaptation;
    if (adaptation.form !== "intervention" || block === undefined) {
      throw new RequestError(`a control vector is not a ${kind}; ${remedy}`);
    }
    const shift = shiftOf(adaptation, tensors);
    if (shift === undefined) {
      throw new RequestError(
        `the ${kind} does more than add a vector, which is all that a control vector can do; ${remedy}`,
      );
    }
    if (site !== "block.output" || adaptation.stack !== undefined) {
      throw new RequestError(`the ${kind} edits ${site}, but a control vector acts only on block.output; ${remedy}`);
    }
    const { first, completion, selector } = adaptation.positions;
    if (selector !== undefined || first !== Infinity || !completion) {
      throw new RequestError(
        `the ${kind} edits the positions ${adaptation.positionsText}, but a control vector acts on every token; give ` +
          "--positions all+completion to make it do so",
      );
    }
    const sum = found.get(block);
    found.set(block, sum === undefined ? shift : sum.map((value, channel) => value + shift[channel]!));
  }
  return found;
}
