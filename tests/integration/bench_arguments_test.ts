/**
 * The benches refuse what they cannot measure before they begin, in one line: a GPU may be there for minutes only.
 *
 * @module
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../bench", import.meta.url));

const refused: Readonly<Record<string, readonly (readonly [args: readonly string[], says: RegExp])[]>> = {
  gpu: [
    [["--foo"], /Unknown option '--foo'; give --shapes/],
    [["x"], /Unexpected argument 'x'/],
    [["--minutes", "eight"], /--minutes "eight" is not a number/],
    [["--providers", "gpu"], /no provider "gpu"; give --providers of cpu, webgpu, cuda/],
    [["--shapes", "GPT-5"], /no shape "GPT-5"; give --shapes of tiny, /],
    [["--stored", "f16"], /--stored "f16" is neither/],
    [["--out", folder], /cannot be written/],
  ],
  bench: [
    [["--foo"], /Unknown option '--foo'; give --only, .* or --out/],
    [["--threads", "two"], /--threads "two" is not a whole number of at least 1; give one/],
    [["--steps", ""], /--steps "" is not a whole number/],
    [["--only", "x"], /no job "x"; give .* or generation/],
  ],
  predictions: [
    [["--foo"], /Unknown option '--foo'; give --runs or --out/],
    [["--runs", "0"], /--runs "0" is not a whole number/],
  ],
  suites: [
    [["--foo"], /Unknown option '--foo'; give --only/],
    [["--only", "x"], /no part "x"; give write or choose/],
    [["--batches", "8,many"], /--batches "many" is not a whole number/],
    [["--rows", "-1"], /--rows' argument is ambiguous; give --only/],
    [["--rows=-1"], /--rows "-1" is not a whole number/],
  ],
  classification: [[["--rounds=3"], /rounds "--rounds=3" is not a whole number/], [
    ["1", "2"],
    /unexpected argument "2"/,
  ]],
  clipping: [[["1.5"], /pairs "1.5" is not a whole number/]],
  preferences: [[["2", "four"], /steps "four" is not a whole number/]],
  serving: [[["5", "2", "1"], /unexpected argument "1"; give \[turns\] \[threads\]/]],
  validating: [[["1"], /unexpected argument "1"; this bench takes none/]],
  random_model: [[[], /give the folder/], [["--help"], /give the folder/], [["/x", "no"], /blocks "no"/]],
};

for (const [name, cases] of Object.entries(refused)) {
  for (const [args, says] of cases) {
    Deno.test(`${name}.ts ${args.join(" ")} is refused in one line`, async () => {
      const own = ["run", "--no-prompt", "--allow-read", "--allow-write", "--allow-run", "--allow-sys", "--allow-env"];
      const { code, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [...own, "--allow-ffi", `${folder}/${name}.ts`, ...args],
        env: { NO_COLOR: "1" },
      }).output();
      const said = new TextDecoder().decode(stderr);
      assert.equal(code, 2, said);
      assert.match(said, says);
      assert.match(said, /^error: .*\n$/);
    });
  }
}
