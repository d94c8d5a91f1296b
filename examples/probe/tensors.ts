/** Reading the tensors of a safetensors file: a JSON header, then their bytes. @module */

/** A file's tensors by name, and its metadata. */
export interface Tensors {
  readonly metadata: Readonly<Record<string, string>>;
  /** The shape of a tensor. */
  shape(name: string): readonly number[];
  /** The elements of a tensor, row by row. */
  numbers(name: string): number[];
  readonly names: readonly string[];
}

interface Header {
  readonly dtype: "F32" | "I64";
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** Reads a file with tensors of 32-bit floats and 64-bit integers. */
export async function readTensors(path: string): Promise<Tensors> {
  const bytes = await Deno.readFile(path), length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const { __metadata__: metadata = {}, ...headers } = JSON.parse(
    new TextDecoder().decode(bytes.subarray(8, 8 + length)),
  ) as { readonly __metadata__?: Record<string, string> } & Record<string, Header>;
  const found = new Map(Object.entries(headers)),
    headerOf = (name: string): Header => {
      const header = found.get(name);
      if (header === undefined) throw new Error(`${path} has no tensor ${name}`);
      return header;
    };
  return {
    metadata,
    names: [...found.keys()],
    shape: (name) => headerOf(name).shape,
    numbers(name) {
      const { dtype, data_offsets: [from, to] } = headerOf(name);
      const data = bytes.slice(8 + length + from, 8 + length + to).buffer;
      return dtype === "F32" ? [...new Float32Array(data)] : Array.from(new BigInt64Array(data), Number);
    },
  };
}
