/** Scores between contents and distances, which DeBERTa adds to those between contents (He et al. 2021). @module */
import { byHead, type HeadLayout } from "../../../ops/nn/attention.ts";
import { scoresAtDistances } from "../../../ops/nn/distance.ts";
import * as o from "../../../ops/operators.ts";
import type { Value } from "../../../ops/program/program.ts";
import { RequestError } from "../../common/errors.ts";
import type { AttentionForm } from "./attention.ts";
import type { Scope } from "./scope.ts";

/** How distances are represented, and which scores they take part in. */
interface Disentangled {
  readonly heads: HeadLayout;
  /** The representations of distances [n, width], given their rows in the table [n]. */
  readonly represent: (scope: Scope, rows: Value) => Value;
  /** The projection of distances to keys, if queries are scored against distances. */
  readonly key?: string | undefined;
  /** The projection of distances to queries, if keys are scored against distances. */
  readonly query?: string | undefined;
  /** The factor on the scores. */
  readonly scale: number;
}

/** The bias on the scores [batch, heads, tokens, tokens]. */
export function distanceScores({ heads, represent, key, query, scale }: Disentangled): AttentionForm["bias"] {
  const scored = (scope: Scope, x: Value, name: string, rows: Value) => {
    const made = scope.linear(name, represent(scope, rows), heads.heads * heads.headWidth, { bias: true });
    const distances = byHead(o.reshape(made, [1, ...made.shape]), heads);
    return scoresAtDistances(o.matmul(x, distances, { transposeB: true, alpha: scale }));
  };
  return (scope, queries, keys) => {
    const { back, ahead } = scope.input("distances");
    if (scope.past.length > 0) {
      throw new RequestError(
        "a model that scores distances between tokens does not support a trained prefix; use another adapter",
      );
    }
    const ofQueries = key === undefined ? [] : [scored(scope, byHead(queries, heads), key, back)];
    const ofKeys = query === undefined ? [] : [o.transpose(scored(scope, keys, query, ahead), [0, 1, 3, 2])];
    const sums = [...ofQueries, ...ofKeys];
    return sums.length === 0 ? undefined : sums.reduce((sum, each) => o.add(sum, each));
  };
}
