/** The page of a server, as it is sent; tests/integration drives it in a browser. @module */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { inService } from "./support.ts";

Deno.test("the page is sent to everyone, complete, and may run or load only its own content", () =>
  inService({}, async ({ ask, refused }) => {
    const response = await ask("/", undefined, {}, { key: "a key" }), page = await response.text();
    assert.deepEqual([response.status, response.headers.get("content-type")], [200, "text/html; charset=utf-8"]);
    const policy = response.headers.get("content-security-policy")!;
    assert.match(policy, /^default-src 'none'; .*connect-src 'self'; base-uri 'none'; .*; frame-ancestors 'none'$/);
    assert.doesNotMatch(policy, /unsafe/);
    for (const tag of ["style", "script"]) {
      const [, content = ""] = new RegExp(`<${tag}(?: type="module")?>([^]*?)</${tag}>`).exec(page)!;
      const digest = createHash("sha256").update(content).digest("base64");
      assert.ok(content.length > 1000 && policy.includes(`${tag}-src 'sha256-${digest}'`), tag);
    }
    assert.doesNotMatch(page, /\b(src|href)="(?!#|data:)/);
    assert.match(page, /\{"base":"base","hasTemplate":false,"mostTokens":64\}/);
    const [status, { message }] = await refused("/", {});
    assert.deepEqual([status, message], [405, "/ takes GET, not POST"]);
  }));
