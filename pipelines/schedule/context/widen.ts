/**
 * A base model's weights in float32, for a provider that cannot read them as they are stored; computed once and kept in
 * the store. WebGPU has no bfloat16. No value changes.
 *
 * @module
 */
import { relative } from "node:path";
import { system } from "../../common/system.ts";
import { elementCount } from "../../../ops/program/dimension.ts";
import type { Provider } from "../../../ops/onnx/model.ts";
import { keyOf } from "../../common/content_key.ts";
import type { Emit } from "../../results/events.ts";
import type { BareModel, ModelWeights } from "../../models/open/model.ts";
import { hasHalfNumbers } from "../../runtime/half_numbers.ts";
import type { Entry, Store } from "../../store/store.ts";
import { beginWork } from "./work.ts";

/** The kind of the store's entries. */
const widenedKind = "widen";

/** Whether a provider can read some of a model's weights only in float32. */
export function isWidened({ architecture }: BareModel, weights: ModelWeights, provider: Provider): boolean {
  return provider === "webgpu" && weights.isAbsent !== true &&
    [...architecture.weights.keys()].some((name) => isUnread(weights.storedType(name)));
}

/** Whether WebGPU does not read a type here. */
function isUnread(type: string): boolean {
  return type === "bfloat16" || (type === "float16" && !hasHalfNumbers());
}

/** What is known about widened weights before they are computed; programs cannot read them yet. */
export function unmadeWidened(base: ModelWeights): ModelWeights {
  return {
    ...base,
    digest: keyOf({ widen: base.digest, ...hasHalfNumbers() ? {} : { widensHalf: true } }),
    storedType: (name) => isUnread(base.storedType(name)) ? "float32" : base.storedType(name),
  };
}

/** Weights whose bfloat16 tensors are in the store as float32, and the entry that keeps them open. */
export async function openWidened(
  store: Store,
  model: BareModel,
  base: ModelWeights,
  emit: Emit,
): Promise<{ readonly weights: ModelWeights; readonly entry: Entry }> {
  const unmade = unmadeWidened(base), key = unmade.digest;
  const { entry, use } = await store.getMapped(widenedKind, key) ??
    { entry: await make(store, key, model, base, emit), use: () => {} };
  const path = await system.realPath(entry.path);
  const locate: ModelWeights["locate"] = (name) => {
    const found = entry.tensors.get(name);
    if (found === undefined) return base.locate(name);
    use();
    return { location: relative("/", path), offset: found.offset, length: found.bytes };
  };
  return { weights: { ...unmade, locate }, entry };
}

function make(
  store: Store,
  key: string,
  { architecture }: BareModel,
  base: ModelWeights,
  emit: Emit,
): Promise<Entry> {
  const wide = [...architecture.weights].filter(([name]) => isUnread(base.storedType(name)));
  const done = beginWork(emit, "convert", wide.reduce((sum, [, shape]) => sum + 4 * elementCount(shape), 0), "float32");
  return store.putAndOpen(widenedKind, key, async (entry) => {
    entry.declare({
      tensors: wide.map(([name, shape]) => ({ name, dtype: "F32" as const, shape: [...shape] })),
      metadata: { weights: base.digest },
    });
    let finished = 0;
    for (const [name] of wide) {
      const data = await base.read(name);
      entry.append(name, data);
      done(finished += data.byteLength);
    }
  });
}
