/**
 * Hand-written nodes: a model file must compute what a program is fed by its host, with integers and booleans, which
 * programs do not have.
 *
 * @module
 */
import { Graph } from "../../../ops/onnx/graph.ts";
import type { GraphWriter, OnnxAttributes, OnnxDomain, TensorName } from "../../../ops/onnx/graph_writer.ts";
import { type Dimension, type Shape, termsOf } from "../../../ops/program/dimension.ts";

/** Nodes and constants that find extents in the graph's own inputs. */
export class NodeWriter implements GraphWriter {
  readonly graph = new Graph({
    tensor: (type, count) => `places.${type}.${count}`,
    node: (_type, _count, output) => output,
  });
  readonly #extents: ReadonlyMap<string, () => TensorName>;

  /** @param symbols How the extent of each symbol is found, int64 [1]. */
  constructor(symbols: Readonly<Record<string, (write: GraphWriter) => TensorName>>) {
    this.#extents = new Map(Object.entries(symbols).map(([symbol, find]) => [symbol, () => find(this)]));
  }

  node(
    type: string,
    inputs: readonly TensorName[],
    attributes: OnnxAttributes = {},
    domain?: OnnxDomain,
  ): TensorName {
    const key = JSON.stringify([type, inputs, attributes, domain]);
    return this.graph.once(key, () => this.graph.add(type, inputs, 1, { attributes, domain }))[0]!;
  }

  floats(elements: readonly number[], shape: readonly number[] = [], type: "float32" | "float64" = "float32") {
    return this.graph.floats(elements, shape, type);
  }

  integers(elements: readonly number[] | number): TensorName {
    return this.graph.integers(elements);
  }

  extent(dimension: Dimension): TensorName {
    const terms = termsOf(dimension).map(({ factor, symbols }) => {
      const factors = symbols.map((symbol) => {
        const find = this.#extents.get(symbol);
        if (find === undefined) throw new TypeError(`No input of the graph has the extent ${symbol}`);
        return find();
      });
      return [...(factor === 1 && factors.length > 0 ? [] : [this.integers([factor])]), ...factors]
        .reduce((product, each) => this.node("Mul", [product, each]));
    });
    return terms.length === 0 ? this.integers([0]) : terms.reduce((sum, each) => this.node("Add", [sum, each]));
  }

  extents(shape: Shape): TensorName {
    return this.node("Concat", shape.map((dimension) => this.extent(dimension)), { axis: { int: 0 } });
  }
}
