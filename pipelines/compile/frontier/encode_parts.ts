/** Splitting an encode program into parts whose weights fit into memory. @module */
import { partsOf } from "../../../ops/passes/parts.ts";
import type { Bindings } from "../../../ops/program/dimension.ts";
import type { Program } from "../../../ops/program/program.ts";
import { cutAt, isPerRow, keptName, type KeptValue } from "./cut.ts";

/** One of the programs that compute an encoding. */
export interface EncodePart {
  /** Fed the rows, the values that they share, and {@linkcode EncodePart.reads}. */
  readonly program: Program;
  /** The values of earlier parts that it reads. */
  readonly reads: readonly KeptValue[];
  /** Its results, which are part of the encoding or read by later parts. */
  readonly gives: readonly KeptValue[];
}

/**
 * An encoding's program in parts, each with at most `mostBytes` of weights as far as it can be split; one part if all
 * weights fit.
 *
 * @param typical The extents of a typical row.
 */
export function encodeParts(program: Program, typical: Bindings, mostBytes: number): readonly EncodePart[] {
  const before: KeptValue[] = [];
  return partsOf(program, { mostBytes, typical, isKeepable: isPerRow }).map(({ results, passed }) => {
    const named = passed.map((value) => ({ name: keptName(value), value }));
    const given = new Map([
      ...named.map(({ name, value }) => [name, value] as const),
      ...Object.entries(program.outputs).filter(([name]) => results.includes(name)),
    ]);
    const whole = { name: program.name, outputs: Object.fromEntries(given) };
    const { program: part, kept: reads } = cutAt(whole, before);
    before.push(...named);
    return { program: part, reads, gives: [...given].map(([name, value]) => ({ name, value })) };
  });
}
