/**
 * The files of a model's weights for WebAssembly, which cannot map files and copies the bytes that it is given.
 *
 * @module
 */
import { fromBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema } from "onnx-buf";
import type { OnnxModel } from "../../ops/onnx/model.ts";
import { formatSize } from "../common/size.ts";
import { system, type SystemFile } from "../common/system.ts";

/** The maximum bytes of weights with WebAssembly's 32-bit addresses, which leaves room for activations. */
export const mostWeights = 3.5e9;

/** What is said of more, after what has them. */
export function beyondAddresses(bytes: number): string {
  return `has ${formatSize(bytes)} of weights, and WebAssembly's 32-bit addresses leave ${
    formatSize(mostWeights)
  }; choose a smaller model`;
}

/** Where a model's weights lie, and how much of them it reads. */
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

/** How much is read at a time, in bytes. Most tensors have less. */
const windowBytes = 16 << 20;

/**
 * A file that appears to ONNX Runtime as a byte array, of which it copies parts: each part is read when it is
 * requested, so that at most one tensor is in memory twice.
 */
export class ReadBytes extends Uint8Array<ArrayBuffer> implements Disposable {
  readonly #file: SystemFile;
  readonly #size: number;
  /** What the browser has read into it keeps until its own collection of garbage; so there is one of it. */
  readonly #window = new Uint8Array(windowBytes);
  /** Of a tensor that is larger. */
  #large = new ArrayBuffer(0);

  constructor(path: string) {
    super(new ArrayBuffer(0));
    this.#file = system.openSync(path);
    this.#size = this.#file.statSync().size;
  }

  override get byteLength(): number {
    return this.#size;
  }

  override subarray(start: number = 0, end: number = this.#size): Uint8Array<ArrayBuffer> {
    const length = end - start;
    this.#free();
    this.#file.seekSync(start, system.SeekMode.Start);
    if (length <= windowBytes) return this.#read(length);
    const target = new Uint8Array(length);
    this.#large = target.buffer;
    for (let done = 0; done < length; done += windowBytes) {
      target.set(this.#read(Math.min(windowBytes, length - done)), done);
    }
    return target;
  }

  [Symbol.dispose](): void {
    this.#free();
    this.#file.close();
  }

  /** The next bytes, which are good until more are read. */
  #read(length: number): Uint8Array<ArrayBuffer> {
    const target = this.#window.subarray(0, length);
    for (let done = 0; done < length;) {
      const count = this.#file.readSync(target.subarray(done));
      if (count === null) throw new Error("a file of weights has been truncated");
      done += count;
    }
    return target;
  }

  /** At once: the collector of garbage waits until as much as all weights has gathered. */
  #free(): void {
    this.#large = this.#large.transfer(0);
  }
}
