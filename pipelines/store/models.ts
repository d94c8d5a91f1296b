/** The models that were converted for a store, one folder each, which do not count towards its budget. @module */
import { join } from "node:path";
import type { Freed } from "./eviction.ts";
import { modelsFolder } from "../models/gguf/converted_models.ts";
import { keyPattern } from "./inventory.ts";

/** A converted model. */
interface KeptModel {
  readonly path: string;
  readonly bytes: number;
}

/** The converted models of a store. */
export function modelsIn(store: string): KeptModel[] {
  const folder = join(store, modelsFolder);
  return childrenOf(folder).filter(({ name, isDirectory }) => isDirectory && keyPattern.test(name)).map(({ name }) => {
    const path = join(folder, name);
    const sizes = childrenOf(path).map((file) => sizeOf(join(path, file.name)));
    return { path, bytes: sizes.reduce((sum, size) => sum + size, 0) };
  });
}

/** Removes converted models, as far as permitted; a process that has one open can continue to read it. */
export function removeModels(models: readonly KeptModel[]): Freed {
  let files = 0, bytes = 0;
  for (const model of models) {
    try {
      Deno.removeSync(model.path, { recursive: true });
      files++;
      bytes += model.bytes;
    } catch {
      // Another process was faster, or the store is read-only: this frees nothing.
    }
  }
  return { files, bytes };
}

function childrenOf(folder: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(folder)];
  } catch {
    return [];
  }
}

function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch {
    return 0;
  }
}
