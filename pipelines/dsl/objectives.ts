/** Objectives for training on preferences. @module */
import { located } from "../common/source_location.ts";
import type { BradleyTerrySpec, DpoSpec, IpoSpec, RepsSpec, SimpoSpec, SweepableOptions } from "../spec/mod.ts";
import { requireCall } from "./calls.ts";

/** Settings of DPO. */
export interface DpoOptions {
  /** The weight of a difference from the frozen model; trl's default is 0.1. */
  readonly beta: number;
  /** The probability that a preference is reversed, below 0.5; 0 if omitted. */
  readonly labelSmoothing?: number;
}

/**
 * Direct preference optimization: `−ln σ(β·h)`, where h is the amount by which the log-ratio of the chosen and the
 * rejected answer exceeds the frozen model's (Rafailov et al. 2023, equation 7). With label smoothing ε, `−(1−ε)·ln
 * σ(β·h) − ε·ln σ(−β·h)` (Mitchell 2023). The frozen model's log-likelihoods are computed once and kept in the store.
 *
 * @example LoReFT trained on preferences
 * ```ts
 * import assert from "node:assert/strict";
 * import { adamw, baseModel, block, dpo, jsonl, loreft, prefer, train } from "refract";
 *
 * const data = jsonl("./pairs.jsonl", prefer({ prompt: "{question}\n", chosen: "{better}", rejected: "{worse}" }));
 * const edited = baseModel("builtin:tiny").with(loreft({ at: block(2).output, positions: "l1", rank: 4 }));
 * const objective = dpo({ beta: 0.1 });
 * const tuned = train(edited, { data, epochs: 3, batchSize: 8, optimizer: adamw({ learningRate: 4e-3 }), objective });
 * assert.equal(objective.labelSmoothing, 0);
 * ```
 */
export function dpo(options: SweepableOptions<DpoOptions>): DpoSpec {
  requireCall("dpo", arguments);
  return located({ labelSmoothing: 0, ...options, kind: "dpo" });
}

/** Settings of IPO. */
export interface IpoOptions {
  /** Training aims at a margin of 1/(2β); trl's default is 0.1. */
  readonly beta: number;
}

/**
 * Identity preference optimization: `(h − 1/(2β))²` (Azar et al. 2023, equation 17), where h is the amount by which the
 * log-ratio of the two answers exceeds the frozen model's; as in trl, log-likelihoods are means per token.
 *
 * @example A margin of 5 nats per token
 * ```ts
 * import assert from "node:assert/strict";
 * import { ipo } from "refract";
 *
 * assert.equal(ipo({ beta: 0.1 }).beta, 0.1);
 * ```
 */
export function ipo(options: SweepableOptions<IpoOptions>): IpoSpec {
  requireCall("ipo", arguments);
  return located({ ...options, kind: "ipo" });
}

/** Settings of SimPO. */
export interface SimpoOptions {
  /** An answer's reward is this times the mean log-likelihood of its tokens; the paper uses 2 to 2.5. */
  readonly beta: number;
  /** The target margin between rewards; the paper uses 0.3 to 1.6. */
  readonly gamma: number;
}

/**
 * Simple preference optimization: `−ln σ(r₁ − r₂ − γ)`, where an answer's reward r is β times the mean log-likelihood
 * of its tokens (Meng et al. 2024, equation 6). It needs no frozen model.
 *
 * @example The paper's first setting
 * ```ts
 * import assert from "node:assert/strict";
 * import { simpo } from "refract";
 *
 * assert.deepEqual(simpo({ beta: 2, gamma: 1 }).gamma, 1);
 * ```
 */
export function simpo(options: SweepableOptions<SimpoOptions>): SimpoSpec {
  requireCall("simpo", arguments);
  return located({ ...options, kind: "simpo" });
}

/** Settings of RePS. */
export interface RepsOptions {
  /** The factor on the frozen model's log-ratio before it weights the chosen answer; 1 if omitted. */
  readonly scale?: number;
}

/**
 * Reference-free preference steering: `−ln σ(b·r₁ − r₂)`, where r is the mean log-likelihood of an answer's tokens and
 * `b = max(s·(ln p₀(rejected) − ln p₀(chosen)), 1)` weights the chosen answer by how much less likely it is under the
 * frozen model (Wu et al. 2025, *Improved Representation Steering for Language Models*, arXiv 2505.20809). This is the
 * half of the paper's objective that steers toward a concept; the other half, which trains the same direction to
 * suppress the concept, is not included. No term keeps the model close to the frozen one.
 *
 * @example Steering toward an answer
 * ```ts
 * import assert from "node:assert/strict";
 * import { reps } from "refract";
 *
 * assert.equal(reps().scale, 1);
 * ```
 */
export function reps(options: SweepableOptions<RepsOptions> = {}): RepsSpec {
  requireCall("reps", arguments);
  return located({ scale: 1, ...options, kind: "reps" });
}

/** Settings of the pairwise loss. */
export interface BradleyTerryOptions {
  /** The weight of the squared sum of both rewards, which keeps rewards around 0; 0 if omitted. trl recommends 0.01. */
  readonly centering?: number;
}

/**
 * The loss of reward models: `−ln σ(r₁ − r₂)`, where r is the score that a head gives an answer (Ouyang et al. 2022,
 * equation 1), plus `c·(r₁ + r₂)²`, which keeps scores around 0 (Eisenstein et al. 2023, equation 5).
 *
 * @example A reward model over an edit
 * ```ts
 * import assert from "node:assert/strict";
 * import { adamw, baseModel, block, bradleyTerry, jsonl, loreft, prefer, reward, train } from "refract";
 *
 * const data = jsonl("./pairs.jsonl", prefer({ prompt: "{question}\n", chosen: "{better}", rejected: "{worse}" }));
 * const scored = baseModel("builtin:tiny").with(
 *   loreft({ at: block(2).output, positions: "l1", rank: 4 }),
 *   reward(),
 * );
 * const objective = bradleyTerry();
 * const tuned = train(scored, { data, epochs: 3, batchSize: 8, optimizer: adamw({ learningRate: 4e-3 }), objective });
 * assert.equal(objective.centering, 0);
 * ```
 */
export function bradleyTerry(options: SweepableOptions<BradleyTerryOptions> = {}): BradleyTerrySpec {
  requireCall("bradleyTerry", arguments);
  return located({ centering: 0, ...options, kind: "bradleyTerry" });
}
