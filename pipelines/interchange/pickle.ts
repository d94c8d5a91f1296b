/**
 * The pickles of torch's state dictionaries: a reader that builds tensors and ordered dictionaries and executes nothing,
 * and a writer (Python's pickle protocol 2, as torch.save uses it).
 *
 * @module
 */
import { RequestError } from "../errors.ts";

/** Where a tensor's elements lie in its storage. */
export interface PickledTensor {
  /** The storage's class in torch, as in `FloatStorage`. */
  readonly storage: string;
  /** The name of the storage's record in the archive. */
  readonly key: string;
  /** The first element. */
  readonly offset: number;
  readonly shape: readonly number[];
  /** In elements. */
  readonly strides: readonly number[];
}

const mark = Symbol("mark");

/** A name that a pickle asks for. */
class Global {
  constructor(readonly name: string) {}
}

const dictionary = "collections.OrderedDict";
const rebuild = "torch._utils._rebuild_tensor_v2";
const storages = /^torch\.(Float|Double|Half|BFloat16|Long|Int|Short|Char|Byte|Bool)Storage$/;

/**
 * The tensors of a pickled state dictionary by name.
 *
 * @param file For messages.
 * @throws {RequestError} If the pickle asks for anything but tensors and ordered dictionaries, or is cut short.
 */
export function readPickle(bytes: Uint8Array, file: string): ReadonlyMap<string, PickledTensor> {
  const value = new Unpickler(bytes, file).read();
  const tensors = new Map<string, PickledTensor>();
  if (!(value instanceof Map)) {
    throw new RequestError("holds no state dictionary; save the intervention again", { file });
  }
  for (const [name, tensor] of value) {
    if (typeof name === "string" && isTensor(tensor)) tensors.set(name, tensor);
    else throw new RequestError(`${JSON.stringify(String(name))} is no tensor; save the intervention again`, { file });
  }
  return tensors;
}

function isTensor(value: unknown): value is PickledTensor {
  return typeof value === "object" && value !== null && "storage" in value && "strides" in value;
}

class Unpickler {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #file: string;
  readonly #memo = new Map<number, unknown>();
  readonly #stack: unknown[] = [];
  #at = 0;

  constructor(bytes: Uint8Array, file: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#file = file;
  }

