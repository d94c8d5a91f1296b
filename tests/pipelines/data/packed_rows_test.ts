import assert from "node:assert/strict";
import type { TokenizedExample } from "../../../pipelines/data/examples.ts";
import { ChunkWriter, PackedChunk } from "../../../pipelines/data/packed_rows.ts";

type Example = Omit<TokenizedExample, "source">;

const examples: readonly Example[] = [
  { prompt: [1, 2, 3], completion: [4, 0] },
  { prompt: [262143], completion: [7, 8, 9], taught: [0, 2], endToken: 9 },
  { prompt: [5, 6], completion: [2.5], typeIds: [0, 1] },
  { prompt: [5], completion: [-1], typeIds: [0] },
  { prompt: [5], completion: [-0] },
  { prompt: [5], completion: [2 ** 40], taught: [] },
  { prompt: [5, 5], completion: [] },
  { prompt: [5, 6], completion: [7, 0], rejected: [8, 9, 0] },
  { prompt: [5], completion: [0], rejected: [1, 0], isScored: true },
  { prompt: [5], completion: [7, 8, 0], reads: { tokens: [9, 0, 3], seen: 2 }, taught: [1] },
  { prompt: [5], completion: [7], reads: { tokens: [], seen: 0 } },
];

Deno.test("chunks return the rows that were added, with the texts of their records", () => {
  const writer = new ChunkWriter();
  examples.forEach((example, at) => writer.add(example, "text", at === 1 ? "text cut" : "text", `record ${at} é`));
  const chunk = new PackedChunk(new Uint8Array(writer.take()));
  const rows = Array.from({ length: chunk.length }, (_, row) => chunk.at(row));
  assert.deepEqual(rows.map(({ example }) => example), examples);
  assert.deepEqual(rows.map(({ textLength }) => textLength), examples.map((_, at) => at === 1 ? 4 : undefined));
  assert.deepEqual(rows.map(({ record }) => record()), examples.map((_, at) => `record ${at} é`));
  assert.equal(writer.rows, 0);
});

Deno.test("a chunk is full after 256 rows, or with a very long one", () => {
  const many = new ChunkWriter(), long = new ChunkWriter();
  while (!many.isFull) many.add(examples[0]!, "", "", "{}");
  assert.equal(many.rows, 256);
  long.add(examples[0]!, "", "", "x".repeat(2 ** 20));
  assert.ok(long.isFull);
});
