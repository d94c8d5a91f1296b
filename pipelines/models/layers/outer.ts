/** What stands before and behind a model's blocks. @module */
import { linear } from "../../../ops/nn/linear.ts";
import * as o from "../../../ops/operators.ts";
import type { Value } from "../../../ops/program.ts";
import type { Scope } from "./scope.ts";

/** The table of the tokens' embeddings. */
export interface TokenTable {
  /** The name of its weight. */
  readonly name: string;
  readonly vocabularySize: number;
  readonly width: number;
}

/** The tokens' rows of the table [batch, tokens, width]. */
export function embedTokens(scope: Scope, { name, vocabularySize, width }: TokenTable): Value {
  return o.gatherRows(scope.weight(name, [vocabularySize, width]), scope.segment.tokens);
}

/** Learned positions' rows [batch, tokens, width] of a table with so many. */
export function embedPositions(scope: Scope, name: string, rows: number, width: number): Value {
  return o.gatherRows(scope.weight(name, [rows, width]), scope.segment.positions as Value);
}

/** How logits are made of finished hidden states. */
export interface LanguageHead {
  readonly table: TokenTable;
  /** The name of the head's own weight; with `tied` the embeddings' table serves. */
  readonly weight: string;
  readonly tied: boolean;
  /** The name of its bias, if it has one. */
  readonly bias?: string | undefined;
  /** What logits are multiplied by. */
  readonly scale?: number;
  /** The bound that logits are bent under. */
  readonly softcap?: number | undefined;
}

/** Finished hidden states [rows, width] to logits [rows, vocabulary]. */
export function languageHead({ table, weight, tied, bias, scale = 1, softcap }: LanguageHead) {
  const { name, vocabularySize, width } = table;
  return (scope: Scope, hidden: Value): Value => {
    const shift = bias === undefined ? undefined : scope.weight(bias, [vocabularySize]);
    const plain = linear(hidden, scope.weight(tied ? name : weight, [vocabularySize, width]), shift);
    const scaled = scale === 1 ? plain : o.mul(plain, scale);
    return softcap === undefined ? scaled : o.mul(o.tanh(o.div(scaled, softcap)), softcap);
  };
}

/** The scores of classes by one projection without bias, as transformers puts it on decoders. */
export function scoreHead(name = "score") {
  return {
    pooled: "last",
    scores: (rows: Value, weights: (name: string, shape: readonly number[]) => Value, classes: number) =>
      linear(rows, weights(`${name}.weight`, [classes, rows.shape[1] as number])),
  } as const;
}
