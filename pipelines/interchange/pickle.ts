/** Writes the pickle of a state dictionary as torch.save does (Python's pickle protocol 2). @module */
import { elementCount } from "../../ops/program/dimension.ts";

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
    const strides = shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
    text(name);
    global("torch._utils", "_rebuild_tensor_v2");
    ascii("((");
    text("storage");
    global("torch", storage);
    text(String(index));
    text("cpu");
    unsigned(0x4a, elementCount(shape));
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
