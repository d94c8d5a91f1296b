/** A page's digests match node:crypto. @module */
import assert from "node:assert/strict";
import * as node from "node:crypto";
import { createHash } from "../../../pipelines/web/node/crypto.ts";

/** Content of the given length with a long period. */
const content = (length: number) => Uint8Array.from({ length }, (_, at) => (at * 7919 + (at >> 8)) & 0xff);

const algorithms = ["sha1", "sha256"] as const;

for (const name of algorithms) {
  Deno.test(`${name} of nothing, of texts and of megabytes is the same in hex, in base64 and as bytes`, () => {
    for (const given of ["", "größer", content(1), content(64), content(3_000_001)]) {
      const own = () => createHash(name).update(given), theirs = () => node.createHash(name).update(given);
      assert.equal(own().digest("hex"), theirs().digest("hex"));
      assert.equal(own().digest("base64"), theirs().digest("base64"));
      assert.deepEqual(own().digest(), new Uint8Array(theirs().digest()));
    }
  });
}

Deno.test("interleaved digests of both algorithms do not mix", () => {
  const names = [...algorithms, ...algorithms], parts = [content(63), content(200), content(65)];
  const own = names.map((name) => createHash(name)), theirs = names.map((name) => node.createHash(name));
  for (const part of parts) {
    names.forEach((_, at) => {
      own[at]!.update(part.subarray(at));
      theirs[at]!.update(part.subarray(at));
    });
  }
  assert.deepEqual(own.map((hash) => hash.digest("hex")), theirs.map((hash) => hash.digest("hex")));
});

Deno.test("a copy continues independently", () => {
  const hash = createHash("sha256").update("begun"), copy = hash.copy();
  copy.update(" otherwise");
  assert.equal(hash.digest("hex"), node.createHash("sha256").update("begun").digest("hex"));
  assert.equal(copy.digest("hex"), node.createHash("sha256").update("begun otherwise").digest("hex"));
});

Deno.test("a digest can be computed only once", () => {
  const hash = createHash("sha1").update("a");
  hash.digest();
  assert.throws(() => hash.digest("hex"), /made already/);
  assert.throws(() => hash.update("b"), /made already/);
  assert.throws(() => hash.copy().digest(), /made already/);
});
