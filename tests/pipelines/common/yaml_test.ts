import assert from "node:assert/strict";
import { formatYaml, parseYaml, type YamlNode } from "../../../pipelines/common/yaml.ts";

const parse = (text: string) => parseYaml("recipe.yaml", new TextEncoder().encode(text));

/** A node without its locations. */
function plain(node: YamlNode): unknown {
  if (node.kind === "scalar") return node.value;
  if (node.kind === "list") return node.items.map(plain);
  return Object.fromEntries(node.entries.map(({ key, value }) => [key, plain(value)]));
}

Deno.test("parseYaml() gives every node its location", () => {
  const root = parse("# a recipe\nset:\n  rank: [1, 2.5]\n");
  assert.ok(root.kind === "mapping");
  const [{ key, location, value }] = [...root.entries] as [typeof root.entries[number]];
  assert.deepEqual([key, location], ["set", { file: "recipe.yaml", line: 2, column: 1 }]);
  assert.ok(value.kind === "mapping");
  const list = value.entries[0]!.value;
  assert.ok(list.kind === "list");
  assert.deepEqual(list.items[1], {
    kind: "scalar",
    value: 2.5,
    location: { file: "recipe.yaml", line: 3, column: 13 },
  });
});

Deno.test("parseYaml() replaces aliases by their values", () => {
  assert.deepEqual(plain(parse("a: &ranks [1, 4]\nb: *ranks\nc: {d: *ranks}\n")), {
    a: [1, 4],
    b: [1, 4],
    c: { d: [1, 4] },
  });
});

Deno.test("parseYaml() reads what formatYaml() writes", () => {
  const data = { text: "3", flag: "true", path: `/a b/${"long/".repeat(40)}: #x`, numbers: [1e-7, 3], none: null };
  const twice = { ...data, again: data };
  assert.deepEqual(plain(parse(formatYaml(twice))), twice);
});

const tenfold = Array.from({ length: 9 }, (_, at) => `a${at + 1}: &a${at + 1} [${Array(10).fill(`*a${at}`)}]\n`);

const faults: Readonly<Record<string, readonly [text: string, message: string]>> = {
  "a tab": ["set:\n\trank: 1\n", "recipe.yaml:2:1: a tab indents the line; use spaces"],
  "a repeated key": ["a: 1\nb: 2\na: 3\n", 'recipe.yaml:3:1: the key "a" is given twice; keep one'],
  "an alias of itself": [
    "a: &x [*x]\n",
    "recipe.yaml:1:8: the alias refers to something that contains it; write it out",
  ],
  "an alias of its container": [
    "a: &x {b: {c: *x}}\n",
    "recipe.yaml:1:15: the alias refers to something that contains it; write it out",
  ],
  "an alias of nothing": ["a: *x\n", "recipe.yaml:1:4: the alias *x refers to nothing; write &x before it"],
  "aliases that grow exponentially": [
    `a0: &a0 [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]\n${tenfold.join("")}`,
    "recipe.yaml:4:38: the file's aliases expand to too much; write it out",
  ],
  "a tag": ["a: !path x\n", 'recipe.yaml:1:4: the tag "!path" has no meaning here; omit it'],
  "several documents": ["a: 1\n---\nb: 2\n", "recipe.yaml:2:1: a second document begins; keep one per file"],
  "nothing": ["", "recipe.yaml: the file is empty; write key: value lines"],
  "only a comment": ["# nothing\n", "recipe.yaml: the file is empty; write key: value lines"],
  "a key that is not text": [
    "3: 1\n",
    "recipe.yaml:1:1: the key is not text; write a name, in quotes if it looks like a number",
  ],
  "a merge key": [
    "%YAML 1.1\n---\n<<: {a: 1}\n",
    "recipe.yaml:3:1: the key is not text; write a name, in quotes if it looks like a number",
  ],
  "a date": [
    "%YAML 1.1\n---\na: 2001-01-01\n",
    "recipe.yaml:3:4: the value is not text, number, true or false; put it in quotes",
  ],
  "a list that does not end": [
    "a: [1,\n",
    "recipe.yaml:2:1: the line is not YAML (flow sequence in block collection must be sufficiently indented and end " +
    "with a ]); correct it",
  ],
  "deep nesting": [
    `a: ${"[".repeat(40)}${"]".repeat(40)}\n`,
    "recipe.yaml:1:36: the file is nested too deeply; make it flatter",
  ],
};

for (const [name, [text, message]] of Object.entries(faults)) {
  Deno.test(`parseYaml() refuses ${name}`, () => {
    assert.throws(() => parse(text), { name: "RequestError", message });
  });
}

Deno.test("parseYaml() refuses nesting that is deeper than the stack", () => {
  assert.throws(() => parse("[".repeat(20_000)), { message: /is nested too deeply; make it flatter$/ });
});

Deno.test("parseYaml() refuses input that is not UTF-8", () => {
  const message = "recipe.yaml: the file is not UTF-8 text; save it as UTF-8";
  assert.throws(() => parseYaml("recipe.yaml", new Uint8Array([0x61, 0x3a, 0x20, 0xff])), { message });
});
