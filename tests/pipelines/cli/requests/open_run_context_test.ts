/** The addresses and tokens of shared caches. @module */
import assert from "node:assert/strict";
import { RequestError } from "../../../../pipelines/common/errors.ts";
import { sharedCache } from "../../../../pipelines/cli/requests/open_run_context.ts";

const address = "https://cache.example/refract";

Deno.test("sharedCache() takes an address and a token, without the newline of a file", () => {
  assert.deepEqual(sharedCache(address, undefined), { address });
  assert.deepEqual(sharedCache(address, ""), { address });
  assert.deepEqual(sharedCache(address, "secret\n"), { address, token: "secret" });
});

Deno.test("sharedCache() refuses other addresses and tokens, and does not repeat a token", () => {
  const refused: readonly (readonly [address: string, token: string | undefined, says: RegExp])[] = [
    ["ftp://cache.example", undefined, /neither a folder nor an http address/],
    ["https://name:secret@cache.example", undefined, /has a password in its address/],
    ["https://cache.example/x?y=1", undefined, /has a query/],
    ["https://cache.example/x#y", undefined, /has a query/],
    [address, "secret\nsecret", /REFRACT_STORE_TOKEN has a space or a character that a token cannot have/],
    [address, "secret secret", /REFRACT_STORE_TOKEN/],
    [address, "sécret", /REFRACT_STORE_TOKEN/],
  ];
  for (const [address, token, says] of refused) {
    assert.throws(() => sharedCache(address, token), (error) => {
      return error instanceof RequestError && says.test(error.message) && !/s[eé]cret/.test(error.message);
    });
  }
});
