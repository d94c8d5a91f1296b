/** The context in which a part of a model is built: its weights by name, its run's inputs, and edits. @module */
import { linear } from "../../../ops/nn/linear.ts";
import * as o from "../../../ops/operators.ts";
import type { Projection } from "../../../ops/adapters/adapter.ts";
import type { Shape } from "../../../ops/program/dimension.ts";
import type { KeyValues } from "../../../ops/nn/attention.ts";
import type { Value } from "../../../ops/program/program.ts";
import type {
  DropHook,
  DropoutPlace,
  EditHook,
  SiteName,
  TokenRun,
  WeightSource,
} from "../architecture/architecture.ts";
import type { InputName, ModelInputs } from "../inputs/kinds.ts";

/** How a linear projection is stored. */
export interface LinearForm {
  readonly bias?: boolean;
  /** Whether the weight is stored [inputs, outputs], as in GPT-2. */
  readonly transposed?: boolean;
}

/** Hooks that change representations during the forward pass. */
export interface Hooks {
  readonly edit?: EditHook | undefined;
  readonly drop?: DropHook | undefined;
}

/** The place of a part: in a block, or before or after all blocks. */
export class Scope {
  readonly block: number | undefined;
  readonly #run: TokenRun | undefined;
  readonly #weights: WeightSource;
  readonly #hooks: Hooks;
  readonly #prefix: string;

  constructor(
    run: TokenRun | undefined,
    weights: WeightSource,
    hooks: Hooks,
    block?: number,
    prefix = "",
  ) {
    this.#run = run;
    this.block = block;
    this.#weights = weights;
    this.#hooks = hooks;
    this.#prefix = prefix;
  }

  /** The scope of parts after all blocks, where only rows are known. */
  static outside(weights: WeightSource, hooks: Hooks = {}): Scope {
    return new Scope(undefined, weights, hooks);
  }

  /** The scope of a part whose weight names continue with `name`. */
  at(name: string): Scope {
    return new Scope(this.#run, this.#weights, this.#hooks, this.block, `${this.#prefix}${name}.`);
  }

  /** The same scope with full weight names. */
  get whole(): Scope {
    return new Scope(this.#run, this.#weights, this.#hooks, this.block);
  }

  /** A weight by the rest of its name. */
  weight(name: string, shape: Shape): Value {
    return this.#weights(this.#prefix + name, shape);
  }

  /**
   * A norm's weight by the rest of its name.
   *
   * @param neutral The value with which the norm's weight has no effect.
   */
  normWeight(name: string, shape: Shape, neutral = 1): Value {
    return this.#weights(this.#prefix + name, shape, neutral);
  }

  /** Applies edits to the representation at a site of this block. */
  edit(name: SiteName, hidden: Value, projection?: Projection): Value {
    return this.#hooks.edit?.({ block: this.block, name }, hidden, projection) ?? hidden;
  }

  /** Applies the model's own dropout, if active, to a representation. */
  drop(place: DropoutPlace, x: Value): Value {
    return this.#hooks.drop?.({ block: this.block, place }, x) ?? x;
  }

  /** `x·Wᵀ + b` with the projection of a name: x [..., inputs] to [..., outputs], with edits if it is a site. */
  linear(name: string, x: Value, outputs: number, { bias = false, transposed = false }: LinearForm, site?: SiteName) {
    const inputs = x.shape[x.shape.length - 1] as number;
    const stored = this.weight(`${name}.weight`, transposed ? [inputs, outputs] : [outputs, inputs]);
    const shift = bias ? this.weight(`${name}.bias`, [outputs]) : undefined;
    if (!transposed) {
      const product = linear(x, stored, shift);
      return site === undefined ? product : this.edit(site, product, { input: x, weight: stored, bias: shift });
    }
    const plain = o.matmul(x, stored), product = shift === undefined ? plain : o.add(plain, shift);
    if (site === undefined) return product;
    return this.edit(site, product, { input: x, weight: o.transpose(stored, [1, 0]), bias: shift });
  }

  /** The tokens that the part runs over. */
  get run(): TokenRun {
    if (this.#run === undefined) throw new TypeError("Nothing is known of the tokens after all blocks");
    return this.#run;
  }

  /** The inputs of this block. */
  get inputs(): ModelInputs {
    const { inputs, copied } = this.run;
    return copied !== undefined && this.block !== undefined && this.block > copied.after ? copied.inputs : inputs;
  }

  /** An input that the part requires. */
  input<Name extends InputName>(name: Name): NonNullable<ModelInputs[Name]> {
    const { [name]: found } = this.inputs;
    if (found === undefined) throw new TypeError(`The model does not declare its input ${name}`);
    return found;
  }

  /** The keys and values of this block before the run's own. */
  get past(): readonly KeyValues[] {
    return (this.run.past ?? []).map((run) => run[this.block as number] as KeyValues);
  }
}
