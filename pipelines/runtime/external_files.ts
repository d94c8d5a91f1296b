/**
 * The files of a model's weights for WebAssembly, which cannot map files and copies the bytes that it is given.
 *
 * @module
 */
import { fromBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema } from "onnx-buf";
import type { OnnxModel } from "../../ops/onnx/model.ts";
import { system, type SystemFile } from "../common/system.ts";

/** The maximum bytes of weights with WebAssembly's 32-bit addresses, which leaves room for activations. */
export const mostWeights = 3.5e9;

/** Where a model's weights are, and how much of them it reads. */
interface ExternalWeights {
  readonly locations: ReadonlySet<string>;
  /** The bytes of all weights. */
  readonly bytes: number;
  /** The bytes of the largest weight. */
  readonly largest: number;
}

/** The weights that a model reads from files. */
export function externalWeights({ bytes: model }: Pick<OnnxModel, "bytes">): ExternalWeights {
  const locations = new Set<string>();
  let bytes = 0, largest = 0;
  for (const { externalData } of fromBinary(ModelProtoSchema, model).graph?.initializer ?? []) {
    const { location, length = "0" } = Object.fromEntries(externalData.map(({ key, value }) => [key, value]));
    if (location === undefined) continue;
    locations.add(location);
    bytes += Number(length);
    largest = Math.max(largest, Number(length));
  }
  return { locations, bytes, largest };
}

/**
 * A file that appears to ONNX Runtime as a byte array, of which it copies parts: each part is read when it is
 * requested, so that at most one tensor is in memory twice.
 */
export class ReadBytes extends Uint8Array<ArrayBuffer> implements Disposable {
  readonly #file: SystemFile;
  readonly #size: number;

  constructor(path: string) {
    super(new ArrayBuffer(0));
    this.#file = system.openSync(path);
    this.#size = this.#file.statSync().size;
  }

  override get byteLength(): number {
    return this.#size;
  }

  override subarray(start: number = 0, end: number = this.#size): Uint8Array<ArrayBuffer> {
    const target = new Uint8Array(end - start);
    this.#file.seekSync(start, system.SeekMode.Start);
    for (let done = 0; done < target.length;) {
      const count = this.#file.readSync(target.subarray(done));
      if (count === null) throw new Error("a file of weights has been truncated");
      done += count;
    }
    return target;
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}
