/** The rules of update by name. @module */
import { adafactor, type AdafactorSettings } from "./adafactor.ts";
import { adamw, type AdamWSettings } from "./adamw.ts";
import { lion, type LionSettings } from "./lion.ts";
import type { Optimizer } from "./optimizer.ts";
import { sgd, type SgdSettings } from "./sgd.ts";

/** The settings of each rule. */
interface OptimizerSettings {
  readonly adamw: AdamWSettings;
  readonly sgd: SgdSettings;
  readonly lion: LionSettings;
  readonly adafactor: AdafactorSettings;
}

/** The name of a rule of update. */
export type OptimizerName = keyof OptimizerSettings;

/** Every rule of update. */
const optimizers: { readonly [K in OptimizerName]: (settings: OptimizerSettings[K]) => Optimizer } = {
  adamw,
  sgd,
  lion,
  adafactor,
};

/**
 * The rule of a name with its settings.
 *
 * @throws {RangeError} If settings contradict each other; the message says how.
 */
export function optimizerOf<K extends OptimizerName>(kind: K, settings: OptimizerSettings[K]): Optimizer {
  return optimizers[kind](settings);
}
