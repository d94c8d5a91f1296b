import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { digestInThread } from "../../../pipelines/common/digest_thread.ts";
import { blankDigest, digestOfPart } from "../../../pipelines/common/file_digest.ts";
import { inFolder } from "../models/support.ts";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

Deno.test("digestOfPart() treats the digits of a digest as zeros, even across two reads", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "file"), size = (4 << 20) + 1000;
    const bytes = Uint8Array.from({ length: size }, (_, at) => at * 31 + (at >> 9));
    await Deno.writeFile(path, bytes);
    assert.equal(digestOfPart({ path, start: 0 }), sha256(bytes));
    for (const start of [0, 7]) {
      for (const blank of [7, 100, (4 << 20) - 64, (4 << 20) - 30, 4 << 20, (4 << 20) + 5, size - 64]) {
        const blanked = bytes.slice();
        blanked.set(new TextEncoder().encode(blankDigest), blank);
        assert.equal(digestOfPart({ path, start, blank }), sha256(blanked.subarray(start)), `${start} ${blank}`);
      }
    }
  });
});

Deno.test("digestInThread() computes a digest, reports errors, and stops on request", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "file"), bytes = new Uint8Array(1 << 20).fill(3), never = new AbortController();
    await Deno.writeFile(path, bytes);
    assert.equal(await digestInThread({ path, start: 5 }, never.signal), sha256(bytes.subarray(5)));
    await assert.rejects(digestInThread({ path: join(folder, "absent"), start: 0 }, never.signal), /No such file/);
    const ended = new AbortController(), digest = digestInThread({ path, start: 0 }, ended.signal);
    ended.abort();
    await assert.rejects(digest, /given up/);
  });
});
