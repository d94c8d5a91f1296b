/** The locations of errors in pipeline files. @module */
import assert from "node:assert/strict";
import { loadPipeline } from "../../../../pipelines/cli/requests/load_pipeline.ts";
import { assertOneLine, inFolder } from "../../models/support.ts";

const faults: Readonly<Record<string, readonly [source: string, says: string]>> = {
  "a syntax error": [
    "const a = 1;\nconst b = ;\n",
    ":2:11: the pipeline fails (SyntaxError: Expression expected); correct it there",
  ],
  "a missing import": [
    'import "./absent.ts";\n',
    ':1:8: the pipeline fails (Module not found "FOLDER/absent.ts"); correct it there',
  ],
  "an error while the file is loaded": [
    '\n  throw new Error("boom");\n',
    ":2:9: the pipeline fails (boom); correct it there",
  ],
  "an error of another class": [
    "const settings = {};\nsettings.rank.value;\n",
    ":2:15: the pipeline fails (TypeError: Cannot read properties of undefined (reading 'value')); correct it there",
  ],
  "a thrown string": ['throw "boom";\n', ': the pipeline fails (it throws "boom"); correct it there'],
  "an error while its members are expanded": [
    'export default { kind: "pipeline", name: "p", build: () => {\n  throw new Error("boom");\n} };\n',
    ":2:9: the pipeline fails (boom); correct it there",
  ],
  "an error of a copy of Refract": [
    'throw Object.assign(new Error("x"), { name: "RequestError", problem: "bad; mend it" });\n',
    ":1:21: bad; mend it",
  ],
  "an error of a copy of Refract with its own location": [
    'throw Object.assign(new Error("x"), { name: "RequestError", problem: "bad", location: { file: "f", line: 3 } });\n',
    "f:3: bad",
  ],
  "no default export": [
    "export const a = 1;\n",
    ": has no pipeline as its default export; write export default pipeline(name, build)",
  ],
  "a name that is not a file name": [
    'export default { kind: "pipeline", name: "a/b", build: () => ({}) };\n',
    ': the pipeline\'s name "a/b" is not a file name; use letters, digits, -, . and _',
  ],
};

for (const [name, [source, says]] of Object.entries(faults)) {
  Deno.test(`a pipeline file's error is located: ${name}`, () =>
    inFolder(async (folder) => {
      const file = `${folder}/pipeline.ts`, text = says.replace("FOLDER", folder);
      await Deno.writeTextFile(file, source);
      await assert.rejects(loadPipeline(file, new Map()), (error) => {
        assertOneLine(error, /./);
        assert.ok(error instanceof Error);
        assert.equal(error.message, text.startsWith(":") ? file + text : text);
        return true;
      });
    }));
}

Deno.test("a pipeline file that is absent, a folder or another file is refused", () =>
  inFolder(async (folder) => {
    const refused = (path: string, message: RegExp) =>
      assert.rejects(loadPipeline(path, new Map()), (error) => assertOneLine(error, message));
    await refused(`${folder}/absent.ts`, /: there is no such pipeline file; check the path$/);
    await refused(folder, /: is a folder; give the path of a pipeline file in it, as in \S+\/pipeline\.ts$/);
    await Deno.writeTextFile(`${folder}/first.ts`, "");
    await refused(folder, /: is a folder; give .*, as in \S+\/first\.ts$/);
    await Deno.writeTextFile(`${folder}/pipeline.ts`, "");
    await refused(folder, /: is a folder; give .*, as in \S+\/pipeline\.ts$/);
    for (const name of ["rows.jsonl", "README.md", "script.py", "none"]) {
      await Deno.writeTextFile(`${folder}/${name}`, "export default 1;");
      await refused(`${folder}/${name}`, /: is no pipeline file, which ends with \.ts, and no recipe, which ends/);
    }
  }));
