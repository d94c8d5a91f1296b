import assert from "node:assert/strict";
import { join } from "node:path";
import { RequestError } from "../../../../pipelines/common/errors.ts";
import { planConversion } from "../../../../pipelines/models/gguf/plan.ts";
import { readGguf } from "../../../../pipelines/models/gguf/reader.ts";
import { tokenizerFiles } from "../../../../pipelines/models/gguf/tokenizer.ts";
import { resolveModelFolder } from "../../../../pipelines/models/open/source.ts";
import { assertOneLine, inFolder } from "../support.ts";
import { type Field, ggufBytes, goldenPath, type WrittenTensor } from "./support.ts";

const F32 = 0;
const small: Readonly<Record<string, Field>> = {
  "general.architecture": { text: "llama" },
  "llama.block_count": { u32: 1 },
  "llama.embedding_length": { u32: 32 },
  "llama.attention.head_count": { u32: 2 },
  "llama.feed_forward_length": { u32: 32 },
  "llama.context_length": { u32: 16 },
  "llama.attention.layer_norm_rms_epsilon": { f32: 1e-5 },
  "tokenizer.ggml.model": { text: "gpt2" },
  "tokenizer.ggml.pre": { text: "gpt-2" },
  "tokenizer.ggml.tokens": { texts: ["a", "b"] },
  "tokenizer.ggml.merges": { texts: [] },
};
const row = (name: string, offset: number, extents: readonly number[] = [32]): WrittenTensor => ({
  name,
  extents,
  type: F32,
  offset,
});
const tensors = [
  row("token_embd.weight", 0, [32, 2]),
  row("output_norm.weight", 256),
  row("blk.0.attn_norm.weight", 384),
];
const DATA = 512;

/** A file of a whole model, with tensors of other extents, or omitted where those are `undefined`. */
function wholeModel(
  { changes = {}, metadata = small, version = 3 }: {
    readonly changes?: Readonly<Record<string, readonly number[] | undefined>>;
    readonly metadata?: Readonly<Record<string, Field>>;
    readonly version?: number;
  } = {},
): Uint8Array<ArrayBuffer> {
  const square = ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"];
  const added = [...square.map((name) => row(name, 0, [32, 32])), row("ffn_norm", 0)].map((each) => ({
    ...each,
    name: `blk.0.${each.name}.weight`,
  }));
  let offset = DATA;
  const placed = added.flatMap(({ name, extents: own }) => {
    const extents = Object.hasOwn(changes, name) ? changes[name] : own;
    if (extents === undefined) return [];
    const tensor = row(name, offset, extents);
    offset += paddedBytes(tensor);
    return [tensor];
  });
  return ggufBytes(metadata, [...tensors, ...placed], offset, { version });
}

/** Bytes of a tensor with its padding. */
function paddedBytes({ extents }: WrittenTensor): number {
  return Math.ceil(extents.reduce((product, extent) => product * extent, 4) / 32) * 32;
}

/** Asserts that a file is refused as a model in one line, and leaves nothing in the store. */
async function refuses(bytes: Uint8Array, pattern: RegExp, size = bytes.length): Promise<void> {
  await inFolder(async (base) => {
    await Deno.writeFile(join(base, "model.gguf"), bytes);
    await Deno.truncate(join(base, "model.gguf"), size);
    const store = join(base, "store");
    await assert.rejects(resolveModelFolder("./model.gguf", { base, store }), (error) => {
      assert.ok(error instanceof RequestError, String(error));
      assert.match(error.message, /^\/.*\/model\.gguf: /);
      return assertOneLine(error, pattern);
    });
    await assert.rejects(Deno.stat(join(store, "models")), Deno.errors.NotFound);
  });
}

/** The small file with some keys changed or, where undefined, omitted. */
function changed(changes: Readonly<Record<string, Field | undefined>>): Readonly<Record<string, Field>> {
  const all: Readonly<Record<string, Field | undefined>> = { ...small, ...changes };
  return Object.fromEntries(Object.entries(all).flatMap(([key, field]) => field === undefined ? [] : [[key, field]]));
}

