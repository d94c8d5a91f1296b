/** The content of a file of rows, chunk by chunk; gzip and zstd are decompressed. @module */
import { system } from "../../common/system.ts";
import { RequestError } from "../../common/errors.ts";
import { faultText } from "../../common/files.ts";
import type { Compression } from "./compression.ts";
import { compressions } from "./decompression.ts";
import type { FileProgress } from "./record_kind.ts";

/** How much of a file is read at a time. */
const chunkBytes = 2 ** 20;

/** The compression of a file that begins with these bytes, if any. */
function compressionOf(bytes: Uint8Array): Compression | undefined {
  return compressions.find(({ is }) => is(bytes));
}

/**
 * Checks that a path is a file's.
 *
 * @param path Absolute.
 * @param ending The file name extension, for the message.
 * @returns Its size. Throws a RequestError if there is no file, or it is a folder, a pipe or a device.
 */
export async function checkFile(path: string, ending: string): Promise<number> {
  const { isFile, isDirectory, size } = await withProblem(path, ending, () => system.stat(path));
  if (isFile) return size;
  if (isDirectory) throw new RequestError(folder(ending), { file: path });
  throw new RequestError("this is not a regular file but a pipe or a device; write its rows to a file", {
    file: path,
  });
}

const folder = (ending: string) => `this is a folder; give the path of a ${ending} file`;

/**
 * Reads a file only as far as its chunks are requested, and never holds it as a whole.
 *
 * @param path Absolute.
 * @param ending The file name extension, for the message.
 * @throws {RequestError} If the file cannot be read, is a folder, a pipe or a device, or its compressed content is
 * damaged.
 */
export async function* readBytes(path: string, ending: string, progress?: FileProgress): AsyncGenerator<Uint8Array> {
  const size = await checkFile(path, ending);
  using file = await withProblem(path, ending, () => system.open(path));
  const show = progress?.(path, size);
  let done = 0;
  async function* stored(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = new Uint8Array(chunkBytes), read = await withProblem(path, ending, () => file.read(chunk));
      if (read === null) return;
      show?.(done += read);
      yield chunk.subarray(0, read);
    }
  }
  const chunks = stored();
  try {
    const first = await chunks.next();
    if (first.done) return;
    const compression = compressionOf(first.value);
    if (compression === undefined) {
      yield first.value;
      yield* chunks;
    } else {
      yield* decompressed(path, compression, first.value, chunks);
    }
  } finally {
    if (done < size) show?.(size);
  }
}

async function* decompressed(
  path: string,
  { name, decompress }: Compression,
  first: Uint8Array,
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const all = async function* () {
    yield first;
    yield* rest;
  };
  try {
    yield* decompress(all());
  } catch (fault) {
    if (fault instanceof RequestError) throw fault;
    throw new RequestError(
      `the file's ${name} data is damaged or ends early (${faultText(fault)}); create or download it again`,
      { file: path },
    );
  }
}

/** Runs an operation on a file, and explains its failure. */
async function withProblem<T>(path: string, ending: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const problem = error instanceof system.errors.NotFound
      ? "there is no such file; give a path relative to the pipeline file, or an absolute one"
      : error instanceof system.errors.IsADirectory
      ? folder(ending)
      : `the file can't be read (${error instanceof Error ? error.message : error}); check its permissions`;
    throw new RequestError(problem, { file: path });
  }
}
