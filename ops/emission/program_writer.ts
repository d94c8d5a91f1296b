/**
 * Writing a program's nodes: the tensors of its values, constants, weights in their files, and the extents that the
 * host feeds.
 *
 * @module
 */
import { Graph } from "../onnx/graph.ts";
import type { OnnxAttributes, OnnxDomain, TensorName } from "../onnx/graph_writer.ts";
import type { Kernels } from "../onnx/providers.ts";
import type { ElementType } from "../onnx/element_types.ts";
import { externalTensor } from "../onnx/messages.ts";
import type { ExtentList, WeightLocation } from "../onnx/model.ts";
import { withInputs } from "../operators.ts";
import { bytesOf, elementBytes, isWidenedWeight } from "../passes/cost.ts";
import { type Dimension, evaluateDimension, evaluateShape, type Shape } from "../program/dimension.ts";
import { type CodeType, leafName, type Value, weight } from "../program/program.ts";
import type { Emitter, RowPart } from "../table/emitter.ts";
import { definitionOf, isOperation } from "../table/mod.ts";
import { codeKinds, isCodeType } from "../table/quantization.ts";
import { reshapeTarget } from "./reshape_target.ts";

/** Writes the nodes of a program, operation by operation. */
export class ProgramWriter implements Emitter {
  readonly kernels: Kernels;
  readonly packs: boolean;
  readonly graph = new Graph({ tensor: (_, count) => `%${count}`, node: (type, count) => `${type}.${count}` });
  /** Where the weights are that the nodes read. */
  readonly weights: WeightLocation[] = [];
  readonly #locate: (name: string) => WeightLocation;
  readonly #joined: ReadonlyMap<Value, readonly Value[]>;
  readonly #names = new Map<Value, TensorName>();
  readonly #extents = new Map<string, ExtentList>();
  /** Distinguishes the nodes of one use from those of another. */
  #use = "";
  /** How many nodes of the current use have been written. */
  #used = 0;
  #uses = 0;

  /** @param joined Matrix products that are computed together, by each of them. */
  constructor(
    kernels: Kernels,
    packs: boolean,
    locate: (name: string) => WeightLocation,
    joined: ReadonlyMap<Value, readonly Value[]> = new Map(),
  ) {
    this.kernels = kernels;
    this.packs = packs;
    this.#locate = locate;
    this.#joined = joined;
  }