Deno.test("a small GGUF file is converted to the same config in versions 2 and 3", async () => {
  await inFolder(async (base) => {
    await Deno.writeFile(join(base, "old.gguf"), wholeModel({ version: 2 }));
    const old = await resolveModelFolder("old.gguf", { base, store: join(base, "store") });
    await Deno.writeFile(join(base, "model.gguf"), wholeModel());
    const { folder, name } = await resolveModelFolder("model.gguf", { base, store: join(base, "store") });
    assert.equal(name, "model.gguf");
    const config = await Deno.readTextFile(join(folder, "config.json"));
    assert.equal(await Deno.readTextFile(join(old.folder, "config.json")), config);
    assert.ok((await Deno.stat(join(folder, "model.safetensors"))).isFile);
  });
});

Deno.test("a file that is not GGUF, or of another version or byte order, is refused", async () => {
  await refuses(new Uint8Array(0), /is not a GGUF file, it does not begin with GGUF; download/);
  await refuses(ggufBytes(small, tensors, DATA, { magic: "ggjt" }), /is not a GGUF file/);
  await refuses(ggufBytes(small, tensors, DATA, { version: 1 }), /is of GGUF version 1 and only 2 and 3 can be read; /);
  await refuses(ggufBytes(small, tensors, DATA, { version: 0x03000000 }), /is a big-endian GGUF file and only little/);
});

Deno.test("a file whose tensors and metadata make no model is refused by its own name", async () => {
  await refuses(new TextEncoder().encode("GGUF\x03\0\0\0\x01\0"), /is cut short in the number of tensors: 8 bytes/);
  await refuses(
    wholeModel({ changes: { "blk.0.ffn_up.weight": [32, 16] } }),
    /gguf: has the tensor blk\.0\.ffn_up\.weight as \[16, 32\], but its metadata require \[32, 32\]; download or/,
  );
  await refuses(
    wholeModel({ changes: { "blk.0.ffn_up.weight": undefined } }),
    /gguf: lacks a tensor for model\.layers\.0\.mlp\.up_proj\.weight; download or/,
  );
  await refuses(
    wholeModel({ metadata: changed({ "llama.rope.freq_base": { f32: 0 } }) }),
    /gguf: rope_theta is 0 where a positive number is expected; download or convert the file again$/,
  );
});

Deno.test("a file that claims more than it holds is refused before anything is allocated", async () => {
  const huge = 2n ** 62n;
  await refuses(
    ggufBytes(small, tensors, DATA, { keyCount: huge }),
    /is cut short in \d+ metadata entries: \d+ bytes/,
  );
  await refuses(
    ggufBytes(small, tensors, DATA, { tensorCount: huge }),
    /is cut short in \d+ tensors: \d+ bytes should/,
  );
  const length = [...new Array(7).fill(255), 127];
  await refuses(
    ggufBytes(changed({ long: { bytes: [8, 0, 0, 0, ...length] } })),
    /is cut short in long: \d+ bytes should/,
  );
  const array = [9, 0, 0, 0, 4, 0, 0, 0, ...length];
  await refuses(ggufBytes(changed({ list: { bytes: array } })), /is cut short in \d+ values of list: /);
  const nested = new Array(8).fill([9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]).flat().slice(0, -8);
  await refuses(
    ggufBytes(changed({ deep: { bytes: [9, 0, 0, 0, ...nested, 1, 0, 0, 0, 0, 0, 0, 0] } })),
    /nests arrays/,
  );
  await refuses(
    ggufBytes(changed({ odd: { bytes: [77, 0, 0, 0] } })),
    /has the unknown type 77 for the metadata key odd/,
  );
});

Deno.test("a large declared count causes no large allocation", async () => {
  const length = [0, 0, 0, 0, 1, 0, 0, 0], room = 2 ** 33;
  const array = ggufBytes(changed({ list: { bytes: [9, 0, 0, 0, 0, 0, 0, 0, ...length] } }));
  const text = ggufBytes(changed({ long: { bytes: [8, 0, 0, 0, ...length] } }));
  const tensorCount = ggufBytes(small, tensors, DATA, { tensorCount: 2n ** 28n });
  await refuses(array, /announces 4294967296 values of list, at most 16777216 are read; /, room);
  await refuses(text, /announces 4294967296 bytes for long, at most 268435456 are read; /, room);
  await refuses(tensorCount, /announces 268435456 tensors, at most 16777216 are read; /, room);
});