  read(): unknown {
    try {
      for (;;) {
        const code = this.#byte();
        if (code === 0x2e) return this.#stack.pop();
        this.#step(code);
      }
    } catch (fault) {
      if (fault instanceof RequestError) throw fault;
      throw new RequestError("the pickle is damaged or cut short; save the intervention again", { file: this.#file })
        .causedBy(fault);
    }
  }

  #step(code: number): void {
    const stack = this.#stack;
    switch (code) {
      case 0x80: // PROTO
        return void this.#byte();
      case 0x95: // FRAME
        return void (this.#at += 8);
      case 0x63: // GLOBAL
        return void stack.push(this.#global(`${this.#line()}.${this.#line()}`));
      case 0x93: { // STACK_GLOBAL
        const name = stack.pop(), module = stack.pop();
        return void stack.push(this.#global(`${module}.${name}`));
      }
      case 0x71: // BINPUT
        return void this.#memo.set(this.#byte(), stack.at(-1));
      case 0x72: // LONG_BINPUT
        return void this.#memo.set(this.#unsigned(4), stack.at(-1));
      case 0x94: // MEMOIZE
        return void this.#memo.set(this.#memo.size, stack.at(-1));
      case 0x68: // BINGET
        return void stack.push(this.#memo.get(this.#byte()));
      case 0x6a: // LONG_BINGET
        return void stack.push(this.#memo.get(this.#unsigned(4)));
      case 0x28: // MARK
        return void stack.push(mark);
      case 0x29: // EMPTY_TUPLE
      case 0x5d: // EMPTY_LIST
        return void stack.push([]);
      case 0x7d: // EMPTY_DICT
        return void stack.push(new Map());
      case 0x74: // TUPLE
        return void stack.push(this.#toMark());
      case 0x85: // TUPLE1 to TUPLE3
      case 0x86:
      case 0x87:
        return void stack.push(stack.splice(stack.length - (code - 0x84)));
      case 0x61: // APPEND
        return this.#append([stack.pop()]);
      case 0x65: // APPENDS
        return this.#append(this.#toMark());
      case 0x73: // SETITEM
        return this.#set(stack.splice(stack.length - 2));
      case 0x75: // SETITEMS
        return this.#set(this.#toMark());
      case 0x58: // BINUNICODE
        return void stack.push(this.#text(this.#unsigned(4)));
      case 0x8c: // SHORT_BINUNICODE
        return void stack.push(this.#text(this.#byte()));
      case 0x4a: { // BININT
        const value = this.#view.getInt32(this.#at, true);
        this.#at += 4;
        return void stack.push(value);
      }
      case 0x4b: // BININT1
        return void stack.push(this.#byte());
      case 0x4d: // BININT2
        return void stack.push(this.#unsigned(2));
      case 0x8a: // LONG1
        return void stack.push(this.#unsigned(this.#byte()));
      case 0x4e: // NONE
        return void stack.push(null);
      case 0x88: // NEWTRUE
        return void stack.push(true);
      case 0x89: // NEWFALSE
        return void stack.push(false);
      case 0x51: // BINPERSID
        return void stack.push(this.#storage(stack.pop()));
      case 0x52: { // REDUCE
        const args = stack.pop();
        return void stack.push(this.#reduce(stack.pop(), args));
      }
      case 0x62: // BUILD, which gives a state dictionary its versions
        return void stack.pop();
      default:
        throw this.#refusal(`the operation 0x${code.toString(16)}`);
    }
  }

  #refusal(what: string): RequestError {
    return new RequestError(
      `the pickle asks for ${what}, which is no part of a tensor; nothing was executed, take the file from a source you trust`,
      { file: this.#file },
    );
  }

  #global(name: string): Global {
    if (name !== dictionary && name !== rebuild && !storages.test(name)) throw this.#refusal(name);
    return new Global(name);
  }

  #storage(id: unknown): unknown {
    const [kind, type, key] = Array.isArray(id) ? id : [];
    if (kind !== "storage" || !(type instanceof Global)) throw this.#refusal("a persistent object");
    return { type: type.name.replace("torch.", ""), key: String(key) };
  }

  #reduce(callable: unknown, args: unknown): unknown {
    const name = callable instanceof Global ? callable.name : String(callable);
    if (name === dictionary) return new Map();
    if (name !== rebuild || !Array.isArray(args)) throw this.#refusal(`a call of ${name}`);
    const [storage, offset, shape, strides] = args as [{ type: string; key: string }, number, number[], number[]];
    return { storage: storage.type, key: storage.key, offset, shape, strides };
  }

  #append(items: readonly unknown[]): void {
    (this.#stack.at(-1) as unknown[]).push(...items);
  }

  #set(items: readonly unknown[]): void {
    const target = this.#stack.at(-1) as Map<unknown, unknown>;
    for (let at = 0; at < items.length; at += 2) target.set(items[at], items[at + 1]);
  }

  #toMark(): unknown[] {
    const items = this.#stack.splice(this.#stack.lastIndexOf(mark));
    return items.slice(1);
  }

  #byte(): number {
    return this.#view.getUint8(this.#at++);
  }

  #unsigned(bytes: number): number {
    let value = 0;
    for (let at = 0; at < bytes; at++) value += this.#byte() * 2 ** (8 * at);
    return value;
  }

  #text(length: number): string {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError("The text is cut short");
    return new TextDecoder().decode(this.#bytes.subarray(this.#at, this.#at = end));
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) throw new RangeError("The name is cut short");
    const text = this.#text(end - this.#at);
    this.#at++;
    return text;
  }
}

/** The pickle of an ordered dictionary of whole, contiguous tensors; each tensor's storage is named by its number. */
export function writePickle(
  tensors: readonly { readonly name: string; readonly shape: readonly number[]; readonly storage: string }[],
): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [0x80, 2];
  const ascii = (text: string) => bytes.push(...new TextEncoder().encode(text));
  const global = (module: string, name: string) => ascii(`c${module}\n${name}\n`);
  const unsigned = (code: number, value: number) => {
    bytes.push(code);
    for (let at = 0; at < 4; at++) bytes.push(Math.floor(value / 2 ** (8 * at)) % 256);
  };
  const text = (value: string) => {
    unsigned(0x58, new TextEncoder().encode(value).length);
    ascii(value);
  };
  const tuple = (values: readonly number[]) => {
    ascii("(");
    for (const value of values) unsigned(0x4a, value);
    ascii("t");
  };
  const emptyDictionary = () => {
    global("collections", "OrderedDict");
    ascii(")R");
  };
  emptyDictionary();
  ascii("(");
  tensors.forEach(({ name, shape, storage }, index) => {
    const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, extent) => product * extent, 1));
    text(name);
    global("torch._utils", "_rebuild_tensor_v2");
    ascii("((");
    text("storage");
    global("torch", storage);
    text(String(index));
    text("cpu");
    unsigned(0x4a, shape.reduce((product, extent) => product * extent, 1));
    ascii("tQ");
    unsigned(0x4a, 0);
    tuple(shape);
    tuple(strides);
    bytes.push(0x89);
    emptyDictionary();
    ascii("tR");
  });
  ascii("u.");
  return Uint8Array.from(bytes);
}
