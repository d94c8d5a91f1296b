/** The parts of an ONNX model as protobuf messages. @module */
import { create } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataLocation as DataLocation,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";
import type { Dimension, Shape } from "../program/dimension.ts";
import { type ElementType, elementTypes } from "./element_types.ts";
import type { OnnxAttribute } from "./graph_writer.ts";
import type { WeightLocation } from "./model.ts";

/** A tensor whose bytes are in an external file. */
export function externalTensor(
  name: string,
  type: ElementType,
  dims: readonly number[],
  { location, offset, length }: WeightLocation,
): TensorProto {
  const entries = { location, offset: String(offset), length: String(length) };
  return create(TensorProtoSchema, {
    name,
    dataType: elementTypes[type],
    dims: dims.map(BigInt),
    dataLocation: DataLocation.EXTERNAL,
    externalData: Object.entries(entries).map(([key, value]) => create(StringStringEntryProtoSchema, { key, value })),
  });
}

/** An attribute of a node. */
export function encodeAttribute(name: string, attribute: OnnxAttribute) {
  if ("int" in attribute) {
    return create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(attribute.int) });
  }
  if ("ints" in attribute) {
    return create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints: attribute.ints.map(BigInt) });
  }
  if ("float" in attribute) {
    return create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: attribute.float });
  }
  return create(AttributeProtoSchema, {
    name,
    type: AttributeType.STRING,
    s: new Uint8Array(new TextEncoder().encode(attribute.text)),
  });
}

/** An input or result of a graph. */
export function describeTensor(name: string, type: ElementType, shape: Shape | undefined): ValueInfoProto {
  const dim = shape?.map((dimension: Dimension) =>
    create(TensorShapeProto_DimensionSchema, {
      value: typeof dimension === "number"
        ? { case: "dimValue", value: BigInt(dimension) }
        : { case: "dimParam", value: dimension },
    })
  );
  const tensorType = create(TypeProto_TensorSchema, {
    elemType: elementTypes[type],
    ...(dim === undefined ? {} : { shape: create(TensorShapeProtoSchema, { dim }) }),
  });
  return create(ValueInfoProtoSchema, {
    name,
    type: create(TypeProtoSchema, { value: { case: "tensorType", value: tensorType } }),
  });
}
