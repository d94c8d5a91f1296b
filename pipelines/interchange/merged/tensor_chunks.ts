/** A stored tensor's bytes, as they are or converted to another type, in chunks. @module */
import { RequestError } from "../../common/errors.ts";
import { faultText } from "../../common/files.ts";
import { widenBfloat16, widenFloat16 } from "../../models/weights/float16.ts";
import type { TensorRecord } from "../../models/weights/safetensors_table.ts";
import { isStoredType, stored, type StoredType } from "./rounding.ts";

const chunkBytes = 1 << 23;

const widenings: Readonly<Record<StoredType, (bytes: Uint8Array<ArrayBuffer>) => Float32Array<ArrayBuffer>>> = {
  F32: ({ buffer, byteOffset, length }) => new Float32Array(buffer, byteOffset, length / 4),
  F16: ({ buffer, byteOffset, length }) => widenFloat16(new Uint16Array(buffer, byteOffset, length / 2)),
  BF16: ({ buffer, byteOffset, length }) => widenBfloat16(new Uint16Array(buffer, byteOffset, length / 2)),
};

/**
 * The bytes of a tensor; each chunk is valid until the next is requested.
 *
 * @param dtype The requested type, as safetensors names it.
 * @throws {RequestError} If the file cannot be read, or a number is too large for the type.
 */
export async function* chunksOf(record: TensorRecord, dtype: string): AsyncGenerator<Uint8Array> {
  const { name, dtype: from } = record;
  for await (const chunk of storedBytes(record)) {
    if (from === dtype || !isStoredType(from) || !isStoredType(dtype)) yield chunk;
    else yield stored(name, widenings[from](chunk), dtype);
  }
}

async function* storedBytes({ file, offset, bytes }: TensorRecord): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const unreadable = (problem: string) => new RequestError(`${problem}; download the model again`, { file });
  const failed = (fault: unknown) => {
    throw unreadable(`can't be read (${faultText(fault)})`);
  };
  using handle = await Deno.open(file).catch(failed);
  await handle.seek(offset, Deno.SeekMode.Start).catch(failed);
  const buffer = new Uint8Array(Math.min(bytes, chunkBytes));
  for (let left = bytes; left > 0;) {
    const chunk = buffer.subarray(0, Math.min(left, buffer.length));
    for (let filled = 0; filled < chunk.length;) {
      const count = await handle.read(chunk.subarray(filled)).catch(failed);
      if (count === null) throw unreadable(`became ${left - filled} bytes too short while it was being read`);
      filled += count;
    }
    left -= chunk.length;
    yield chunk;
  }
}
