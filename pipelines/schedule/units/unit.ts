/**
 * A run taken apart into units of work that processes on several machines do one by one. A unit's whole result is in the
 * store, so that it may be done twice, be ended at any time and go on elsewhere.
 *
 * @module
 */

import type { Shard } from "../encode/shards.ts";

/** What a unit does. */
export type UnitKind = "encode" | "train" | "evaluate" | "report";

/** What a unit is predicted to take, without any margin. */
interface UnitCost {
  /** Resident memory in bytes, the weights' mapped files counted. */
  readonly memory: number;
  readonly seconds: number;
}

/** A unit of work. */
export interface Unit extends UnitCost {
  /** A file name, unique in its plan. */
  readonly id: string;
  readonly kind: UnitKind;
  /** The ids of the members that it works for; none for the report, which is of all. */
  readonly members: readonly string[];
  /** The members that decide what it computes: those that read the same encoding, its own among them. */
  readonly among: readonly string[];
  /** The names of the stages that it runs of each of its members. */
  readonly stages: readonly string[];
  /** The ids of units that come before it. */
  readonly needs: readonly string[];
  /** Of an encoding the part that it computes, or how many parts it puts together; the whole if omitted. */
  readonly part?: Shard | number;
}

/** Lists units so that each comes after those that it needs. */
export type Units = readonly Unit[];
