/** The GPU bench refuses what it cannot measure before it begins, since a card may be there for minutes only. @module */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const bench = fileURLToPath(new URL("../bench/gpu.ts", import.meta.url));
const folder = fileURLToPath(new URL("../bench", import.meta.url));

const refused: readonly (readonly [args: readonly string[], says: RegExp])[] = [
  [["--foo"], /Unknown option '--foo'; give --shapes/],
  [["x"], /Unexpected argument 'x'/],
  [["--minutes", "eight"], /--minutes "eight" is not a number/],
  [["--providers", "gpu"], /no provider "gpu"; give --providers of cpu, webgpu, cuda/],
  [["--shapes", "GPT-5"], /no shape "GPT-5"; give --shapes of tiny, /],
  [["--stored", "f16"], /--stored "f16" is neither/],
  [["--out", folder], /cannot be written/],
];

for (const [args, says] of refused) {
  Deno.test(`bench:gpu ${args[0]} is refused in one line`, async () => {
    const own = ["run", "--no-prompt", "--allow-read", "--allow-write", "--allow-run", "--allow-sys", "--allow-env"];
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [...own, bench, ...args],
      env: { NO_COLOR: "1" },
    }).output();
    const said = new TextDecoder().decode(stderr);
    assert.equal(code, 2, said);
    assert.match(said, says);
    assert.match(said, /^error: .*\n$/);
  });
}
