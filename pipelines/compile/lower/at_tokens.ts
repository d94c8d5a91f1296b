/** The tokens that a program is about, of those that its rows have. @module */
import type { Value } from "../../../ops/program/program.ts";

/** Takes a value of the tail's tokens [batch, tail, …] at those that a program is about. */
export type AtTokens = (ofTail: Value) => Value;

/** Takes a value of all the tail's tokens. */
export const everyToken: AtTokens = (ofTail) => ofTail;
