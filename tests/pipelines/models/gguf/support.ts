import { fileURLToPath } from "node:url";

/** The path of a file that tests/goldens/make_gguf.py creates. */
export function goldenPath(name: string): string {
  return fileURLToPath(new URL(`../../../goldens/gguf/${name}`, import.meta.url));
}

/** The content of a JSON file that the script creates. */
export async function readGolden<T>(name: string): Promise<T> {
  return JSON.parse(await Deno.readTextFile(goldenPath(name)));
}

/** A metadata value with its type. */
export type Field = { readonly u32: number } | { readonly f32: number } | { readonly text: string } | {
  readonly texts: readonly string[];
} | { readonly bytes: readonly number[] };

/** A tensor to write, with its extents in the file's order, the innermost first. */
export interface WrittenTensor {
  readonly name: string;
  readonly extents: readonly number[];
  readonly type: number;
  readonly offset: number;
}

/** Wrong values to write instead of the right ones. */
export interface Lies {
  readonly magic?: string;
  readonly version?: number;
  readonly tensorCount?: bigint;
  readonly keyCount?: bigint;
}

/** The bytes of a GGUF file, valid unless wrong values are given. */
export function ggufBytes(
  metadata: Readonly<Record<string, Field>>,
  tensors: readonly WrittenTensor[] = [],
  data: number = 0,
  { magic = "GGUF", version = 3, tensorCount, keyCount }: Lies = {},
): Uint8Array<ArrayBuffer> {
  const out: number[] = [];
  const number = (size: number, set: (view: DataView) => void) => {
    const view = new DataView(new ArrayBuffer(size));
    set(view);
    out.push(...new Uint8Array(view.buffer));
  };
  const u32 = (value: number) => number(4, (view) => view.setUint32(0, value, true));
  const u64 = (value: bigint | number) => number(8, (view) => view.setBigUint64(0, BigInt(value), true));
  const text = (value: string) => {
    const bytes = new TextEncoder().encode(value);
    u64(bytes.length);
    out.push(...bytes);
  };
  out.push(...new TextEncoder().encode(magic));
  u32(version);
  u64(tensorCount ?? tensors.length);
  u64(keyCount ?? Object.keys(metadata).length);
  for (const [key, field] of Object.entries(metadata)) {
    text(key);
    if ("u32" in field) u32(4), u32(field.u32);
    if ("f32" in field) u32(6), number(4, (view) => view.setFloat32(0, field.f32, true));
    if ("text" in field) u32(8), text(field.text);
    if ("texts" in field) u32(9), u32(8), u64(field.texts.length), field.texts.forEach(text);
    if ("bytes" in field) out.push(...field.bytes);
  }
  for (const { name, extents, type, offset } of tensors) {
    text(name);
    u32(extents.length);
    extents.forEach(u64);
    u32(type);
    u64(offset);
  }
  const start = Math.ceil(out.length / 32) * 32;
  const bytes = new Uint8Array(data === 0 ? out.length : start + data);
  bytes.set(out);
  return bytes;
}
