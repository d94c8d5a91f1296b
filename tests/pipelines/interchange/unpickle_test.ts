/** Pickles are read as data: a request for anything but tensors is named, and damaged pickles are refused. @module */
import assert from "node:assert/strict";
import { RequestError } from "../../../pipelines/common/errors.ts";
import { readPickle } from "../../../pipelines/interchange/unpickle.ts";
import { latin, pickledNumber, pickledState, pickledTensor, pickledText, pickledTuple } from "./support.ts";

const ordered = "ccollections\nOrderedDict\n";
const saved = (text: string) => latin(`\x80\x02${text}.`);

Deno.test("tensors are read with their storage, and version metadata is ignored", () => {
  const tensor = pickledTensor({ type: "HalfStorage", key: "3", offset: 5, shape: [2, 3], strides: [3, 1] });
  const versions = `}${pickledText("_metadata")}${ordered})Rsb`;
  const found = readPickle(saved(`${ordered})R(${pickledText("a")}${tensor}u${versions}`), "file.bin");
  const { storage, key, offset, shape, strides } = found.get("a")!;
  assert.deepEqual({ storage, key, offset, shape, strides }, {
    storage: "HalfStorage",
    key: "3",
    offset: 5,
    shape: [2, 3],
    strides: [3, 1],
  });
});

const short = (text: string) => `\x8c${String.fromCharCode(text.length)}${text}`;
const demands: Readonly<Record<string, readonly [pickle: string, says: RegExp]>> = {
  "os.system by GLOBAL": ["cos\nsystem\n", /requests os\.system,/],
  "builtins.eval by STACK_GLOBAL": [`${short("builtins")}${short("eval")}\x93`, /requests builtins\.eval,/],
  "os.system by REDUCE": [`cos\nsystem\n(${pickledText("ls")}tR`, /requests os\.system,/],
  "os.system by INST": [`(${pickledText("ls")}ios\nsystem\n`, /the operation 0x69 \(INST\) of os\.system,/],
  "a class by OBJ": [`(cos\nPopen\no`, /requests os\.Popen,/],
  "an object by OBJ": [`(${ordered}o`, /the operation 0x6f \(OBJ\),/],
  "an object by NEWOBJ": [`${ordered})\x81`, /the operation 0x81 \(NEWOBJ\),/],
  "an object by NEWOBJ_EX": [`${ordered})}\x92`, /the operation 0x92 \(NEWOBJ_EX\),/],
  "a registered object": ["\x82\x01", /the operation 0x82 \(EXT1\),/],
  "a user's own class": ["cmine.models\nSpecial\n", /requests mine\.models\.Special,/],
  "a whole module": ["ctorch.nn.modules.linear\nLinear\n", /requests torch\.nn\.modules\.linear\.Linear,/],
  "an array of numpy": ["cnumpy.core.multiarray\n_reconstruct\n", /requests numpy\.core\.multiarray\._reconstruct,/],
  "a state for something other than a dictionary": [
    `(t}b`,
    /the operation BUILD on something other than a dictionary,/,
  ],
  "a dictionary filled by its call": [`${ordered}(]tR`, /a call of collections\.OrderedDict with 1 arguments,/],
  "a call of a storage": ["ctorch\nFloatStorage\n)R", /a call of torch\.FloatStorage with 0 arguments,/],
  "a call of a string": [`${pickledText("os.system")})R`, /a call of something other than a function,/],
  "a persistent module": [
    `${pickledTuple(pickledText("module"), "ctorch\nFloatStorage\n", pickledText("0"))}Q`,
    /a persistent object that is not a storage,/,
  ],
  "a persistent number": ["K\x01Q", /a persistent object that is not a storage,/],
  "a name with control characters": ["cos\nsys\x1b[31mtem\n", /requests os\.sys\?\[31mtem,/],
};
for (const [name, [text, says]] of Object.entries(demands)) {
  Deno.test(`a pickle that asks for ${name} is refused by name`, () => {
    const isRight = (error: unknown) => {
      return error instanceof RequestError && says.test(error.message) && /; nothing was executed/.test(error.message);
    };
    assert.throws(() => readPickle(saved(text), "file.bin"), isRight);
  });
}

const deep = 100_000;
const damages: Readonly<Record<string, readonly [pickle: Uint8Array, says: RegExp]>> = {
  "that is empty": [latin(""), /damaged or truncated/],
  "that never stops": [latin("}".repeat(1000)), /damaged or truncated/],
  "that takes from an empty stack": [latin("R."), /damaged or truncated/],
  "that stops with an empty stack": [latin("."), /damaged or truncated/],
  "that stops at a mark": [latin("(."), /damaged or truncated/],
  "of a tuple without a mark": [latin("K\x01t."), /damaged or truncated/],
  "of a pair with one element": [latin("K\x01\x86."), /damaged or truncated/],
  "that recalls an empty memo": [latin("h\x07."), /damaged or truncated/],
  "that appends to a number": [latin("K\x01K\x02a."), /damaged or truncated/],
  "that sets entries of a list": [latin("]K\x01K\x02s."), /damaged or truncated/],
  "of a text longer than the pickle": [latin("X\xff\xff\xff\x7fabc."), /damaged or truncated/],
  "of a frame longer than the pickle": [latin("\x95\xff\xff\xff\xff\xff\xff\xff\x7f."), /damaged or truncated/],
  "of an unterminated name": [latin("ccollections"), /damaged or truncated/],
  "of a list": [saved("]"), /has no state dictionary/],
  "of a dictionary of numbers": [saved(`}(${pickledText("a")}K\x01u`), /"a" is not a tensor/],
  "of a tensor without a name": [
    saved(`}(K\x01${pickledTensor()}u`),
    /an entry of the state dictionary is not a tensor/,
  ],
  "nested deeply": [saved(`${"(".repeat(deep)}${"t".repeat(deep)}`), /has no state dictionary/],
  "with a name nested deeply": [
    saved(`}(${"(".repeat(deep)}${"t".repeat(deep)}K\x01u`),
    /an entry of the state dictionary is not a tensor/,
  ],
  "that calls a deeply nested value": [saved(`${"(".repeat(deep)}${"t".repeat(deep)})R`), /other than a function/],
  "of a negative size": [pickledState({ a: pickledTensor({ shape: [-1] }) }), /invalid shape, strides or offset/],
  "of a negative stride": [pickledState({ a: pickledTensor({ strides: [-1] }) }), /invalid shape, strides or offset/],
  "of a negative offset": [pickledState({ a: pickledTensor({ offset: -1 }) }), /invalid shape, strides or offset/],
  "of a size that overflows": [
    pickledState({ a: pickledTensor({ shape: [2 ** 60] }) }),
    /invalid shape, strides or offset/,
  ],
  "of a shape with fewer strides": [
    pickledState({ a: pickledTensor({ shape: [1, 1], strides: [1] }) }),
    /invalid shape, strides or offset/,
  ],
  "of a tensor without a storage": [
    saved(`ctorch._utils\n_rebuild_tensor_v2\n(${pickledNumber(1)}${pickledNumber(0)}))tR`),
    /damaged or truncated/,
  ],
};
for (const [name, [pickle, says]] of Object.entries(damages)) {
  Deno.test(`a pickle ${name} is refused`, () => {
    const isRight = (error: unknown) => error instanceof RequestError && says.test(error.message);
    assert.throws(() => readPickle(pickle, "file.bin"), isRight);
  });
}
