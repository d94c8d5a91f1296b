/** The optimizers by name. @module */
import { adafactor, type AdafactorSettings } from "./adafactor.ts";
import { adamw, type AdamWSettings } from "./adamw.ts";
import { lion, type LionSettings } from "./lion.ts";
import type { Optimizer } from "./optimizer.ts";
import { sgd, type SgdSettings } from "./sgd.ts";

/** The settings of each optimizer. */
interface OptimizerSettings {
  readonly adamw: AdamWSettings;
  readonly sgd: SgdSettings;
  readonly lion: LionSettings;
  readonly adafactor: AdafactorSettings;
}

/** The name of an optimizer. */
export type OptimizerName = keyof OptimizerSettings;

/** Every optimizer. */
const optimizers: { readonly [K in OptimizerName]: (settings: OptimizerSettings[K]) => Optimizer } = {
  adamw,
  sgd,
  lion,
  adafactor,
};

/**
 * The optimizer of a name with its settings.
 *
 * @throws {RangeError} If settings contradict each other; the message says how.
 */
export function optimizerOf<K extends OptimizerName>(kind: K, settings: OptimizerSettings[K]): Optimizer {
  return optimizers[kind](settings);
}
