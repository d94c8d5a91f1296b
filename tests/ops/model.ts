/** Inspects emitted models. @module */
import assert from "node:assert/strict";
import { fromBinary } from "@bufbuild/protobuf";
import { type GraphProto, ModelProtoSchema, type NodeProto, TensorProto_DataType as OnnxType } from "onnx-buf";

function graphOf(bytes: Uint8Array): GraphProto {
  const { graph } = fromBinary(ModelProtoSchema, bytes);
  assert.ok(graph !== undefined);
  return graph;
}

/** The nodes of a model. */
export function nodesOf(bytes: Uint8Array): NodeProto[] {
  return graphOf(bytes).node;
}

/** The operator domains that a model's nodes name. */
export function domainsOf(bytes: Uint8Array): string[] {
  return [...new Set(nodesOf(bytes).map(({ domain }) => domain))];
}

/** Operators of the default domain that are tempting, but have no kernel in ONNX Runtime 1.30's webgpu provider. */
const withoutKernel = new Set(["Sign", "Round", "OneHot", "EyeLike", "HardSigmoid", "LogSoftmax"]);

/**
 * Asserts that no node of a model is known to fall back from webgpu to the cpu: no contrib operator, none without a
 * kernel, and no integers as the data that a node moves.
 */
export function assertSuitsWebgpu(bytes: Uint8Array): void {
  const { node, input, initializer } = graphOf(bytes);
  const integers = new Set([
    ...initializer.filter(({ dataType }) => dataType === OnnxType.INT64).map(({ name }) => name),
    ...input.filter(({ type }) => type?.value.case === "tensorType" && type.value.value.elemType === OnnxType.INT64)
      .map(({ name }) => name),
  ]);
  for (const { domain, opType, input: [data] } of node) {
    assert.equal(domain, "");
    assert.ok(!withoutKernel.has(opType), `${opType} has no kernel on webgpu`);
    assert.ok(data === undefined || !integers.has(data), `${opType} moves integers`);
  }
}
