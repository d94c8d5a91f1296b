/** The files that hold a model's weights, as WebAssembly reads them: it maps none, and copies what it is given. @module */
import { fromBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema } from "onnx-buf";
import type { OnnxModel } from "../../ops/onnx/model.ts";
import { system, type SystemFile } from "../common/system.ts";

/** The most that WebAssembly's 32-bit addresses leave for weights, in bytes: activations need room beside them. */
export const mostWeights = 3.5e9;

/** Where a model's weights lie, and how much of them it reads. */
interface ExternalWeights {
  readonly locations: ReadonlySet<string>;
  /** Of all of them. */
  readonly bytes: number;
  /** Of the largest. */
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
 * A file that looks like its bytes to ONNX Runtime, which takes parts of it and copies them: each is read when it is
 * taken, so that no more than one tensor is in memory twice.
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
      if (count === null) throw new Error("a file of weights has become too short");
      done += count;
    }
    return target;
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}
