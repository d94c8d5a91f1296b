import { distanceCount, scoresAtDistances } from "../../../ops/nn/distance.ts";
import { parameter } from "../../../ops/program/program.ts";
import { interpret } from "../reference.ts";
import { assertClose, assertGradients, drawLeaves, weighted } from "../support.ts";
import { at, build } from "../tensor.ts";

const scores = scoresAtDistances(parameter("x", ["batch", 2, "tail", distanceCount("tail")]));

Deno.test("each token's scores by distance move to the tokens at those distances", () => {
  for (const tail of [1, 2, 5]) {
    const environment = drawLeaves([scores], { batch: 2, tail }, {}, tail), { x } = environment.leaves;
    const expected = build([2, 2, tail, tail], ([batch, head, query, key]) => {
      return at(x!, [batch!, head!, query!, tail - (query! - key!)]);
    });
    const { found } = interpret({ name: "distances", outputs: { found: scores } }, environment);
    assertClose(found!, expected, 0, "Scores");
    assertGradients(weighted(scores), drawLeaves([weighted(scores)], { batch: 2, tail }, {}, tail));
  }
});
