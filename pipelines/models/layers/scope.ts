/** What a part of a model builds with: its weights by name, its run's inputs, and the edits of what it computes. @module */
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
  /** Whether the weight is [inputs, outputs], as GPT-2 has it. */
  readonly transposed?: boolean;
}

/** What is made of representations on their way; nothing where a hook is omitted. */
export interface Hooks {
  readonly edit?: EditHook | undefined;
  readonly drop?: DropHook | undefined;
}

/** Where a part is: in a block, or before or after all blocks. */
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

  /** The scope of what is after all blocks, of which the rows alone are known. */
  static outside(weights: WeightSource, hooks: Hooks = {}): Scope {
    return new Scope(undefined, weights, hooks);
  }

  /** The scope of a part whose weights' names go on with `name`. */
  at(name: string): Scope {
    return new Scope(this.#run, this.#weights, this.#hooks, this.block, `${this.#prefix}${name}.`);
  }

  /** The same scope whose weights' names are whole. */
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
   * @param neutral What leaves the norm as it is.
   */
  normWeight(name: string, shape: Shape, neutral = 1): Value {
    return this.#weights(this.#prefix + name, shape, neutral);
  }

  /** What is made of the representation at a site of this block. */
  edit(name: SiteName, hidden: Value, projection?: Projection): Value {
    return this.#hooks.edit?.({ block: this.block, name }, hidden, projection) ?? hidden;
  }

  /** What the model's own dropout makes of a representation, where it acts. */
  drop(place: DropoutPlace, x: Value): Value {
    return this.#hooks.drop?.({ block: this.block, place }, x) ?? x;
  }

  /** `x·Wᵀ + b` by the projection of the name: x [..., inputs] to [..., outputs], edited where it is a site. */
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

  /** An input that the part cannot do without. */
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
