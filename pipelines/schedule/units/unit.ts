/**
 * A run split into units of work that processes on several machines run one by one. A unit's whole result is in the
 * store, so it may run twice, be killed at any time and continue elsewhere.
 *
 * @module
 */

import type { Shard } from "../encode/shards.ts";

/** What a unit does. */
export type UnitKind = "encode" | "train" | "evaluate" | "report";

/** The predicted cost of a unit, without any margin. */
interface UnitCost {
  /** Resident memory in bytes, including the mapped weight files. */
  readonly memory: number;
  readonly seconds: number;
}

/** A unit of work. */
export interface Unit extends UnitCost {
  /** A file name, unique in its plan. */
  readonly id: string;
  readonly kind: UnitKind;
  /** The ids of the members that it works for; empty for the report, which covers all. */
  readonly members: readonly string[];
  /** The members that determine what it computes: those that read the same encoding, including its own. */
  readonly among: readonly string[];
  /** The names of the stages that it runs for each of its members. */
  readonly stages: readonly string[];
  /** The ids of units that must run before it. */
  readonly needs: readonly string[];
  /**
   * For an encoding, the shard that it computes or the number of shards that it joins; the whole encoding if omitted.
   */
  readonly part?: Shard | number;
}

/** Units in an order in which each comes after those that it needs. */
export type Units = readonly Unit[];
