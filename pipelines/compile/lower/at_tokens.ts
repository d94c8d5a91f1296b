/** Selecting the tokens of rows that a program works on. @module */
import type { Value } from "../../../ops/program/program.ts";

/** Selects, from a value of the tail's tokens [batch, tail, …], those that a program works on. */
export type AtTokens = (ofTail: Value) => Value;

/** Selects all of the tail's tokens. */
export const everyToken: AtTokens = (ofTail) => ofTail;
