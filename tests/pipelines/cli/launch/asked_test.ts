/** The permissions that a pipeline's source text requests before it is loaded. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { askedIn } from "../../../../pipelines/cli/launch/asked.ts";
import { grantsOf, withAsked } from "../../../../pipelines/cli/launch/grants.ts";
import { inFolder } from "../../models/support.ts";

Deno.test("a pipeline or a recipe that names a task of programs is recognized by its text", () =>
  inFolder(async (folder) => {
    const asks = async (name: string, content: string) => {
      await Deno.writeTextFile(join(folder, name), content);
      return askedIn(join(folder, name)).programs;
    };
    assert.ok(await asks("a.ts", `task("mbpp")`));
    assert.ok(await asks("b.ts", `suite("code", {})`));
    assert.ok(!await asks("c.ts", `const code = csv("./code.csv"); suite("commonsense")`));
    assert.ok(await asks("r.yaml", "name: r\npipeline: ./a.ts\n"));
    assert.ok(!await asks("s.yaml", "name: s\npipeline: ./c.ts\n"));
    assert.ok(await asks("t.yaml", "pipeline: ./c.ts\nset:\n  task: humaneval\n"));
    assert.ok(!askedIn(join(folder, "missing.ts")).programs);
  }));

Deno.test("a pipeline with a judge may reach its host, and read its key's variable", () =>
  inFolder(async (folder) => {
    const path = join(folder, "p.ts"), usual = grantsOf("run", undefined);
    await Deno.writeTextFile(path, `judge({ model: "m", key: "MY_KEY", endpoint: "https://api.example.com/v1" })`);
    const asked = askedIn(path), granted = withAsked(usual, asked);
    assert.deepEqual(asked.judges, [{ endpoint: "https://api.example.com/v1", key: "MY_KEY" }]);
    assert.deepEqual(granted.net, [...usual.net!, "api.example.com"]);
    assert.deepEqual(granted.env, [...usual.env, "MY_KEY"]);
    assert.equal(granted.run, undefined);
    await Deno.writeTextFile(path, `const endpoint: "https://other.example" = x;`);
    assert.deepEqual(withAsked(usual, askedIn(path)), usual);
  }));