Deno.test("a tensor that is cut short, of a wrong shape or of an unknown type is refused by name", async () => {
  await refuses(
    ggufBytes(small, tensors, 300),
    /is cut short, 84 bytes of the tensor "output_norm\.weight" are missing/,
  );
  const only = (tensor: WrittenTensor) => ggufBytes(small, [tensor, ...tensors.slice(1)], DATA);
  await refuses(
    only({ ...tensors[0]!, type: 19 }),
    /"token_embd\.weight" is quantized as IQ1_S, which can't be read; use/,
  );
  await refuses(only({ ...tensors[0]!, type: 39 }), /is quantized as MXFP4, which can't be read; use a file of F32, /);
  await refuses(only({ ...tensors[0]!, type: 777 }), /is quantized as type 777, which can't be read/);
  await refuses(
    only({ ...tensors[0]!, type: 12 }),
    /has rows of 32 elements in the tensor "token_embd\.weight", which b/,
  );
  await refuses(only({ ...tensors[0]!, offset: 4 }), /has the tensor "token_embd\.weight" at 4, off its alignment/);
  await refuses(only({ ...tensors[0]!, extents: [] }), /has 0 dimensions for the tensor "token_embd\.weight"/);
  await refuses(only({ ...tensors[0]!, extents: [32, 0] }), /has the impossible shape \[0, 32\] for the tensor/);
  await refuses(only({ ...tensors[0]!, extents: [2 ** 40, 2 ** 40] }), /has the impossible shape/);
  await refuses(ggufBytes(small, [...tensors, tensors[1]!], DATA), /has the tensor "output_norm\.weight" twice/);
});

Deno.test("tensors with gaps or overlaps, or that do not reach the file's end, are refused", async () => {
  const [embedding, norm, last] = tensors as [WrittenTensor, WrittenTensor, WrittenTensor];
  await refuses(
    ggufBytes(small, [embedding, { ...norm, type: 1 }, last], DATA),
    /has the tensor "blk\.0\.attn_norm\.weight", which comes after 64 unused bytes; download/,
  );
  await refuses(
    ggufBytes(small, [{ ...embedding, extents: [32, 3] }, norm, last], DATA),
    /has the tensor "output_norm\.weight", which overlaps the one before it by 128 bytes; download/,
  );
  await refuses(
    ggufBytes(small, [embedding, norm], DATA),
    /has 128 bytes at its end that belong to no tensor; download/,
  );
});

Deno.test("an unknown model, or one without a required part, is refused by name", async () => {
  const file = (changes: Readonly<Record<string, Field | undefined>>, more?: WrittenTensor) =>
    ggufBytes(changed(changes), more ? [...tensors, more] : tensors, DATA + (more ? paddedBytes(more) : 0));
  await refuses(
    file({ "general.architecture": { text: "mamba" } }),
    /architecture "mamba" is not supported; known are ll/,
  );
  await refuses(
    file({ "general.architecture": undefined }),
    /key general\.architecture is missing where a string is expe/,
  );
  await refuses(
    file({ "llama.context_length": undefined }),
    /the metadata key llama\.context_length is missing where a/,
  );
  await refuses(file({ "llama.block_count": { u32: 2 } }), /lacks the tensor blk\.1\.attn_norm\.weight; download/);
  await refuses(file({ "llama.block_count": { u32: 2 ** 32 - 1 } }), /lacks the tensor blk\.1\.attn_norm\.weight/);
  await refuses(
    file({}, row("blk.1.attn_norm.weight", DATA)),
    /has the tensor blk\.1\.attn_norm\.weight and only 1 block/,
  );
  await refuses(
    file({}, row("blk.0.odd.weight", DATA)),
    /the tensor blk\.0\.odd\.weight does not belong to any supported llama model/,
  );
  await refuses(file({ "llama.expert_count": { u32: 8 } }), /is a mixture of experts, which is not supported; use/);
  await refuses(file({ "split.count": { u32: 3 } }), /is one of 3 parts; merge them with llama-gguf-split/);
  await refuses(
    file({ "llama.attention.head_count": { u32: 3 } }),
    /has the width 32, which does not divide into 3 heads; convert/,
  );
  await refuses(
    file({}, row("blk.0.attn_q.weight", DATA, [32, 3])),
    /attn_q\.weight of shape \[3, 32\] does not divide i/,
  );
  await refuses(
    file({ "llama.rope.scaling.type": { text: "odd" } }),
    /the rope scaling "odd" is not supported; known are/,
  );
  await refuses(file({}, row("rope_freqs.weight", DATA, [8])), /does not scale frequencies as Llama 3 does/);
});

Deno.test("an unknown tokenizer, or one without a required part, is refused by name", async () => {
  const file = (changes: Readonly<Record<string, Field | undefined>>) => wholeModel({ metadata: changed(changes) });
  await refuses(
    file({ "tokenizer.ggml.model": { text: "rwkv" } }),
    /tokenizer\.ggml\.model "rwkv" is not supported; known/,
  );
  await refuses(
    file({ "tokenizer.ggml.pre": { text: "odd" } }),
    /tokenizer\.ggml\.pre "odd" is not supported; known are /,
  );
  await refuses(
    file({ "tokenizer.ggml.pre": undefined }),
    /key tokenizer\.ggml\.pre is missing, so that texts can't be s/,
  );
  await refuses(
    file({ "tokenizer.ggml.tokens": undefined }),
    /tokenizer\.ggml\.tokens is missing where a list of strin/,
  );
  await refuses(
    file({ "tokenizer.ggml.merges": { texts: ["ab"] } }),
    /has the merge "ab", which is not two tokens; conve/,
  );
  await refuses(
    file({ "tokenizer.ggml.eos_token_id": { u32: 9 } }),
    /has tokenizer\.ggml\.eos_token_id 9 and 2 tokens; /,
  );
  await refuses(
    file({ "tokenizer.ggml.model": { text: "llama" } }),
    /tokenizer\.ggml\.scores is missing where a list of /,
  );
});

Deno.test("a nonexistent GGUF path is refused, and so is a revision", async () => {
  await inFolder(async (base) => {
    const absent = resolveModelFolder("absent.gguf", { base, store: base });
    await assert.rejects(
      absent,
      (error) => assertOneLine(error, /^the model "absent\.gguf" is not a file in \//),
    );
    const revised = resolveModelFolder("absent.gguf", { base, store: base, revision: "main" });
    await assert.rejects(
      revised,
      (error) => assertOneLine(error, /^revision "main" has no meaning for the file "absent/),
    );
  });
});

Deno.test("a GGUF file that is truncated or damaged anywhere is either read or refused", async () => {
  await inFolder(async (folder) => {
    const sound = await Deno.readFile(goldenPath("gemma.gguf")), path = join(folder, "model.gguf");
    const attempt = (bytes: Uint8Array): boolean => {
      Deno.writeFileSync(path, bytes);
      try {
        const { metadata } = planConversion(readGguf(path));
        tokenizerFiles(metadata);
        return true;
      } catch (error) {
        assert.ok(error instanceof RequestError, error instanceof Error ? error.stack : String(error));
        assert.doesNotMatch(error.message, /\n|\.$/);
        return false;
      }
    };
    assert.ok(attempt(sound));
    for (let length = 0; length < sound.length; length += 53) assert.ok(!attempt(sound.subarray(0, length)));
    let seed = 1;
    const next = (below: number) => (seed = seed * 48271 % 0x7fffffff) % below;
    const header = [...readGguf(goldenPath("gemma.gguf")).tensors.values()][0]!.offset;
    for (let round = 0; round < 400; round++) {
      const damaged = sound.slice();
      damaged[next(header)] = next(256);
      attempt(damaged);
    }
  });
});
