/** Uploads of known length: what the server receives, and servers that refuse, break off or say nothing. @module */
import assert from "node:assert/strict";
import { type Proxies, readProxies } from "../../../pipelines/common/proxies.ts";
import { putSized } from "../../../pipelines/common/sized_upload.ts";

const length = 20e6;

/** Content that records whether it was read to its end or given up. */
function content() {
  const chunk = new Uint8Array(1 << 16).fill(7), state = { cancelled: false };
  let left = length;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(stream) {
      if (left === 0) return stream.close();
      const next = chunk.subarray(0, Math.min(left, chunk.length));
      left -= next.length;
      stream.enqueue(next);
    },
    cancel() {
      state.cancelled = true;
    },
  });
  return { body, state };
}

/** Uploads to a server that handles one connection. */
async function uploadTo(
  handle: (connection: Deno.TcpConn) => Promise<void>,
  { signal }: { readonly signal?: AbortSignal } = {},
) {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const handled = listener.accept().then(async (connection) => {
    try {
      await handle(connection);
    } finally {
      connection.close();
    }
  });
  const { body, state } = content();
  const upload = { body, length, headers: { authorization: "Bearer secret" }, patience: 500, signal };
  const status = await putSized(`http://127.0.0.1:${listener.addr.port}/cas/0`, upload).catch((fault: unknown) =>
    fault
  );
  await handled.catch(() => {});
  return { status, state };
}

const say = async (connection: Deno.TcpConn, line: string) => {
  await connection.write(new TextEncoder().encode(`HTTP/1.1 ${line}\r\ncontent-length: 0\r\n\r\n`));
};

Deno.test("putSized() states the length, and sends all content", async () => {
  let head = "", received = 0;
  const { status } = await uploadTo(async (connection) => {
    const buffer = new Uint8Array(1 << 20);
    for (let body = -1; body < 0 || received < length;) {
      const count = await connection.read(buffer);
      assert.ok(count !== null);
      if (body < 0) {
        head = new TextDecoder().decode(buffer.subarray(0, count));
        body = head.indexOf("\r\n\r\n") + 4;
        received = count - body;
      } else received += count;
    }
    await say(connection, "201 Created");
  });
  assert.equal(status, 201);
  assert.equal(received, length);
  assert.match(head, /^PUT \/cas\/0 HTTP\/1\.1\r\n/);
  assert.match(head, /\r\ncontent-length: 20000000\r\n/i);
  assert.match(head, /\r\nauthorization: Bearer secret\r\n/i);
  assert.doesNotMatch(head, /transfer-encoding/i);
});

Deno.test("putSized() returns the status of a server that refuses before it has read the content", async () => {
  const { status, state } = await uploadTo(async (connection) => {
    await connection.read(new Uint8Array(1000));
    await say(connection, "401 Unauthorized");
    await new Promise((resolve) => setTimeout(resolve, 100));
  });
  assert.equal(status, 401);
  assert.ok(state.cancelled);
});

Deno.test("putSized() gives up on a server that reads nothing, breaks off, or when it is asked to", async () => {
  const silent = await uploadTo(() => new Promise((resolve) => setTimeout(resolve, 900)));
  assert.match(String(silent.status), /SilentServer: no answer within 0.5 s/);
  assert.ok(silent.state.cancelled);
  const broken = await uploadTo(async (connection) => {
    await connection.read(new Uint8Array(1000));
  });
  assert.ok(broken.status instanceof Error);
  const stop = new AbortController(), reason = new Error("stopped");
  const stopped = await uploadTo(async () => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    stop.abort(reason);
  }, { signal: stop.signal });
  assert.equal(stopped.status, reason);
  const upload = { body: content().body, length, headers: {}, patience: 500, signal: AbortSignal.abort(reason) };
  await assert.rejects(putSized("http://127.0.0.1:9/", upload), /stopped/);
});

Deno.test("an upload goes through the environment's proxy, unless its host needs none", async () => {
  // Nothing listens there.
  const address = "http://127.0.0.1:9/cas/0";
  await using proxy = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { length: bytes } = await request.bytes();
    return new Response(null, { status: request.url === address && bytes === length ? 201 : 400 });
  });
  const send = (more: Proxies) => {
    const proxies = { HTTP_PROXY: `http://127.0.0.1:${proxy.addr.port}`, ...more };
    const upload = { body: content().body, length, headers: {}, patience: 5000, proxies };
    return putSized(address, upload);
  };
  assert.equal(await send({}), 201);
  await assert.rejects(send({ NO_PROXY: "127.0.0.1" }));
});

Deno.test("proxies are read as the platform's fetch reads them", () => {
  const read = (env: Readonly<Record<string, string>>) => readProxies((name) => env[name]);
  assert.deepEqual(read({}), {});
  assert.deepEqual(read({ HTTP_PROXY: "a", http_proxy: "b", no_proxy: "c", https_proxy: "" }), {
    HTTP_PROXY: "b",
    NO_PROXY: "c",
  });
  assert.deepEqual(read({ ALL_PROXY: "a", HTTPS_PROXY: "b" }), { HTTP_PROXY: "a", HTTPS_PROXY: "b" });
});
