/** Tensors of float64 for the reference interpreter: slow, plain, independent of `ops/`. @module */

/** Elements in row-major order; whole numbers stand for int64. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** The number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** A tensor of given elements. */
export function tensor(shape: readonly number[], elements: Iterable<number>): Tensor {
  const data = Float64Array.from(elements);
  if (data.length !== sizeOf(shape)) throw new RangeError(`[${shape}] does not hold ${data.length} elements`);
  return { shape, data };
}

/** A tensor whose element at each index is computed. */
export function build(shape: readonly number[], element: (index: readonly number[]) => number): Tensor {
  const data = new Float64Array(sizeOf(shape));
  const index = shape.map(() => 0);
  for (let at = 0; at < data.length; at++) {
    data[at] = element(index);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]!++;
      if (index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
  return { shape, data };
}

/** The element at an index. */
export function at({ shape, data }: Tensor, index: readonly number[]): number {
  if (index.length !== shape.length) throw new RangeError(`[${index}] is not an index into [${shape}]`);
  let offset = 0;
  for (let axis = 0; axis < shape.length; axis++) {
    const place = index[axis]!, extent = shape[axis]!;
    if (!(place >= 0 && place < extent)) throw new RangeError(`[${index}] is outside [${shape}]`);
    offset = offset * extent + place;
  }
  return data[offset]!;
}

/** The element that broadcasting puts at an index of the larger tensor. */
export function broadcastAt(x: Tensor, index: readonly number[]): number {
  const own = index.slice(index.length - x.shape.length);
  return at(x, own.map((place, axis) => (x.shape[axis] === 1 ? 0 : place)));
}

/** The broadcast shape of operands of these shapes, as in numpy. */
export function broadcastShapes(...shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const extents = shapes.map((shape) => shape[axis - (rank - shape.length)] ?? 1).filter((extent) => extent !== 1);
    if (new Set(extents).size > 1) throw new RangeError(`[${shapes.join("] and [")}] do not broadcast`);
    return extents[0] ?? 1;
  });
}

/** A copy of an index or a shape with one entry replaced. */
export function replaceAt(places: readonly number[], axis: number, place: number): number[] {
  return places.map((old, index) => (index === axis ? place : old));
}

/** The sum of numbers. */
export function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}

/** Applies a function to each element. */
export function map(x: Tensor, f: (element: number) => number): Tensor {
  return { shape: x.shape, data: x.data.map(f) };
}
