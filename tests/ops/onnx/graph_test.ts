import assert from "node:assert/strict";
import { ProgramWriter } from "../../../ops/emission/program_writer.ts";
import { elementTypes } from "../../../ops/onnx/element_types.ts";
import { Graph } from "../../../ops/onnx/graph.ts";
import type { GraphWriter } from "../../../ops/onnx/graph_writer.ts";
import { emissions } from "../../../ops/onnx/providers.ts";
import { cast, extentOf, range, unsqueeze } from "../../../ops/onnx/nodes.ts";

const emptyGraph = () =>
  new Graph({ tensor: (type, count) => `${type} ${count}`, node: (type, count) => `${type}.${count}` });

Deno.test("Graph numbers tensors and nodes in order", () => {
  const graph = emptyGraph(), one = graph.integers([1]);
  assert.deepEqual(graph.add("Split", [one], 2, { attributes: {} }), ["Split 1", "Split 2"]);
  assert.deepEqual(graph.add("Neg", ["Split 1"], 1, { attributes: {} }), ["Neg 3"]);
  assert.deepEqual(graph.nodes.map(({ name }) => name), ["Split.0", "Neg.1"]);
  assert.deepEqual(graph.initializers.map(({ name }) => name), ["Constant 0"]);
});

Deno.test("Graph adds a node at a given position", () => {
  const graph = emptyGraph();
  for (const [type, at] of [["Neg", undefined], ["Exp", 0], ["Log", 1]] as const) {
    graph.add(type, ["x"], 1, { attributes: {}, at });
  }
  assert.deepEqual(graph.nodes.map(({ opType }) => opType), ["Exp", "Log", "Neg"]);
});

Deno.test("Graph writes equal constants once, but not those that differ in type, shape or sign of zero", () => {
  const graph = emptyGraph();
  const constants = [
    graph.floats([0], [], "float32"),
    graph.floats([0], [], "float32"),
    graph.floats([-0], [], "float32"),
    graph.floats([0], [1], "float32"),
    graph.floats([0], [], "float64"),
    graph.integers([0]),
    graph.integers(0),
  ];
  assert.equal(constants[0], constants[1]);
  assert.equal(new Set(constants).size, 6);
  assert.deepEqual(graph.initializers.map(({ dims }) => dims), [[], [], [1n], [], [1n], []]);
});

Deno.test("nodes with constants for arguments are written once through any GraphWriter", () => {
  const program = new ProgramWriter(emissions.cpu.kernels, false, (name) => {
    throw new RangeError(`${name} has no file`);
  });
  const write: GraphWriter = program;
  for (let time = 0; time < 2; time++) {
    cast(write, "x", "bool");
    unsqueeze(write, "x", [1]);
    extentOf(write, "x", 2);
    range(write, 0, "batch");
  }
  const { nodes } = program.graph;
  assert.deepEqual(nodes.map(({ opType }) => opType), ["Cast", "Unsqueeze", "Shape", "Squeeze", "Squeeze", "Range"]);
  assert.deepEqual(nodes[0]!.attribute.map(({ name, i }) => [name, i]), [["to", BigInt(elementTypes.bool)]]);
  assert.deepEqual(nodes[2]!.attribute.map(({ name, i }) => [name, i]), [["start", 2n], ["end", 3n]]);
  assert.deepEqual(program.extentLists, [{ name: "extents(batch)", shape: ["batch"] }]);
});
