/** The remedies that errors of a pipeline file name. @module */
import assert from "node:assert/strict";
import { describeFault } from "../../../../pipelines/cli/requests/pipeline_faults.ts";

const problemOf = (message: string) => describeFault(new TypeError(message), () => "", ["loreft", "pipeline"]).problem;

Deno.test("an address that can't be downloaded, and npm's unrelated package, are named", () => {
  for (
    const said of [
      "Import 'https://example.com/mod.ts' failed.\n    at file:///p.ts:1:15",
      "JSR package manifest for '@a/b' failed to load. Import 'https://example.com/mod.ts' failed.\n    at file:///p.ts:1:15",
    ]
  ) {
    assert.equal(problemOf(said), "https://example.com/mod.ts can't be downloaded; check the address and the network");
  }
  for (const module of ["npm:refract", "npm:refract@0.6.0"]) {
    assert.equal(
      problemOf(`The requested module '${module}' does not provide an export named 'loreft'`),
      `"${module}" is an unrelated package; write import { loreft } from "refract"`,
    );
  }
});

Deno.test("for a package that the lockfile lacks, the remedy is to add it to the project's deno.json", () => {
  for (
    const [specifier, name] of [["npm:left-pad@1", "left-pad"], ["npm:@scope/name", "@scope/name"], [
      "jsr:@std/csv@^1.0.0",
      "@std/csv",
    ]] as const
  ) {
    // As Deno 2.9.6 words it.
    const fault = new TypeError(
      "The lockfile is out of date. Run `deno install --frozen=false`, or rerun with `--frozen=false` to update it.\n" +
        `changes:\n 15 | +    "${specifier}": "1.3.0",\n207 | +    "left-pad@1.3.0": {`,
    );
    assert.equal(
      describeFault(fault, () => "", []).problem,
      `the package "${specifier}" is not in the lockfile; add it to the deno.json of your project, as in ` +
        `deno add ${specifier}, and import "${name}"`,
    );
  }
});
