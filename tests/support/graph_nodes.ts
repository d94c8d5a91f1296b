/** Runs the first nodes of an exported graph. @module */
import { create, toBinary } from "@bufbuild/protobuf";
import { GraphProtoSchema, ModelProtoSchema, OperatorSetIdProtoSchema, ValueInfoProtoSchema } from "onnx-buf";
import { elementTypes } from "../../ops/onnx/element_types.ts";
import type { GraphWriter, TensorName } from "../../ops/onnx/graph_writer.ts";
import { NodeWriter } from "../../pipelines/interchange/onnx/graph.ts";
import * as ort from "../../pipelines/runtime/onnx_runtime.ts";

/** Whole numbers [rows][columns]. */
export type IntegerRows = readonly (readonly number[])[];

/** A computed tensor. */
export interface Computed {
  readonly data: ArrayLike<number | bigint>;
  readonly shape: readonly number[];
}

/**
 * Runs nodes, and returns their results by the names that `write` gives them.
 *
 * @param symbols The nodes that compute the extent of each symbol.
 * @param given The graph's inputs.
 */
export async function runNodes(
  symbols: Readonly<Record<string, (write: GraphWriter) => TensorName>>,
  given: Readonly<Record<string, IntegerRows>>,
  write: (writer: GraphWriter) => ReadonlyMap<string, TensorName>,
): Promise<ReadonlyMap<string, Computed>> {
  const writer = new NodeWriter(symbols), found = write(writer);
  const described = (input: string) => {
    const type = { value: { case: "tensorType" as const, value: { elemType: elementTypes.int64 } } };
    return create(ValueInfoProtoSchema, { name: input, type });
  };
  const graph = create(GraphProtoSchema, {
    name: "nodes",
    node: writer.graph.nodes,
    initializer: writer.graph.initializers,
    input: Object.keys(given).map(described),
    output: [...new Set(found.values())].map((name) => create(ValueInfoProtoSchema, { name })),
  });
  const opsetImport = [create(OperatorSetIdProtoSchema, { domain: "", version: 18n })];
  const bytes = toBinary(ModelProtoSchema, create(ModelProtoSchema, { graph, opsetImport, irVersion: 8n }));
  const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  const fed = Object.entries(given).map(([name, rows]) => {
    const data = BigInt64Array.from(rows.flat(), BigInt);
    return [name, new ort.Tensor("int64", data, [rows.length, rows[0]!.length])] as const;
  });
  const outputs = await session.run(Object.fromEntries(fed));
  await session.release();
  return new Map([...found].map(([name, output]) => {
    const { data, dims } = outputs[output]!;
    return [name, { data: Array.from(data as Float32Array | BigInt64Array | Uint8Array, Number), shape: dims }];
  }));
}
