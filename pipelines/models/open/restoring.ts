/** Restoring damaged weights, which depends on where the model came from. @module */
import { system } from "../../common/system.ts";
import { readEnvironment } from "../hub/access.ts";
import { removeDamaged } from "../hub/damaged_blobs.ts";
import { DamagedWeights } from "../weights/damaged_weights.ts";
import type { ModelOrigin, SourceOptions } from "./source.ts";

/** A model's folder, and how it was found. */
interface FoundModel {
  readonly folder: string;
  readonly source: { readonly origin: ModelOrigin; readonly options: SourceOptions };
}

/** How a model's weights are restored. */
interface Restoring {
  /** Removes damaged files; returns false if there are none, or if they can't be restored. */
  readonly remove: (model: FoundModel, fault: unknown, warn: (message: string) => void) => Promise<boolean>;
  /** What to do after the removal. */
  readonly remedy: string;
}

/** For files that belong to someone else and cannot be restored. */
const irreplaceable: Restoring = { remove: () => Promise.resolve(false), remedy: "" };

const origins: Readonly<Record<ModelOrigin, Restoring>> = {
  builtin: irreplaceable,
  folder: irreplaceable,
  converted: {
    async remove(_, fault, warn) {
      if (!(fault instanceof DamagedWeights)) return false;
      const isGone = await system.remove(fault.file).then(() => true, () => false);
      if (isGone) warn(`${fault.file}: is damaged; converting it again`);
      return isGone;
    },
    remedy: "run the command again to convert it again",
  },
  hub: {
    async remove({ folder, source: { options } }, _, warn) {
      const names = Array.from(system.readDirSync(folder), ({ name }) => name).filter((name) => {
        return /\.safetensors(\.index\.json)?$/.test(name);
      });
      return (await removeDamaged(folder, names, options.env ?? readEnvironment(), warn)).length > 0;
    },
    remedy: "run the command again to download it again",
  },
};

/**
 * Removes damaged weights that can be restored.
 *
 * @param fault The error from opening the weights.
 * @returns Whether to open them again.
 * @throws {RequestError} If they could be restored only by a download, and downloads are forbidden.
 */
export function removedForAnew(model: FoundModel, fault: unknown): Promise<boolean> {
  const { origin, options: { warn = () => {} } } = model.source;
  return origins[origin].remove(model, fault, warn);
}

/** The error for weights that were found damaged while in use; they are removed if they can be restored. */
export async function damagedInUse(model: FoundModel, fault: DamagedWeights): Promise<DamagedWeights> {
  const { remove, remedy } = origins[model.source.origin];
  return await remove(model, fault, () => {}) ? fault.withRemedy(remedy) : fault;
}
