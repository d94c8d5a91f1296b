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
  /** Whether it was not compiled: its numbers are interpolated between those of programs like it that were. */
  readonly isEstimate: boolean;
  /** How many parts it runs in, where its weights are more than half of the memory. */
  readonly parts?: number;
}

/** Results that are in the store, or not. */
export interface PlannedEntry {
  readonly kind: "quantize" | "encode" | "train";
  readonly members: readonly string[];
  /** `null` where it is not known: the weights were never digested, or the programs were not all compiled. */
  readonly key: string | null;
  readonly cached: boolean;
  /** What it takes in the store. */
  readonly bytes: number;
}

/** Where trainings were cut. */
export interface PlannedFrontier {
  readonly members: readonly string[];
  /** What is computed once, in words. */
  readonly reason: string;
  /** How much of what is constant is kept. */
  readonly level: KeptLevel;
  /** What is kept of all rows, in bytes. */
  readonly bytes: number;
  /** The tensors kept of each example. */
  readonly kept: readonly Shape[];
  /** Frozen operations that every step repeats because that is cheaper than keeping their results. */
  readonly recomputed: number;
  /** How many blocks every step computes again for the gradient, so that its longest row fits the budget. */
  readonly recomputedBlocks: number;
}

/** Rows that were drawn of a data set of many. */
export interface PlannedSample {
  /** The members that train on it. */
  readonly members: readonly string[];
  /** How many were drawn. */
  readonly rows: number;
  /** Of how many. */
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
  /** Of what data sets only a sample was read, for the estimates. */
  readonly samples: readonly PlannedSample[];
  /** What would be worth changing, in words. */
  readonly advice: readonly string[];
  /**
   * What a training may keep, what its longest row may take to run and what the store may hold, in bytes; `null` where
   * there is no limit.
   */
  readonly budgets: {
    readonly memory: number | null;
    readonly activations: number | null;
    readonly disk: number | null;
  };
  readonly estimate: PlanEstimate;
  /** The run on many devices, if that was asked for. */
  readonly fleet?: PlannedFleet;
}

/** A run on many devices, as simulated. */
export interface PlannedFleet {
  readonly devices: number;
  /** What they are. */
  readonly name: string;
  /** From the first encoding to the last result. */
  readonly seconds: number;
  /** Of these until all is encoded. */
  readonly encodeSeconds: number;
  /** Between store and devices: what is encoded, once to the store and once to each device, and each device's weights. */
  readonly bytesMoved: number;
  /** US dollars for the devices; omitted of this machine. */
  readonly dollars?: number;
  /** The same for other numbers of devices. */
  readonly scaling: readonly { readonly devices: number; readonly seconds: number }[];
  /** The largest number of devices of which each still does at least half of what one alone does. */
  readonly stopsAt: number;
  /** What keeps more of them from helping. */
  readonly limit: "the store" | "the longest training";
  /** Whether rates are stated by makers, with assumed shares of them, or measured here. */
  readonly basis: "stated" | "measured";
}

/** What is left to run. */
export interface PlanEstimate {
  readonly steps: number;
  /** How often trainings are validated, if none ends early. */
  readonly validations: number;
  /** Floating-point operations of the matrix products that are not cached, validations counted. */
  readonly flops: number;
  /** Bytes that the encodings would add to the store. */
  readonly bytes: number;
  /** The activations of the largest step, in bytes of memory. */
  readonly memory: number;
  /** What the process has in memory at most, in bytes: its own, the weights' mapped files and the largest step. */
  readonly resident: number;
  /** How many evaluations the store does not have. */
  readonly evaluations: number;
  /** How long all of it will take. */
  readonly seconds: number;
  /** The same by what it is spent on. */
  readonly parts: Readonly<Record<StageKind | "encode", number>>;
  /** The seconds between which it is likely to be. */
  readonly range: { readonly from: number; readonly to: number };
  /** What times are estimated by: runs of this model's shape, of other models on this machine, or an assumed speed. */
  readonly basis: Basis;
}

/** A member and what it trains. */
export interface PlannedMember {
  readonly id: string;
  /** How many bits its base model is kept in; absent where it is as it is stored. */
  readonly quantize?: QuantizationName;
  readonly axes: Member["axes"];
  readonly trainableParameters: number;
  /** Of the base model's parameters. */
  readonly share: number;
}
