/** Libraries from published wheels: a correct wheel is unpacked completely, an incorrect one not at all. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { zipSync } from "fflate";
import { digestOf } from "../../../pipelines/common/digest.ts";
import { inProcess } from "../../support/command.ts";
import { installWheel, missingOf } from "../../../pipelines/doctor/install.ts";
import { gpusOf } from "../../../pipelines/doctor/machine.ts";
import type { Wheel } from "../../../pipelines/doctor/wheels.ts";
import { libraryEnvironment } from "../../../pipelines/cli/launch/libraries.ts";
import { inFolder } from "../models/support.ts";

const content = {
  "lib/liba.so.1": new Uint8Array(300_000).fill(7),
  "lib/libb.so.1": new Uint8Array([1, 2]),
  "METADATA": new Uint8Array(9),
};
const packed = zipSync(content),
  wheel: Wheel = {
    project: "some-libraries",
    file: "some_libraries-1-py3-none-any.whl",
    sha256: digestOf(packed),
    size: packed.length,
    libraries: ["lib/liba.so.1", "lib/libb.so.1"],
  };

/** Runs a test with a stub package index that has one wheel with the given content. */
async function withIndex(
  sent: Uint8Array<ArrayBuffer>,
  test: (index: string) => Promise<void>,
  listed = true,
): Promise<void> {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const { pathname } = new URL(request.url);
    if (pathname.endsWith(".whl")) return new Response(sent);
    if (pathname !== "/simple/some-libraries/") return new Response(null, { status: 404 });
    return Response.json({ files: listed ? [{ filename: wheel.file, url: `../../files/${wheel.file}` }] : [] });
  });
  try {
    await test(`http://127.0.0.1:${server.addr.port}/simple`);
  } finally {
    await server.shutdown();
  }
}

const quiet = { progress: () => {} };

Deno.test("a wheel's libraries are unpacked, and its other files are not", () =>
  inFolder((folder) =>
    withIndex(new Uint8Array(packed), async (index) => {
      assert.deepEqual(missingOf(wheel, folder), ["liba.so.1", "libb.so.1"]);
      await installWheel(wheel, folder, { index, ...quiet });
      assert.deepEqual(missingOf(wheel, folder), []);
      assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), ["liba.so.1", "libb.so.1"]);
      assert.deepEqual(await Deno.readFile(join(folder, "liba.so.1")), content["lib/liba.so.1"]);
    })
  ));

const flipped = new Uint8Array(packed);
flipped[packed.length - 40]! ^= 1;
const wrong: Readonly<Record<string, readonly [sent: Uint8Array<ArrayBuffer>, says: RegExp]>> = {
  "with a flipped bit": [flipped, /is not the published file/],
  "that is truncated": [new Uint8Array(packed.slice(0, packed.length - 10)), /is not the published file/],
  "with trailing bytes": [new Uint8Array([...packed, 0, 0]), /is not the published file/],
};
for (const [which, [sent, says]] of Object.entries(wrong)) {
  Deno.test(`nothing is kept of a wheel ${which}`, () =>
    inFolder((folder) =>
      withIndex(sent, async (index) => {
        await assert.rejects(installWheel(wheel, folder, { index, ...quiet }), says);
        assert.deepEqual([...Deno.readDirSync(folder)], []);
      })
    ));
}

Deno.test("an index that lacks the wheel or can't be reached is reported", () =>
  inFolder(async (folder) => {
    await withIndex(new Uint8Array(packed), async (index) => {
      await assert.rejects(installWheel(wheel, folder, { index, ...quiet }), /has no some_libraries-1/);
      await assert.rejects(installWheel({ ...wheel, project: "other" }, folder, { index, ...quiet }), /status 404/);
    }, false);
    const nowhere = "http://127.0.0.1:9/simple/";
    await assert.rejects(installWheel(wheel, folder, { index: nowhere, ...quiet }), /can't be reached/);
  }));

Deno.test("GPUs are parsed from the output of the driver's tool", () => {
  assert.deepEqual(gpusOf("NVIDIA H200, 590.10, 143771\n"), [
    { name: "NVIDIA H200", driver: "590.10", memory: 143771 * 2 ** 20 },
  ]);
  assert.deepEqual(gpusOf("No devices were found\n"), []);
});

Deno.test("only processes that may use CUDA get its libraries", () =>
  inFolder(async (home) => {
    const folder = join(home, ".cache", "refract", "onnxruntime-1.30.0-cuda13"), variables = { HOME: home };
    const cuda = ["run", "pipeline.ts", "--provider", "cuda"];
    assert.deepEqual(libraryEnvironment(cuda, variables), {});
    await Deno.mkdir(folder, { recursive: true });
    assert.deepEqual(libraryEnvironment(cuda, variables), { LD_LIBRARY_PATH: folder });
    assert.deepEqual(libraryEnvironment(["doctor"], { ...variables, LD_LIBRARY_PATH: "/opt" }), {
      LD_LIBRARY_PATH: `${folder}:/opt`,
    });
    assert.deepEqual(libraryEnvironment(["run", "pipeline.ts"], variables), {});
  }));

Deno.test("an index that is not an address is refused in one line", async () => {
  for (const index of ["foo", "http://", "file:///simple"]) {
    const { code, stderr } = await inProcess("doctor", "--install", "--index", index);
    assert.equal(code, 2);
    assert.match(stderr, /^error: --index ".*" is not the address of a package index; write it as https:.*\n$/);
  }
});
