/** A run's open models and their weights. @module */
import type { Provider } from "../../../ops/onnx/model.ts";
import { type InterventionDescription, otherWeights } from "../../compile/parameters/intervention_file.ts";
import type { HubOptions } from "../../models/hub/access.ts";
import {
  type BareModel,
  type Model,
  type ModelWeights,
  openBareModel,
  openModel,
  openModelWeights,
  peekModelWeights,
} from "../../models/open/model.ts";
import { modelFileDigests } from "../../models/open/model_files.ts";
import { computedAs, unmadeWeights } from "../../models/open/quantized_weights.ts";
import type { SourceOptions } from "../../models/open/source.ts";
import { digestCacheOf } from "../../models/weights/weights_digest.ts";
import { type BitsName, type QuantizationName, quantizations } from "../../models/weights/quantization.ts";
import type { Entry, Store } from "../../store/store.ts";
import type { Emit } from "../../results/events.ts";
import { bytesProgress, noteTo } from "./work.ts";
import { isWidened, openWidened, unmadeWidened } from "./widen.ts";
import { type OpenedQuantized, openQuantized } from "./quantize.ts";
import { type GgufSource, ggufSource, openQuantizedGguf, peekQuantizedGguf } from "./quantize_gguf.ts";

/** Where models come from, and where files derived from them are kept. */
interface OpenModelsOptions extends HubOptions {
  /** The folder that the pipeline's relative paths are resolved from. */
  readonly base: string;
  /** Cancels downloads when it is aborted. */
  readonly signal: AbortSignal | undefined;
  readonly store: Store;
  readonly emit: Emit;
  readonly provider: Provider;
}

/** What an intervention was trained with. */
export interface TrainedWith {
  readonly description: Pick<InterventionDescription, "base" | "baseWeights" | "cut">;
  /** Of the description. */
  readonly file: string;
}

/** Models and weights, each opened once. */
export class OpenModels implements AsyncDisposable {
  readonly #options: OpenModelsOptions;
  readonly #models = new Map<string, Promise<Model>>();
  readonly #files = new Map<BareModel, Promise<Readonly<Record<string, string>>>>();
  readonly #weights = new Map<BareModel, Promise<ModelWeights>>();
  /** The digests of the files of models whose weights have been opened. */
  readonly #read = new Map<BareModel, string>();
  /** The files of interventions that were reported as trained with other weights. */
  readonly #reported = new Set<string>();
  readonly #widened: Promise<{ readonly entry: Entry }>[] = [];
  readonly #gguf = new Map<BareModel, Map<BitsName, Promise<GgufSource | undefined>>>();
  readonly #quantized = new Map<string, Promise<OpenedQuantized>>();

  constructor(options: OpenModelsOptions) {
    this.#options = options;
  }

  /** The model from a source. */
  model(source: string, revision?: string): Promise<Model> {
    return this.#models.getOrInsertComputed(JSON.stringify([source, revision]), () => {
      return openModel(source, { ...this.#sources(), ...(revision === undefined ? {} : { revision }) });
    });
  }

  /** The model from a source, as far as its config describes it. */
  bareModel(source: string): Promise<BareModel> {
    return openBareModel(source, this.#sources());
  }

  /**
   * A model's weights, with its projections quantized if requested; quantized weights are computed if the store lacks
   * them.
   */
  async weights(model: BareModel, quantize?: QuantizationName): Promise<ModelWeights> {
    const { store, emit, provider } = this.#options;
    const direct = quantize === undefined ? undefined : await this.#ggufSource(model, quantizations[quantize].bits);
    if (quantize !== undefined && direct !== undefined) {
      const { bits } = quantizations[quantize], key = JSON.stringify([direct.file, bits]);
      const make = () => openQuantizedGguf(store, direct, bits, this.#digests, emit);
      return computedAs((await this.#quantized.getOrInsertComputed(key, make)).weights, quantize);
    }
    const open = async () => {
      const stored = await openModelWeights(model, this.#digests, store.checks);
      this.#read.set(model, stored.digest);
      if (!isWidened(model, stored, provider)) return stored;
      const widened = openWidened(store, model, stored, emit);
      this.#widened.push(widened);
      return (await widened).weights;
    };
    const base = await this.#weights.getOrInsertComputed(model, open);
    if (quantize === undefined) return base;
    const { bits } = quantizations[quantize], key = JSON.stringify([model.folder, base.digest, bits]);
    const make = () => openQuantized(store, model, base, bits, emit);
    return computedAs((await this.#quantized.getOrInsertComputed(key, make)).weights, quantize);
  }

  /**
   * The digest of the files of a model's weights, whatever is computed from them; `undefined` if they have not been read,
   * or if a GGUF file's matrices are taken as they are.
   */
  async filesDigest(model: BareModel, quantize?: QuantizationName): Promise<string | undefined> {
    const isDirect = quantize !== undefined &&
      await this.#ggufSource(model, quantizations[quantize].bits) !== undefined;
    return isDirect ? undefined : this.#read.get(model) ?? (await peekModelWeights(model, this.#digests))?.digest;
  }

  /** Reports, once, an intervention that was trained with other weights than the model's, which have been opened. */
  async compareWeights(
    model: BareModel,
    { description, file }: TrainedWith,
    quantize?: QuantizationName,
  ): Promise<void> {
    if (this.#reported.has(file)) return;
    const used = await this.filesDigest(model, quantize);
    const note = otherWeights(description, file, used, model.name);
    if (note === undefined) return;
    this.#reported.add(file);
    noteTo(this.#options.emit)(note);
  }

  /** The digests of the files that describe a model, by their names in its folder. */
  files(model: BareModel): Promise<Readonly<Record<string, string>>> {
    return this.#files.getOrInsertComputed(model, () => modelFileDigests(model, this.#digests));
  }

  /** What is known about a model's weights without reading them; `undefined` if they have never been digested. */
  async peekWeights(model: BareModel, quantize?: QuantizationName): Promise<ModelWeights | undefined> {
    const direct = quantize === undefined ? undefined : await this.#ggufSource(model, quantizations[quantize].bits);
    if (quantize !== undefined && direct !== undefined) {
      const found = await peekQuantizedGguf(direct, quantizations[quantize].bits, this.#digests);
      return found && computedAs(found, quantize);
    }
    const stored = await peekModelWeights(model, this.#digests);
    const base = stored && isWidened(model, stored, this.#options.provider) ? unmadeWidened(stored) : stored;
    if (base === undefined || quantize === undefined) return base;
    return computedAs(unmadeWeights(model, base, quantizations[quantize].bits), quantize);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const made of await Promise.allSettled([...this.#quantized.values(), ...this.#widened])) {
      if (made.status === "fulfilled") made.value.entry.close();
    }
  }

  /** The GGUF file that a model's weights can be taken from without converting it. */
  #ggufSource(model: BareModel, bits: BitsName): Promise<GgufSource | undefined> {
    const ofModel = this.#gguf.getOrInsertComputed(model, () => new Map());
    return ofModel.getOrInsertComputed(bits, () => ggufSource(model, bits));
  }

  /** Where the digests of weight files are cached. */
  get #digests(): string {
    return digestCacheOf(this.#options.store.folder);
  }

  /** How models are found, with progress for downloads and conversions. */
  #sources(): SourceOptions {
    const { base, signal, store, emit, provider: _, ...hub } = this.#options;
    return {
      ...hub,
      base,
      ...signal === undefined ? {} : { signal },
      warn: noteTo(emit),
      store: store.folder,
      converting: bytesProgress(emit, "convert"),
      progress: bytesProgress(emit, "download"),
    };
  }
}
