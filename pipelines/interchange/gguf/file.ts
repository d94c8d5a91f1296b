/** Small GGUF files of 32-bit floats, as llama.cpp reads them. {@link https://github.com/ggml-org/ggml/blob/master/docs/gguf.md} @module */
import { elementCount } from "../../../ops/program/dimension.ts";

/** A metadata value of one of the types that are written. */
type GgufField = { readonly text: string } | { readonly count: number } | { readonly number: number };

/** A tensor to write, its extents outermost first. */
export interface FloatTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
}

/** The alignment of tensors in bytes. */
const alignment = 32;
const types = { count: 4, number: 6, text: 8 } as const;

/** The bytes of a file, in parts. */
export function encodeGguf(
  metadata: Readonly<Record<string, GgufField>>,
  tensors: readonly FloatTensor[],
): Uint8Array<ArrayBuffer>[] {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  const put = (bytes: Uint8Array<ArrayBuffer>) => {
    parts.push(bytes);
    length += bytes.length;
  };
  const fixed = (size: number, set: (view: DataView<ArrayBuffer>) => void) => {
    const view = new DataView(new ArrayBuffer(size));
    set(view);
    put(new Uint8Array(view.buffer));
  };
  const u32 = (value: number) => fixed(4, (view) => view.setUint32(0, value, true));
  const u64 = (value: number) => fixed(8, (view) => view.setBigUint64(0, BigInt(value), true));
  const text = (value: string) => {
    const bytes = new TextEncoder().encode(value);
    u64(bytes.length);
    put(bytes);
  };
  const pad = () => put(new Uint8Array((alignment - length % alignment) % alignment));
  put(new TextEncoder().encode("GGUF"));
  u32(3);
  u64(tensors.length);
  u64(Object.keys(metadata).length);
  for (const [name, field] of Object.entries(metadata)) {
    text(name);
    if ("text" in field) {
      u32(types.text);
      text(field.text);
    } else if ("count" in field) {
      u32(types.count);
      u32(field.count);
    } else {
      u32(types.number);
      fixed(4, (view) => view.setFloat32(0, field.number, true));
    }
  }
  let offset = 0;
  for (const { name, shape } of tensors) {
    text(name);
    u32(shape.length);
    for (const extent of shape.toReversed()) u64(extent);
    u32(0);
    u64(offset);
    offset += Math.ceil(4 * elementCount(shape) / alignment) * alignment;
  }
  pad();
  for (const { data } of tensors) {
    put(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    pad();
  }
  return parts;
}
