/** The kinds of inputs that models have besides tokens. @module */
import type { Value } from "../../../ops/program/program.ts";
import { distanceBuckets } from "./distance_buckets.ts";
import { distances } from "./distances.ts";
import { encoderMask } from "./encoder_mask.ts";
import type { Filled, InputKind } from "./input_kind.ts";
import { keyPositions } from "./key_positions.ts";
import { masks } from "./masks.ts";
import { pooling } from "./pooling.ts";
import { positions } from "./positions.ts";
import { presence } from "./presence.ts";
import { rotaryAngles } from "./rotary_angles.ts";
import { tokenTypes } from "./token_types.ts";

/** All kinds by name. */
export const inputKinds = {
  rotaryAngles,
  masks,
  positions,
  keyPositions,
  distances,
  presence,
  tokenTypes,
  pooling,
  distanceBuckets,
  encoderMask,
};

type InputKinds = typeof inputKinds;

/** The name of a kind. */
export type InputName = keyof InputKinds;

/** The kinds that a model has, with its configuration of each. */
export type InputConfigs = {
  readonly [Name in InputName]?: InputKinds[Name] extends InputKind<infer Config, infer _> ? Config : never;
};

/** A model's inputs of a run besides tokens: the tensors of each kind that it has. */
export type ModelInputs = {
  readonly [Name in InputName]?: InputKinds[Name] extends InputKind<infer _, infer Form> ? Filled<Form, Value> : never;
};
