/**
 * Reads the pickles of torch's state dictionaries. A pickle is a program; this reader builds only tensors and ordered
 * dictionaries, executes nothing, and checks the type of each value that is used.
 *
 * @module
 */
import { RequestError } from "../common/errors.ts";
import { quote } from "../common/suggest.ts";
import { ByteReader } from "./byte_reader.ts";

/** Where a tensor's elements are in its storage. All numbers are whole and not negative. */
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

/** A name that a pickle refers to. */
class Global {
  constructor(readonly name: string) {}
}

/** A storage that a pickle names. */
class Storage {
  constructor(readonly type: string, readonly key: string) {}
}

/** A tensor that a pickle builds. */
class Tensor implements PickledTensor {
  constructor(
    readonly storage: string,
    readonly key: string,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

const dictionary = "collections.OrderedDict";
const rebuild = "torch._utils._rebuild_tensor_v2";
const storages = /^torch\.\w+Storage$/;
const mostAxes = 64;

/** Names of operations that are refused, for messages. */
const foreign: Readonly<Record<number, string>> = {
  0x47: "BINFLOAT",
  0x50: "PERSID",
  0x69: "INST",
  0x6f: "OBJ",
  0x81: "NEWOBJ",
  0x82: "EXT1",
  0x83: "EXT2",
  0x84: "EXT4",
  0x92: "NEWOBJ_EX",
};

/**
 * The tensors of a pickled state dictionary by name.
 *
 * @param file For messages.
 * @throws {RequestError} If the pickle requests anything but tensors and ordered dictionaries, or is truncated.
 */
export function readPickle(bytes: Uint8Array, file: string): ReadonlyMap<string, PickledTensor> {
  const value = new Unpickler(bytes, file).read();
  const tensors = new Map<string, PickledTensor>();
  if (!(value instanceof Map)) {
    throw new RequestError("has no state dictionary; save the intervention again", { file });
  }
  for (const [name, tensor] of value) {
    if (typeof name === "string" && tensor instanceof Tensor) tensors.set(name, tensor);
    else {
      const what = typeof name === "string" ? quote(name) : "an entry of the state dictionary";
      throw new RequestError(`${what} is not a tensor; save the intervention again`, { file });
    }
  }
  return tensors;
}

class Unpickler {
  readonly #reader: ByteReader;
  readonly #file: string;
  readonly #memo = new Map<number, unknown>();
  readonly #stack: unknown[] = [];

  constructor(bytes: Uint8Array, file: string) {
    this.#reader = new ByteReader(bytes);
    this.#file = file;
  }

  read(): unknown {
    try {
      for (;;) {
        const code = this.#reader.byte();
        if (code === 0x2e) return this.#pop();
        this.#step(code);
      }
    } catch (fault) {
      if (fault instanceof RequestError) throw fault;
      // Reading past the end, popping from an empty stack, or using a value with the wrong type.
      throw new RequestError("the pickle is damaged or truncated; save the intervention again", { file: this.#file })
        .causedBy(fault);
    }
  }

  #step(code: number): void {
    const stack = this.#stack;
    switch (code) {
      case 0x80: // PROTO
        return void this.#reader.byte();
      case 0x95: // FRAME
        return this.#reader.skip(8);
      case 0x63: // GLOBAL
        return void stack.push(this.#global(`${this.#reader.line()}.${this.#reader.line()}`));
      case 0x93: { // STACK_GLOBAL
        const name = this.#popText(), module = this.#popText();
        return void stack.push(this.#global(`${module}.${name}`));
      }
      case 0x71: // BINPUT
        return void this.#memo.set(this.#reader.byte(), this.#top());
      case 0x72: // LONG_BINPUT
        return void this.#memo.set(this.#reader.unsigned(4), this.#top());
      case 0x94: // MEMOIZE
        return void this.#memo.set(this.#memo.size, this.#top());
      case 0x68: // BINGET
        return void stack.push(this.#remembered(this.#reader.byte()));
      case 0x6a: // LONG_BINGET
        return void stack.push(this.#remembered(this.#reader.unsigned(4)));
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
        return void stack.push(this.#popMany(code - 0x84));
      case 0x61: // APPEND
        return this.#append([this.#pop()]);
      case 0x65: // APPENDS
        return this.#append(this.#toMark());
      case 0x73: // SETITEM
        return this.#set(this.#popMany(2));
      case 0x75: // SETITEMS
        return this.#set(this.#toMark());
      case 0x58: // BINUNICODE
        return void stack.push(this.#reader.text(this.#reader.unsigned(4)));
      case 0x8c: // SHORT_BINUNICODE
        return void stack.push(this.#reader.text(this.#reader.byte()));
      case 0x4a: // BININT
        return void stack.push(this.#reader.signed(4));
      case 0x4b: // BININT1
        return void stack.push(this.#reader.byte());
      case 0x4d: // BININT2
        return void stack.push(this.#reader.unsigned(2));
      case 0x8a: // LONG1
        return void stack.push(this.#reader.signed(this.#reader.byte()));
      case 0x4e: // NONE
        return void stack.push(null);
      case 0x88: // NEWTRUE
        return void stack.push(true);
      case 0x89: // NEWFALSE
        return void stack.push(false);
      case 0x51: // BINPERSID
        return void stack.push(this.#storage(this.#pop()));
      case 0x52: { // REDUCE
        const args = this.#pop();
        return void stack.push(this.#reduce(this.#pop(), args));
      }
      case 0x62: // BUILD, which gives a state dictionary its versions
        this.#pop();
        if (!(this.#top() instanceof Map)) {
          throw this.#refusal("the operation BUILD on something other than a dictionary");
        }
        return;
      default:
        throw this.#refusal(this.#operation(code));
    }
  }

  #operation(code: number): string {
    const number = `the operation 0x${code.toString(16)}`, name = foreign[code];
    if (name === undefined) return number;
    const what = name === "INST" && this.#reader.hasLines(2)
      ? ` of ${shown(`${this.#reader.line()}.${this.#reader.line()}`)}`
      : "";
    return `${number} (${name})${what}`;
  }

  #refusal(what: string): RequestError {
    return new RequestError(
      `the pickle requests ${what}, which is not part of a tensor; nothing was executed, but take the file from a source ` +
        "you trust",
      { file: this.#file },
    );
  }

  #global(name: string): Global {
    if (name !== dictionary && name !== rebuild && !storages.test(name)) throw this.#refusal(shown(name));
    return new Global(name);
  }

  #storage(id: unknown): Storage {
    const [kind, type, key] = Array.isArray(id) ? id : [];
    if (kind !== "storage" || !(type instanceof Global) || !storages.test(type.name) || typeof key !== "string") {
      throw this.#refusal("a persistent object that is not a storage");
    }
    return new Storage(type.name.replace("torch.", ""), key);
  }

  #reduce(callable: unknown, args: unknown): unknown {
    if (!(callable instanceof Global) || !Array.isArray(args)) {
      throw this.#refusal("a call of something other than a function");
    }
    if (callable.name === dictionary && args.length === 0) return new Map();
    if (callable.name !== rebuild) throw this.#refusal(`a call of ${callable.name} with ${args.length} arguments`);
    const [storage, offset, shape, strides]: readonly unknown[] = args;
    if (!(storage instanceof Storage)) throw new TypeError("Expected a tensor to have a storage");
    const isLocated = isCount(offset) && isExtents(shape) && isExtents(strides) && shape.length === strides.length;
    if (!isLocated) {
      throw new RequestError(
        "the pickle has a tensor with an invalid shape, strides or offset; copy the file or save it again",
        { file: this.#file },
      );
    }
    return new Tensor(storage.type, storage.key, offset, shape, strides);
  }

  #append(items: readonly unknown[]): void {
    const target = this.#top();
    if (!Array.isArray(target)) throw new TypeError("Expected a list to append to");
    for (const item of items) target.push(item);
  }

  #set(items: readonly unknown[]): void {
    const target = this.#top();
    if (!(target instanceof Map)) throw new TypeError("Expected a dictionary to set entries of");
    for (let at = 0; at < items.length; at += 2) target.set(items[at], items[at + 1]);
  }

  #top(): unknown {
    const value = this.#stack.at(-1);
    if (value === undefined || value === mark) throw new RangeError("The stack is empty");
    return value;
  }

  #pop(): unknown {
    const value = this.#top();
    this.#stack.pop();
    return value;
  }

  #popText(): string {
    const text = this.#pop();
    if (typeof text !== "string") throw new TypeError("Expected a text");
    return text;
  }

  #popMany(count: number): unknown[] {
    return Array.from({ length: count }, () => this.#pop()).reverse();
  }

  #remembered(key: number): unknown {
    if (!this.#memo.has(key)) throw new RangeError("Nothing is remembered under this number");
    return this.#memo.get(key);
  }

  #toMark(): unknown[] {
    const at = this.#stack.lastIndexOf(mark);
    if (at < 0) throw new RangeError("The stack has no mark");
    return this.#stack.splice(at).slice(1);
  }
}

/** A name from a pickle as a message shows it. */
function shown(name: string): string {
  const plain = name.replaceAll(/[^\x21-\x7e]/g, "?");
  return plain.length > 60 ? `${plain.slice(0, 60)}…` : plain;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isExtents(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= mostAxes && value.every(isCount);
}
