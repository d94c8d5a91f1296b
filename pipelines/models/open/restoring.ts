/** What becomes of a model whose weights are damaged: where it came from decides whether they can be had again. @module */
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

/** How a model's weights are had again. */
interface Restoring {
  /** Removes what is damaged. False where nothing is, or what is can't be had again. */
  readonly remove: (model: FoundModel, fault: unknown, warn: (message: string) => void) => Promise<boolean>;
  /** What to do once it is removed. */
  readonly remedy: string;
}

/** The files are someone else's, and all that there is. */
const irreplaceable: Restoring = { remove: () => Promise.resolve(false), remedy: "" };

const origins: Readonly<Record<ModelOrigin, Restoring>> = {
  builtin: irreplaceable,
  folder: irreplaceable,
  converted: {
    async remove(_, fault, warn) {
      if (!(fault instanceof DamagedWeights)) return false;
      const isGone = await system.remove(fault.file).then(() => true, () => false);
      if (isGone) warn(`${fault.file}: is damaged; it is converted again`);
      return isGone;
    },
    remedy: "run again, and it is converted again",
  },
  hub: {
    async remove({ folder, source: { options } }, _, warn) {
      const names = Array.from(system.readDirSync(folder), ({ name }) => name).filter((name) => {
        return /\.safetensors(\.index\.json)?$/.test(name);
      });
      return (await removeDamaged(folder, names, options.env ?? readEnvironment(), warn)).length > 0;
    },
    remedy: "run again, and it is downloaded again",
  },
};

/**
 * Removes damaged weights that can be had again.
 *
 * @param fault What opening the weights threw.
 * @returns Whether to open them once more. Throws a RequestError if they could be had again were downloads not forbidden.
 */
export function removedForAnew(model: FoundModel, fault: unknown): Promise<boolean> {
  const { origin, options: { warn = () => {} } } = model.source;
  return origins[origin].remove(model, fault, warn);
}

/** The error for weights that were in use when they turned out to be damaged; they are removed if they can be had again. */
export async function damagedInUse(model: FoundModel, fault: DamagedWeights): Promise<DamagedWeights> {
  const { remove, remedy } = origins[model.source.origin];
  return await remove(model, fault, () => {}) ? fault.withRemedy(remedy) : fault;
}
