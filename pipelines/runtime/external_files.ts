/**
 * The files of a model's weights for WebAssembly, which cannot map files and copies the bytes that it is given.
 *
 * @module
 */
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

/** The files of a model's weights, and how much of them it reads. */
interface ExternalWeights {
  readonly locations: ReadonlySet<string>;
  /** The bytes of all weights. */
  readonly bytes: number;
  /** The bytes of the largest weight. */
  readonly largest: number;
}

/** The weights that a model reads from files. */
export function externalWeights({ weights }: Pick<OnnxModel, "weights">): ExternalWeights {
  return {
    locations: new Set(weights.map(({ location }) => location)),
    bytes: weights.reduce((sum, { length }) => sum + length, 0),
    largest: weights.reduce((most, { length }) => Math.max(most, length), 0),
  };
}

/** How much is read at a time, in bytes. */
const windowBytes = 1 << 20;

/**
 * A file that appears to ONNX Runtime as a byte array, of which it copies parts: each part is read when it is
 * requested, or, if it is larger than a window and for WebAssembly, window by window when it is copied.
 */
export class ReadBytes extends Uint8Array<ArrayBuffer> implements Disposable {
  readonly #file: SystemFile;
  readonly #size: number;
  readonly #copiesInWindows: boolean;
  /** One for all reads, because buffers of many would stay until the browser's next collection of garbage. */
  readonly #window = new ArrayBuffer(windowBytes);
  /** Of a tensor that is larger. */
  #large = new ArrayBuffer(0);
  #uncopied = 0;

  /** @param copiesInWindows Whether the parts are only copied, while `copiesWindows` is in effect. */
  constructor(path: string, copiesInWindows = false) {
    super(new ArrayBuffer(0));
    this.#file = system.openSync(path);
    this.#size = this.#file.statSync().size;
    this.#copiesInWindows = copiesInWindows;
  }

  override get byteLength(): number {
    return this.#size;
  }

  /** Whether a part was requested, but not copied. */
  get isUncopied(): boolean {
    return this.#uncopied > 0;
  }

  override subarray(start: number = 0, end: number = this.#size): Uint8Array<ArrayBuffer> {
    const length = end - start;
    this.#free();
    if (length <= windowBytes) {
      this.#file.seekSync(start, system.SeekMode.Start);
      return this.#read(length);
    }
    if (this.#copiesInWindows) {
      this.#uncopied++;
      return new UnreadPart((target, offset) => {
        this.#copy(start, length, target, offset);
        this.#uncopied--;
      });
    }
    const target = new Uint8Array(length);
    this.#large = target.buffer;
    this.#copy(start, length, target, 0);
    return target;
  }

  [Symbol.dispose](): void {
    this.#free();
    this.#window.transfer(0);
    this.#file.close();
  }

  #copy(start: number, length: number, target: Uint8Array, offset: number): void {
    this.#file.seekSync(start, system.SeekMode.Start);
    for (let done = 0; done < length; done += windowBytes) {
      target.set(this.#read(Math.min(windowBytes, length - done)), offset + done);
    }
  }

  /** The next bytes, which are good until more are read. */
  #read(length: number): Uint8Array<ArrayBuffer> {
    const target = new Uint8Array(this.#window, 0, length);
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

/** A part of a file that is read when it is copied. */
class UnreadPart extends Uint8Array<ArrayBuffer> {
  readonly copyTo: (target: Uint8Array, offset: number) => void;

  constructor(copyTo: UnreadPart["copyTo"]) {
    super(new ArrayBuffer(0));
    this.copyTo = copyTo;
  }
}

/** How many sessions are being opened. */
let copying = 0;

/**
 * Makes `set` of byte arrays copy large parts of a `ReadBytes` window by window, until it is disposed. ONNX Runtime
 * copies an external tensor into WebAssembly's memory by `set` and offers no other way, so that its largest tensor would
 * be in memory twice: with SmolLM2-135M, 113 MB of 538.
 */
export function copiesWindows(): Disposable {
  if (copying++ === 0) {
    // The function itself is the one of all typed arrays' prototype, which this property hides.
    const { set } = Uint8Array.prototype;
    const value = function (this: Uint8Array, source: ArrayLike<number>, offset = 0) {
      if (source instanceof UnreadPart) source.copyTo(this, offset);
      else set.call(this, source, offset);
    };
    Object.defineProperty(Uint8Array.prototype, "set", { value, configurable: true });
  }
  return {
    [Symbol.dispose]() {
      if (--copying === 0) Reflect.deleteProperty(Uint8Array.prototype, "set");
    },
  };
}