  /** The lists of extents that the nodes need. */
  get extentLists(): readonly ExtentList[] {
    return [...this.#extents.values()];
  }

  /** Names the tensor of a value. */
  define(value: Value, name: TensorName): void {
    this.#names.set(value, name);
  }

  /** Adds a weight, which stays in its file. */
  weight(value: Value): void {
    this.#initializer(value, this.#locate(leafName(value)));
  }

  of = (value: Value): TensorName => {
    if (isOperation(value) && isWidenedWeight(value)) {
      return this.anew(() => definitionOf(value.op).onnx(this, value));
    }
    const name = this.#names.get(value);
    if (name === undefined) throw new TypeError(`${value.op} is used before it is written`);
    return name;
  };

  node(type: string, inputs: readonly TensorName[], attributes?: OnnxAttributes, domain?: OnnxDomain): TensorName {
    return this.#add(type, inputs, 1, attributes, domain)[0]!;
  }

  nodes(type: string, inputs: readonly TensorName[], outputs: number, attributes?: OnnxAttributes) {
    return this.#add(type, inputs, outputs, attributes);
  }

  floats(elements: readonly number[], shape: readonly number[] = [], type: "float32" | "float64" = "float32") {
    return this.graph.floats(elements, shape, type);
  }

  integers(elements: readonly number[] | number): TensorName {
    return this.graph.integers(elements);
  }

  codes(type: CodeType, element: number, count: number): TensorName {
    const [length, byte] = codeKinds[type].bits === 4 ? [Math.ceil(count / 2), element * 17] : [count, element];
    return this.graph.constant(`${type} ${element} ${count}`, type, [count], () => new Uint8Array(length).fill(byte));
  }

  extent(dimension: Dimension): TensorName {
    return this.extents([dimension]);
  }

  extents(shape: Shape): TensorName {
    if (shape.every((dimension) => typeof dimension === "number")) return this.integers(shape);
    const name = `extents(${shape.join()})`;
    this.#extents.set(name, { name, shape });
    return name;
  }

  parts(x: TensorName, length: Dimension, count: number, axis: number): readonly TensorName[] {
    const name = `parts(${length},${count})`;
    this.#extents.set(name, { name, shape: [length], parts: count });
    return this.nodes("Split", [x, name], count, { axis: { int: axis } });
  }

  anew<T>(write: () => T): T {
    [this.#use, this.#used] = [String(++this.#uses), 0];
    const written = write();
    this.#use = "";
    return written;
  }

  reshape(x: TensorName, from: Shape, to: Shape): TensorName {
    const target = reshapeTarget(from, to);
    if (target !== undefined) return this.node("Reshape", [x, this.integers(target)]);
    // With allowzero, an extent of 0 means an empty axis instead of one to copy.
    return this.node("Reshape", [x, this.extents(to)], { allowzero: { int: 1 } });
  }

  rowParts(value: Value, mostBytes: number): readonly RowPart[] {
    if (!isWidenedWeight(value)) return [];
    const all = evaluateDimension(value.shape[0]!, {}),
      count = Math.ceil(evaluateDimension(bytesOf(value), {}) / mostBytes);
    // Of an even number of rows, since those of 4-bit zeros may end within a byte.
    const size = 2 * Math.ceil(all / Math.max(1, count) / 2);
    return Array.from({ length: Math.ceil(all / size) }, (_, part) => {
      const start = part * size, end = Math.min(all, start + size);
      return { rows: this.#rowsOf(value, start, end), start, end };
    });
  }

  joined(product: Value): readonly Value[] {
    return this.#joined.get(product) ?? [product];
  }

  under(leaves: readonly Value[], shape: readonly number[]): TensorName {
    const [{ dtype }] = leaves as readonly [Value], type = isCodeType(dtype) ? "uint8" : dtype;
    const name = `${leaves.map(leafName).join(" and ")} as ${shape}`;
    const [found] = this.graph.once(name, () => {
      const places = leaves.map((leaf) => this.#locate(leafName(leaf))), { location, offset } = places[0]!;
      const length = places.reduce((sum, { length }) => sum + length, 0);
      this.#external(name, type, shape, { location, offset, length });
      return [name];
    });
    return found!;
  }

  #rowsOf(widened: Value, start: number, end: number): Value {
    const rows = evaluateDimension(widened.shape[0]!, {});
    return withInputs(
      widened,
      widened.inputs.map((leaf) => {
        const { location, offset } = this.#locate(leafName(leaf)), [first, ...rest] = evaluateShape(leaf.shape, {});
        const perRow = rest.reduce((product, extent) => product * extent, first! / rows);
        const each = perRow * elementBytes[leaf.dtype];
        const part = weight(`${leafName(leaf)}[${start}:${end}]`, [first! / rows * (end - start), ...rest], leaf.dtype);
        if (!this.#names.has(part)) {
          // The last of 4-bit numbers may fill half a byte.
          const length = Math.ceil(each * (end - start));
          this.#initializer(part, { location, offset: offset + each * start, length });
        }
        return part;
      }),
    );
  }

  #initializer(value: Value, location: WeightLocation): void {
    this.define(value, leafName(value));
    const dims = evaluateShape(value.shape, {});
    this.#external(leafName(value), value.dtype, dims, location);
  }

  #external(name: string, type: ElementType, shape: readonly number[], location: WeightLocation): void {
    this.graph.initializers.push(externalTensor(name, type, shape, location));
    this.weights.push(location);
  }

  #add(
    type: string,
    inputs: readonly TensorName[],
    outputs: number,
    attributes: OnnxAttributes = {},
    domain: OnnxDomain | "" = "",
  ): readonly TensorName[] {
    return this.graph.once(JSON.stringify([type, inputs, outputs, attributes, domain, this.#use]), () => {
      // ONNX Runtime runs the operand whose node comes later first. A widened weight has to come after the other
      // operand, or all weights would be widened before the first product.
      const at = this.#use === "" ? undefined : this.#used++;
      return this.graph.add(type, inputs, outputs, { attributes, domain, at });
    });
  }
}
