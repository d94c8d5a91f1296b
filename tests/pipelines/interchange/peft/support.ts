/** Folders saved by peft, and the outputs of the models that they adapt. @module */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readHeader, readTensor } from "../../../../pipelines/models/weights/safetensors.ts";
import { inProcess } from "../../../support/command.ts";
import { openExported } from "../onnx/support.ts";

const folder = fileURLToPath(new URL("../../../goldens/peft_saved/", import.meta.url));

/** The records of make_peft_saved.py: the last token's logits of each adapted model. */
export const golden: {
  readonly ids: readonly number[];
  readonly logits: Readonly<Record<string, readonly (readonly number[])[]>>;
} = JSON.parse(await Deno.readTextFile(join(folder, "logits.json")));

/** The folder of an adapter. */
export function savedByPeft(name: string): string {
  return join(folder, name);
}

/** Runs a command, and asserts that it succeeds. */
export async function succeeds(...args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await inProcess(...args);
  assert.equal(code, 0, stderr);
  return { stdout, stderr };
}

/** The logits of every token by a model with an intervention, computed with an export to ONNX in a scratch folder. */
export async function logitsOf(
  scratch: string,
  intervention: string,
  ids: readonly number[],
  ...options: readonly string[]
): Promise<readonly Float32Array[]> {
  const out = join(scratch, crypto.randomUUID());
  await succeeds("export", intervention, "--to", "onnx", "--out", out, ...options);
  const session = await openExported(out);
  const rows = { tokens: [ids], mask: [ids.map(() => 1)], promptLengths: [ids.length] };
  const { logits: [row] } = await session.read(rows);
  await session.close();
  return row!;
}

/** The tensors of a safetensors file by name, sorted. */
export async function tensorsOf(path: string): Promise<Record<string, { shape: readonly number[]; data: number[] }>> {
  const { tensors } = await readHeader(path), found: Record<string, { shape: readonly number[]; data: number[] }> = {};
  for (const record of [...tensors.values()].sort((a, b) => a.name < b.name ? -1 : 1)) {
    found[record.name] = { shape: record.shape, data: [...await readTensor(record)] };
  }
  return found;
}

/** The largest absolute difference between two lists of equal length. */
export function largestGap(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  assert.equal(found.length, expected.length);
  return Array.from(found).reduce((most, value, at) => Math.max(most, Math.abs(value - expected[at]!)), 0);
}
