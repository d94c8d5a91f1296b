import assert from "node:assert/strict";
import { linear } from "../../../ops/nn/linear.ts";
import { crossEntropies, rowsAt, scaledLoss } from "../../../ops/nn/loss.ts";
import * as o from "../../../ops/operators.ts";
import { input, parameter } from "../../../ops/program/program.ts";
import { verify } from "../../../ops/passes/verify.ts";
import { evaluate } from "../reference.ts";
import { assertClose, assertGradients, drawLeaves } from "../support.ts";
import { at, build, sum, tensor } from "../tensor.ts";

const hidden = parameter("hidden", ["batch", "tail", 3]), places = input("places", ["labelled", 1], "int64");
const symbols = { batch: 2, tail: 4, labelled: 3 };

Deno.test("rowsAt() takes rows of the flattened batch", () => {
  const environment = drawLeaves([hidden, places], symbols, { places: (_, offset) => [7, 0, 4][offset]! });
  const [rows] = evaluate([rowsAt(hidden, places)], environment);
  const expected = build(
    [3, 3],
    ([row, channel]) => at(environment.leaves["hidden"]!, [[1, 0, 1][row!]!, [3, 0, 0][row!]!, channel!]),
  );
  assertClose(rows!, expected, 0, "rows");
  const listed = input("listed", ["labelled"], "int64"),
    leaves = { ...environment.leaves, listed: tensor([3], [7, 0, 4]) };
  assertClose(evaluate([rowsAt(hidden, listed)], { symbols, leaves })[0]!, expected, 0, "rows by a list");
});

Deno.test("scaledLoss() is the mean over the labelled tokens when scaled by their number", () => {
  const weights = parameter("weights", [5, 3]), labels = input("labels", ["labelled", 1], "int64");
  const losses = o.crossEntropy(linear(rowsAt(hidden, places), weights, parameter("bias", [5])), labels);
  const loss = scaledLoss(losses, input("scale", []));
  verify({ name: "loss", outputs: { loss } });
  const environment = drawLeaves([loss], symbols, {
    places: (_, offset) => [7, 0, 4][offset]!,
    labels: (random) => random.integer(5),
    scale: () => 1 / 3,
  });
  const [found, each] = evaluate([loss, losses], environment);
  assertClose(found!, tensor([], [sum(each!.data) / 3]), 1e-15, "loss");
  assertGradients(loss, environment);
});

Deno.test("crossEntropies() with a share smooths the labels by that share", () => {
  const logits = parameter("logits", ["labelled", 5]), labels = input("labels", ["labelled", 1], "int64");
  const smoothed = crossEntropies(logits, labels, input("share", []));
  verify({ name: "smoothed", outputs: { smoothed } });
  const environment = drawLeaves([smoothed], symbols, { labels: (random) => random.integer(5), share: () => 0.1 });
  const [found, shares] = evaluate([smoothed, o.softmax(logits)], environment), { labels: given } = environment.leaves;
  const expected = build([3, 1], ([row]) => {
    const spread = (column: number) => (given!.data[row!] === column ? 0.9 : 0) + 0.1 / 5;
    return -sum([0, 1, 2, 3, 4].map((column) => spread(column) * Math.log(at(shares!, [row!, column]))));
  });
  assertClose(found!, expected, 1e-14, "losses");
  assertGradients(o.reduceSum(smoothed, [0, 1]), environment);
});

Deno.test("linear() is x·weightᵀ + bias, or without a bias the product alone", () => {
  const x = input("x", ["batch", 2]), weight = parameter("weight", [3, 2]);
  const environment = drawLeaves([x, weight, parameter("bias", [3])], symbols);
  const { x: rows, weight: matrix, bias } = environment.leaves;
  const dot = (row: number, column: number) =>
    sum([0, 1].map((inner) => at(rows!, [row, inner]) * at(matrix!, [column, inner])));
  const [biased, plain] = evaluate([linear(x, weight, parameter("bias", [3])), linear(x, weight)], environment);
  assertClose(biased!, build([2, 3], ([row, column]) => dot(row!, column!) + bias!.data[column!]!), 1e-12, "with bias");
  assertClose(plain!, build([2, 3], ([row, column]) => dot(row!, column!)), 1e-12, "without");
  assert.equal(linear(x, weight).op, "matmul");
});
