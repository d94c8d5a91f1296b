/**
 * What ONNX Runtime needs and does on each execution provider, and its errors explained in one line with a remedy.
 *
 * @module
 */
import { system } from "../common/system.ts";
import { ownValue } from "../../ops/program/own_value.ts";
import { join } from "node:path";
import type { Provider } from "../../ops/onnx/model.ts";

/** Libraries that a provider needs besides ONNX Runtime's binding. */
interface Libraries {
  /** Their names by operating system; the provider does not exist on others. */
  readonly files: Readonly<Record<string, readonly string[]>>;
  /** The package that contains them. */
  readonly package: string;
}

/** The properties of a provider in the runtime. */
interface ProviderRuntime {
  /** Whether it is the CPU itself; on other providers, a session that would leave operations to the CPU is refused. */
  readonly isCpu: boolean;
  /** Whether the trainings of several members run as one. */
  readonly batchesTrainings: boolean;
  /** Whether a row's results are known to have the same bits whatever other rows run with it. */
  readonly isBatchInvariant: boolean;
  /** The libraries that are not in the binding's own package. */
  readonly libraries: Libraries | undefined;
  /** Parts of ONNX Runtime's messages, and what they mean, to be appended to "The … provider". */
  readonly refusals: readonly { readonly says: string; readonly means: string }[];
}

/** The facts about each provider. */
export const providerRuntimes: Readonly<Record<Provider, ProviderRuntime>> = {
  cpu: { isCpu: true, batchesTrainings: true, isBatchInvariant: true, libraries: undefined, refusals: [] },
  webgpu: {
    isCpu: false,
    batchesTrainings: false,
    isBatchInvariant: false,
    libraries: undefined,
    refusals: [{ says: "WebGPU adapter", means: "found no GPU adapter; install a Vulkan driver" }],
  },
  cuda: {
    isCpu: false,
    batchesTrainings: false,
    isBatchInvariant: false,
    libraries: {
      files: {
        linux: ["libonnxruntime_providers_shared.so", "libonnxruntime_providers_cuda.so"],
        windows: ["onnxruntime_providers_shared.dll", "onnxruntime_providers_cuda.dll"],
      },
      package: "ONNX Runtime 1.30's GPU package",
    },
    refusals: [
      { says: "invalid device ordinal", means: "has no GPU with this number; nvidia-smi -L lists them" },
      { says: "cuda_call.cc", means: "could not use the GPU; check its driver with nvidia-smi" },
      { says: "cannot open shared object file", means: "lacks libraries; deno task doctor --install installs them" },
    ],
  },
};

/**
 * What is missing for a provider.
 *
 * @param binding The folder of ONNX Runtime's native binding.
 * @param os The operating system.
 * @returns One line, or `undefined` if nothing is known to be missing.
 */
export function missingLibraries(
  provider: Provider,
  binding: string,
  os: string = system.build.os,
): string | undefined {
  const { libraries } = providerRuntimes[provider];
  if (libraries === undefined) return undefined;
  const needed = ownValue(libraries.files, os);
  if (needed === undefined) return `${named(provider)} does not exist on ${os}; use --provider cpu`;
  const missing = needed.filter((name) => !exists(join(binding, name)));
  if (missing.length === 0) return undefined;
  const remedy = os === "linux" ? "deno task doctor --install installs them" : `get them from ${libraries.package}`;
  return `${named(provider)} lacks ${missing.join(" and ")} in ${binding}; ${remedy}, or use --provider cpu`;
}

/** The names of the libraries that providers on this system need next to the binding. */
export function providerLibraries(os: string = system.build.os): readonly string[] {
  return Object.values(providerRuntimes).flatMap(({ libraries }) => ownValue(libraries?.files ?? {}, os) ?? []);
}

const named = (provider: Provider) => `The ${provider} provider`;

function exists(path: string): boolean {
  try {
    system.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Whether a refusal means that some operations have no kernel on the provider. */
export function isFallbackRefusal(message: string): boolean {
  return message.includes("fallback to CPU EP has been explicitly disabled");
}

/** Parts of ONNX Runtime's messages about a failed run, and what they mean. */
const failures = [{
  says: "requires f16 but the device does not support it",
  means: "the GPU does not support 16-bit numbers; use the base model in float32 or bfloat16, or --provider cpu",
}] as const;

/** Why a run failed: explained if the message is known. */
export function explainFailure(message: string): string {
  return failures.find(({ says }) => message.includes(says))?.means ?? message;
}

/** ONNX Runtime's refusal of a model, explained in one line. */
export function explainRefusal(provider: Provider, message: string): string {
  const known = providerRuntimes[provider].refusals.find(({ says }) => message.includes(says));
  if (known !== undefined) return `${named(provider)} ${known.means}, or use --provider cpu`;
  // Messages of missingLibraries() need no explanation.
  if (message.startsWith(named(provider))) return message;
  return `ONNX Runtime refused a program for ${provider}: ${message.trim().split("\n")[0]}`;
}
