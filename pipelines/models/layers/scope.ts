/** What a part of a model builds with: its weights by name, its tokens' places, and the edits of what it computes. @module */
import { linear } from "../../../ops/nn/linear.ts";
import * as o from "../../../ops/operators.ts";
import type { Projection } from "../../../ops/adapters/adapter.ts";
import type { Shape } from "../../../ops/program/dimension.ts";
import type { KeyValues } from "../../../ops/nn/attention.ts";
import type { Value } from "../../../ops/program/program.ts";
import type { EditHook, Places, Segment, SiteName, WeightSource } from "../architecture/architecture.ts";

/** How a linear projection is stored. */
export interface LinearForm {
  readonly bias?: boolean;
  /** Whether the weight is [inputs, outputs], as GPT-2 has it. */
  readonly transposed?: boolean;
}

/** The place of a part: a block, or what is before or behind all blocks. */
export class Scope {
  readonly block: number | undefined;
  readonly segment: Segment;
  readonly #weights: WeightSource;
  readonly #edit: EditHook | undefined;
  readonly #prefix: string;

  constructor(segment: Segment, weights: WeightSource, edit: EditHook | undefined, block?: number, prefix = "") {
    this.segment = segment;
    this.block = block;
    this.#weights = weights;
    this.#edit = edit;
    this.#prefix = prefix;
  }

  /** The scope of what is before or behind all blocks, where no tokens' places are asked for. */
  static outside(weights: WeightSource, edit?: EditHook): Scope {
    return new Scope({} as Segment, weights, edit);
  }

  /** The scope of a part whose weights' names go on with `name`. */
  at(name: string): Scope {
    return new Scope(this.segment, this.#weights, this.#edit, this.block, `${this.#prefix}${name}.`);
  }

  /** The scope of the same place whose weights' names are whole. */
  get whole(): Scope {
    return new Scope(this.segment, this.#weights, this.#edit, this.block);
  }

  /** A weight by the rest of its name. */
  weight(name: string, shape: Shape): Value {
    return this.#weights(this.#prefix + name, shape);
  }

  /** What is made of the representation at a site of this block. */
  edit(name: SiteName, hidden: Value, projection?: Projection): Value {
    return this.#edit === undefined ? hidden : this.#edit({ block: this.block, name }, hidden, projection);
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

  /** Where the tokens stand in this block. */
  get places(): Places {
    const { copied } = this.segment;
    return copied !== undefined && this.block !== undefined && this.block > copied.behind
      ? copied.places
      : this.segment;
  }

  /** The keys and values of this block that stand before the segment's own. */
  get past(): readonly KeyValues[] {
    return (this.segment.past ?? []).map((run) => run[this.block as number] as KeyValues);
  }
}
