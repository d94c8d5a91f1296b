/** A plan: what a run would do. @module */
import type { Shape } from "../../../ops/program/dimension.ts";
import type { KeptLevel } from "../../compile/frontier/memory_budget.ts";
import type { QuantizationName } from "../../models/weights/quantization.ts";
import type { StageKind } from "../../spec/mod.ts";
import type { Basis } from "../context/rates.ts";
import type { Member } from "../expand/member.ts";

/** A program that would be compiled. */
export interface PlannedProgram {
  readonly name: "encode" | "train";
  /** The members that use it. */
  readonly members: readonly string[];
  /** Operations in its graph. */
  readonly operations: number;
  /** Floating-point operations of its matrix products over the whole run. */
  readonly flops: number;
  /** Whether it was not compiled: its numbers are interpolated between those of similar programs that were. */
  readonly isEstimate: boolean;
  /** How many parts it runs in, if its weights take more than half of the memory. */
  readonly parts?: number;
}

/** A result that may be in the store. */
export interface PlannedEntry {
  readonly kind: "quantize" | "encode" | "train";
  readonly members: readonly string[];
  /** `null` if it is not known: the weights were never digested, or not all programs were compiled. */
  readonly key: string | null;
  readonly cached: boolean;
  /** Its size in the store. */
  readonly bytes: number;
}

/** Where trainings were cut. */
export interface PlannedFrontier {
  readonly members: readonly string[];
  /** What is computed once, in words. */
  readonly reason: string;
  /** How much of the constant part is kept. */
  readonly level: KeptLevel;
  /** What is kept for all rows, in bytes. */
  readonly bytes: number;
  /** The tensors kept for each example. */
  readonly kept: readonly Shape[];
  /** Frozen operations that every step repeats because that is cheaper than keeping their results. */
  readonly recomputed: number;
  /** How many blocks every step recomputes for the backward pass, so that its longest row fits the budget. */
  readonly recomputedBlocks: number;
}

/** A sample of the rows of a large data set. */
export interface PlannedSample {
  /** The members that train on it. */
  readonly members: readonly string[];
  /** How many rows were sampled. */
  readonly rows: number;
  /** The total number of rows. */
  readonly of: number;
}

/** What would run. */
export interface Plan {
  readonly pipeline: string;
  readonly members: readonly PlannedMember[];
  /** Whether more members follow that continue with the best of these. */
  readonly goesOn: boolean;
  readonly programs: readonly PlannedProgram[];
  readonly cache: readonly PlannedEntry[];
  readonly frontiers: readonly PlannedFrontier[];
  /** The data sets of which only a sample was read, for the estimates. */
  readonly samples: readonly PlannedSample[];
  /** Suggested changes, in words. */
  readonly advice: readonly string[];
  /**
   * How much a training may keep, how much its longest row may take to run and how much the store may hold, in bytes;
   * `null` if there is no limit.
   */
  readonly budgets: {
    readonly memory: number | null;
    readonly activations: number | null;
    readonly disk: number | null;
  };
  readonly estimate: PlanEstimate;
  /** The run on many devices, if requested. */
  readonly fleet?: PlannedFleet;
}

/** A simulated run on many devices. */
export interface PlannedFleet {
  readonly devices: number;
  /** The kind of device. */
  readonly name: string;
  /** From the first encoding to the last result. */
  readonly seconds: number;
  /** The part of these seconds until everything is encoded. */
  readonly encodeSeconds: number;
  /**
   * Bytes moved between store and devices: the encodings, once to the store and once to each device, and each device's
   * weights.
   */
  readonly bytesMoved: number;
  /** US dollars for the devices; omitted for this machine. */
  readonly dollars?: number;
  /** The same for other numbers of devices. */
  readonly scaling: readonly { readonly devices: number; readonly seconds: number }[];
  /** The largest number of devices at which each still does at least half of what a single one does. */
  readonly stopsAt: number;
  /** What prevents more devices from helping. */
  readonly limit: "the store" | "the longest training";
  /** Whether the rates are stated by the makers, with an assumed efficiency, or measured here. */
  readonly basis: "stated" | "measured";
}

/** What remains to be run. */
export interface PlanEstimate {
  readonly steps: number;
  /** How many validations trainings run, assuming none ends early. */
  readonly validations: number;
  /** Floating-point operations of the matrix products that are not cached, including validations. */
  readonly flops: number;
  /** Bytes that the encodings would add to the store. */
  readonly bytes: number;
  /** The activations of the largest step, in bytes of memory. */
  readonly memory: number;
  /** The peak memory of the process in bytes: its own, the mapped weight files and the largest step. */
  readonly resident: number;
  /** How many evaluations the store does not have. */
  readonly evaluations: number;
  /** How long all of it is expected to take. */
  readonly seconds: number;
  /** The same by kind of work. */
  readonly parts: Readonly<Record<StageKind | "encode", number>>;
  /** The range of seconds in which it is likely to be. */
  readonly range: { readonly from: number; readonly to: number };
  /**
   * The basis of the time estimates: runs of this model's shape, runs of other models on this machine, or an assumed
   * speed.
   */
  readonly basis: Basis;
}

/** A member and what it trains. */
export interface PlannedMember {
  readonly id: string;
  /** How many bits its base model is kept in; absent if it stays as stored. */
  readonly quantize?: QuantizationName;
  readonly axes: Member["axes"];
  readonly trainableParameters: number;
  /** The share of the base model's parameters. */
  readonly share: number;
}
