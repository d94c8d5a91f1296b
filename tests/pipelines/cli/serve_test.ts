/** `deno task serve` refuses what it cannot serve with before it listens. @module */
import assert from "node:assert/strict";
import { keyIn } from "../../../pipelines/cli/commands/serve_command.ts";
import { inProcess } from "../../support/command.ts";

/** What serving ends with. */
async function refused(...options: readonly string[]): Promise<string> {
  const { code, stderr } = await inProcess("serve", "builtin:tiny", "--port", "0", ...options);
  assert.equal(code, 2, stderr);
  return stderr;
}

Deno.test("a key must be in a variable, and be one that clients can send", async () => {
  assert.match(await refused("--host", "0.0.0.0"), /anyone who can reach 0\.0\.0\.0 could send requests/);
  assert.match(await refused("--api-key", "sk 1,2"), /--api-key takes a variable's name, not the key itself/);
  assert.equal(keyIn("KEY", () => " two words\n"), "two words");
  for (const key of [undefined, "", " "]) {
    assert.throws(() => keyIn("KEY", () => key), /there is no KEY in the environ/);
  }
  for (const key of ["clé", "two\nlines"]) assert.throws(() => keyIn("KEY", () => key), /not all clients can send/);
});

Deno.test("seconds beyond what a timer can wait are refused, since it would end at once", async () => {
  assert.match(await refused("--seconds", "2147484"), /give a whole number from 1 to 2000000/);
  assert.match(await refused("--drain-seconds", "2147484"), /give a whole number from 0 to 2000000/);
});

Deno.test("an invalid certificate is not reported as an invalid address", async () => {
  const file = await Deno.makeTempFile();
  await Deno.writeTextFile(file, "not a certificate");
  try {
    const options = ["--tls-cert", file, "--tls-key", file];
    assert.match(await refused(...options), /No certificates found.*; check --tls-cert and --tls-key/);
    assert.match(await refused(...options.slice(0, 2)), /a certificate needs its key/);
  } finally {
    await Deno.remove(file);
  }
});
