/** The parts before and after a model's blocks. @module */
import { linear } from "../../../ops/nn/linear.ts";
import * as o from "../../../ops/operators.ts";
import type { Value } from "../../../ops/program/program.ts";
import type { Classifier } from "../architecture/architecture.ts";
import type { NamedNorm } from "./block.ts";
import type { Activation } from "./mlp.ts";
import { Scope } from "./scope.ts";

/** The token embedding table. */
export interface TokenTable {
  /** The name of its weight. */
  readonly name: string;
  readonly vocabularySize: number;
  readonly width: number;
}

/** The tokens' rows of the table [batch, tokens, width]. */
export function embedTokens(scope: Scope, { name, vocabularySize, width }: TokenTable): Value {
  return o.gatherRows(scope.weight(name, [vocabularySize, width]), scope.run.tokens);
}

/** The rows [batch, tokens, width] of a table of learned positions with a number of rows. */
export function embedPositions(scope: Scope, name: string, rows: number, width: number): Value {
  return o.gatherRows(scope.weight(name, [rows, width]), scope.input("positions"));
}

/**
 * The embedding of the text of a pair that a token belongs to, from a table of `types` rows: [batch, tokens, width], or
 * [1, width] if there is only one text.
 */
export function embedTokenTypes(scope: Scope, name: string, types: number, width: number): Value {
  const table = scope.weight(name, [types, width]);
  return types === 1 ? table : o.gatherRows(table, scope.input("tokenTypes"));
}

/** How logits are computed from final hidden states. */
export interface LanguageHead {
  readonly table: TokenTable;
  /** The name of the head's own weight; with `tied` the embedding table is used. */
  readonly weight: string;
  readonly tied: boolean;
  /** The name of its bias, if it has one. */
  readonly bias?: string | undefined;
  /** The factor on the logits. */
  readonly scale?: number;
  /** The soft cap on the logits. */
  readonly softcap?: number | undefined;
}

/** Final hidden states [rows, width] to logits [rows, vocabulary]. */
export function languageHead({ table, weight, tied, bias, scale = 1, softcap }: LanguageHead) {
  const { name, vocabularySize, width } = table;
  return (scope: Scope, hidden: Value): Value => {
    const shift = bias === undefined ? undefined : scope.weight(bias, [vocabularySize]);
    const plain = linear(hidden, scope.weight(tied ? name : weight, [vocabularySize, width]), shift);
    const scaled = scale === 1 ? plain : o.mul(plain, scale);
    return softcap === undefined ? scaled : o.mul(o.tanh(o.div(scaled, softcap)), softcap);
  };
}

/** Class scores from one projection without bias, as in transformers' decoders. */
export function scoreHead(name = "score") {
  return {
    pooled: "last",
    scores: (rows: Value, weights: (name: string, shape: readonly number[]) => Value, classes: number) =>
      linear(rows, weights(`${name}.weight`, [classes, rows.shape[1] as number])),
  } as const;
}

/** A projection, an activation and possibly a norm, which encoders have before a head. */
export interface HeadTransform {
  /** The name of the projection. */
  readonly dense: string;
  /** The width that it projects to; its input's by default. */
  readonly width?: number;
  readonly bias?: boolean;
  readonly activation: Activation;
  readonly norm?: NamedNorm;
}

function transformed(scope: Scope, x: Value, { dense, width, bias = true, activation, norm }: HeadTransform): Value {
  const made = activation(scope.linear(dense, x, width ?? x.shape[x.shape.length - 1] as number, { bias }));
  return norm === undefined ? made : norm[1](scope.at(norm[0]), made);
}

/** A {@linkcode languageHead} after a transform, for predicting masked tokens. */
export function maskedHead(transform: HeadTransform, head: LanguageHead) {
  const logits = languageHead(head);
  return (scope: Scope, hidden: Value): Value => logits(scope, transformed(scope, hidden, transform));
}

/** Class scores from a projection after a transform, as in encoders. */
export function denseClassifier(
  transform: HeadTransform,
  output: string,
  pooled: Classifier["pooled"] = "first",
): Classifier {
  return {
    pooled,
    scores(rows, weights, classes, drop) {
      const scope = Scope.outside(weights, { drop }), read = scope.drop("classifier.input", rows);
      const hidden = scope.drop("classifier.hidden", transformed(scope, read, transform));
      return scope.linear(output, hidden, classes, { bias: true });
    },
  };
}
