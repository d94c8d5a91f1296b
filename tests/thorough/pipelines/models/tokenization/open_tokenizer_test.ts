import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openTokenizer } from "../../../../../pipelines/models/tokenization/open_tokenizer.ts";
import { inFolder } from "../../../../pipelines/models/support.ts";

const builtin = fileURLToPath(new URL("../../../../../pipelines/models/builtin/tiny", import.meta.url));

/** Until files that were just written are known not to change unnoticed. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 3100));

async function copied(folder: string): Promise<void> {
  for (const name of ["tokenizer.json", "tokenizer_config.json", "config.json", "generation_config.json"]) {
    await Deno.copyFile(join(builtin, name), join(folder, name)).catch(() => {});
  }
}

Deno.test("openTokenizer() keeps the last tokenizer, for the same number of rows of the embedding", () =>
  inFolder(async (folder) => {
    await copied(folder);
    await settled();
    const first = await openTokenizer(folder, Infinity);
    assert.equal(await openTokenizer(folder, Infinity), first);
    const { vocabularySize } = first, short = await openTokenizer(folder, vocabularySize - 1);
    assert.notEqual(short, first);
    assert.equal(short.digest, first.digest);
  }));

Deno.test("openTokenizer() reads again what has changed, even where a file got its old time back", () =>
  inFolder(async (folder) => {
    await copied(folder);
    await settled();
    const path = join(folder, "tokenizer_config.json"), { mtime, atime } = await Deno.stat(path);
    const before = await openTokenizer(folder, Infinity);
    const text = await Deno.readTextFile(path), { pad_token: pad, eos_token: end } = JSON.parse(text);
    assert.notEqual(pad, undefined);
    await Deno.writeTextFile(path, JSON.stringify({ ...JSON.parse(text), pad_token: end }));
    await Deno.utime(path, atime!, mtime!);
    const changed = await openTokenizer(folder, Infinity);
    assert.notEqual(changed.digest, before.digest);
    assert.equal(changed.padTokenId, changed.eosTokenId);
    // It could change again within the same second.
    assert.notEqual(await openTokenizer(folder, Infinity), changed);
    await settled();
    const kept = await openTokenizer(folder, Infinity);
    assert.equal(await openTokenizer(folder, Infinity), kept);
    const templates = join(folder, "additional_chat_templates");
    await Deno.mkdir(templates);
    await Deno.writeTextFile(join(templates, "tools.jinja"), "{{ messages }}");
    assert.equal((await openTokenizer(folder, Infinity)).chat.templates.get("tools"), "{{ messages }}");
    await Deno.remove(templates, { recursive: true });
    assert.equal((await openTokenizer(folder, Infinity)).chat.templates.has("tools"), false);
  }));

Deno.test("openTokenizer() refuses a folder without a tokenizer, also after it was removed", () =>
  inFolder(async (folder) => {
    await copied(folder);
    await settled();
    await openTokenizer(folder, Infinity);
    await Deno.remove(join(folder, "tokenizer.json"));
    await assert.rejects(openTokenizer(folder, Infinity), /has no tokenizer\.json/);
  }));
