import assert from "node:assert/strict";
import { RequestError } from "../../../pipelines/common/errors.ts";
import { visible } from "../../../pipelines/common/visible.ts";

Deno.test("visible() escapes control characters, and keeps lines", () => {
  assert.equal(visible("a\tb\n\x1b[2Jc\u009b1md\re\u202ef\x7f"), "a\tb\n\\u001b[2Jc\\u009b1md\\u000de\\u202ef\\u007f");
  assert.equal(visible("für 北京 שלום 🙂"), "für 北京 שלום 🙂");
});

Deno.test("a message that quotes 100 kB is shortened in its middle, and keeps its end with the remedy", () => {
  const { message } = new RequestError(`the value ${"x".repeat(100_000)} is none; give a number`);
  assert.equal(message.length, 2003);
  assert.match(message, /^the value x+ … x+ is none; give a number$/);
});
