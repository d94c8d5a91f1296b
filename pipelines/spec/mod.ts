/**
 * A pipeline's declarations as plain data: the DSL's functions return these records, and all later rooms read them.
 *
 * @module
 */
export * from "./acting.ts";
export * from "./activations.ts";
export * from "./decoding.ts";
export * from "./evaluate.ts";
export * from "./metric.ts";
export * from "./model.ts";
export * from "./objective.ts";
export * from "./optimizer.ts";
export * from "./pipeline.ts";
export * from "./sweepable.ts";
export * from "./train.ts";
export * from "./validate.ts";
