/**
 * What `watch` reveals with and without its address, and how it shows damaged files.
 *
 * @module
 */
import assert from "node:assert/strict";
import { serveReport } from "../../pipelines/cli/commands/watch_command.ts";
import { inFolder } from "../pipelines/models/support.ts";

async function watching(test: (folder: string, address: URL) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    const stop = new AbortController(), printed = Promise.withResolvers<string>();
    const served = serveReport(folder, 0, { print: printed.resolve }, stop.signal);
    try {
      await test(folder, new URL((await printed.promise).split(" ")[0]!));
    } finally {
      stop.abort();
      await served;
    }
  });
}

Deno.test("watch responds only to those who know its token, from the address or from its cookie", () =>
  watching(async (_, address) => {
    const { origin, port } = address,
      status = async (path: string, headers: HeadersInit = {}) => {
        const response = await fetch(origin + path, { headers });
        await response.body?.cancel();
        return response.status;
      };
    const token = address.searchParams.get("token")!;
    assert.equal(token.length, 48);
    for (const path of ["/", "/events", "/?token=", `/?token=${token.slice(1)}`, `/events?token=${"0".repeat(48)}`]) {
      assert.equal(await status(path), 403, path);
    }
    for (const cookie of [`refract-${port}=`, `refract-1=${token}`, token]) {
      assert.equal(await status("/", { cookie }), 403, cookie);
    }
    assert.equal(await status("/", { cookie: `a=b; refract-${port}=${token}` }), 200);
    const page = await fetch(address);
    assert.match(page.headers.get("set-cookie")!, /; HttpOnly; SameSite=Strict$/);
    await page.body?.cancel();
  }));

Deno.test("every response of watch forbids type sniffing, framing and caching", () =>
  watching(async (_, { href, origin }) => {
    for (const url of [href, `${origin}/`, href.replace("/?", "/nothing?")]) {
      const { headers, body } = await fetch(url);
      await body?.cancel();
      assert.match(headers.get("content-security-policy")!, /frame-ancestors 'none'/);
      assert.equal(headers.get("x-content-type-options"), "nosniff");
      assert.equal(headers.get("x-frame-options"), "DENY");
      assert.equal(headers.get("referrer-policy"), "no-referrer");
      assert.equal(headers.get("cache-control"), "no-store");
    }
  }));

Deno.test("a page's policy allows only its own script", () =>
  watching(async (_, address) => {
    const page = await (await fetch(address)).text();
    const policy = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(page)![1]!;
    const script = /<script type="module">([^]*?)<\/script>/.exec(page)![1]!;
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(script))).toBase64();
    assert.ok(policy.includes(`script-src 'sha256-${digest}'`), policy);
    assert.ok(policy.startsWith("default-src 'none'"), policy);
    assert.ok(!policy.includes("unsafe"), policy);
  }));

const faulty = {
  "invalid JSON": "{",
  "zeros": "\0".repeat(500),
  "null": "null",
  "members that are numbers": '{"pipeline":"a","members":[5],"encode":[]}',
  "members without stages": '{"pipeline":"a","members":[{"id":"a","axes":{}}],"encode":[]}',
  "stages without a kind": '{"pipeline":"a","members":[{"id":"a","axes":{},"stages":[{"name":"a"}]}],"encode":[]}',
  "a summary that is null": '{"pipeline":"a","members":[],"encode":[],"summaries":[null]}',
} as const;

for (const [name, content] of Object.entries(faulty)) {
  Deno.test(`events report the error in results of ${name}, and continue once they are repaired`, () =>
    watching(async (folder, address) => {
      const file = `${folder}/results.json`;
      await Deno.writeTextFile(file, content);
      const { body } = await fetch(new URL(`/events${address.search}`, address));
      const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
      const { value: first = "" } = await reader.read();
      assert.match(first, /^event: fault\ndata: ".*(is not JSON|must hold|has no results).*"\n\n$/);
      assert.ok(!/\bat \w+.*:\d+:\d+/.test(first), first);
      await Deno.writeTextFile(file, '{"pipeline":"sound","members":[],"encode":[]}\n');
      const { value: second = "" } = await reader.read();
      assert.match(second, /^data: \{"pipeline":"sound"/);
      await reader.cancel();
    }));
}
