/** `deno task serve` refuses what it cannot serve with before it listens. @module */
import assert from "node:assert/strict";
import { inProcess } from "../../support/command.ts";

const variable = "REFRACT_TEST_SERVE_KEY";

/** What serving ends with if the key's variable has this value. */
async function refused(value: string, ...options: readonly string[]): Promise<string> {
  Deno.env.set(variable, value);
  try {
    const { code, stderr } = await inProcess("serve", "builtin:tiny", "--port", "0", ...options);
    assert.equal(code, 2, stderr);
    return stderr;
  } finally {
    Deno.env.delete(variable);
  }
}

Deno.test("a key must be in a variable, and be one that a header can have", async () => {
  assert.match(await refused("x", "--host", "0.0.0.0"), /anyone who can reach 0\.0\.0\.0 could send requests/);
  assert.match(await refused("x", "--api-key", "sk 1,2"), /--api-key takes a variable's name, not the key itself/);
  assert.match(await refused(" ", "--api-key", variable), /there is no REFRACT_TEST_SERVE_KEY in the environment/);
  for (const key of ["clé", "two words", "two\nlines"]) {
    assert.match(await refused(key, "--api-key", variable), /has a character that no header may have/);
  }
});

Deno.test("seconds beyond what a timer can wait are refused, since it would end at once", async () => {
  assert.match(await refused("x", "--seconds", "2147484"), /give a whole number from 1 to 2000000/);
  assert.match(await refused("x", "--drain-seconds", "2147484"), /give a whole number from 0 to 2000000/);
});

Deno.test("an invalid certificate is not reported as an invalid address", async () => {
  const file = await Deno.makeTempFile();
  await Deno.writeTextFile(file, "not a certificate");
  try {
    const options = ["--tls-cert", file, "--tls-key", file];
    assert.match(await refused("x", ...options), /No certificates found.*; check --tls-cert and --tls-key/);
    assert.match(await refused("x", ...options.slice(0, 2)), /a certificate needs its key/);
  } finally {
    await Deno.remove(file);
  }
});
