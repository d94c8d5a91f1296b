/**
 * Stores weights transposed if they are only ever read transposed. A reader would otherwise transpose each of them when
 * it opens the model, and hold both copies for a while.
 *
 * @module
 */
import type { GraphProto, NodeProto, TensorProto } from "onnx-buf";

/**
 * Transposes the initializers of a graph that are in a file and that are only read transposed.
 *
 * @returns Their names: their bytes must be written with the two axes swapped.
 */
export function turnWeights(graph: GraphProto): ReadonlySet<string> {
  const readers = new Map<string, NodeProto[]>();
  for (const node of graph.node) {
    for (const name of node.input) readers.getOrInsertComputed(name, () => []).push(node);
  }
  const dropped = new Map<string, string>(), turned = new Set<string>();
  for (const initializer of graph.initializer.filter(isStoredMatrix)) {
    const transposes = transposesOf(initializer.name, readers);
    if (transposes === undefined) continue;
    for (const { input: [from], output: [to] } of transposes) dropped.set(to!, from!);
    initializer.dims.reverse();
    turned.add(initializer.name);
  }
  graph.node = graph.node.filter(({ output: [name] }) => !dropped.has(name!));
  for (const node of graph.node) node.input = node.input.map((name) => dropped.get(name) ?? name);
  return turned;
}

const isStoredMatrix = ({ dims, externalData }: TensorProto) => dims.length === 2 && externalData.length > 0;

/** The nodes that transpose a tensor, or its widened copy; `undefined` if others read it too. */
function transposesOf(name: string, readers: ReadonlyMap<string, readonly NodeProto[]>): NodeProto[] | undefined {
  const found = (readers.get(name) ?? []).map((node) => {
    if (node.opType === "Transpose") return [node];
    return node.opType === "Cast" ? transposesOf(node.output[0]!, readers) : undefined;
  });
  return found.length > 0 && found.every((each) => each !== undefined) ? found.flat() : undefined;
}

/** Elements [rows, columns] as [columns, rows]. */
export function transposed<Elements extends Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>>(
  elements: Elements,
  rows: number,
  columns: number,
): Elements {
  const result = elements.slice() as Elements, side = 32;
  // Square by square, each of which stays in the processor's cache.
  for (let top = 0; top < rows; top += side) {
    for (let left = 0; left < columns; left += side) {
      for (let row = top; row < Math.min(rows, top + side); row++) {
        for (let column = left; column < Math.min(columns, left + side); column++) {
          result[column * rows + row] = elements[row * columns + column]!;
        }
      }
    }
  }
  return result;
}
