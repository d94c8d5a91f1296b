/** The devices that a run is spread over: each has a worker of the runtime with sessions of its own. @module */
import type { Provider } from "../../../ops/onnx/model.ts";
import { providers } from "../../../ops/onnx/providers.ts";
import { RequestError } from "../../common/errors.ts";
import { quote } from "../../common/suggest.ts";
import type { Device } from "../../runtime/device.ts";

/** What `--devices` asks for. */
export interface DeviceRequest {
  readonly provider: Provider;
  readonly devices: readonly Device[];
  /** Threads for the operators of each worker; of a GPU's as many as the run has. */
  readonly threads: number | undefined;
}

/** What may be written. */
export const deviceForms = "cpu:2x1 for two workers of one thread, or numbers of GPUs as in webgpu:0 or cuda:0,1";

/** The most workers or devices of a run. */
const most = 64;

/**
 * Reads what `--devices` says.
 *
 * @throws {RequestError} If it names no devices, or one that no runtime can open.
 */
export function parseDevices(text: string): DeviceRequest {
  const [, name = "", rest = ""] = /^([^:]*):?(.*)$/s.exec(text.trim()) ?? [];
  const provider = providers.find((each) => each === name);
  if (provider === undefined) {
    throw wrong(text, "names no provider");
  }
  return provider === "cpu" ? cpuWorkers(text, rest) : gpus(text, provider, rest);
}

function cpuWorkers(text: string, rest: string): DeviceRequest {
  const [, workers, threads] = /^(\d{1,4})x(\d{1,4})$/.exec(rest)?.map(Number) ?? [];
  if (workers === undefined || threads === undefined) {
    throw wrong(text, "does not say how many workers of how many threads");
  }
  if (workers < 1 || workers > most || threads < 1) {
    throw wrong(text, `has not 1 to ${most} workers of 1 thread or more`);
  }
  const devices = Array.from({ length: workers }, (_, at) => ({ name: `cpu:${at}`, number: undefined }));
  return { provider: "cpu", devices, threads };
}

function gpus(text: string, provider: Exclude<Provider, "cpu">, rest: string): DeviceRequest {
  const numbers = rest.split(",").map((each) => /^\d{1,2}$/.test(each.trim()) ? Number(each) : undefined);
  const known = numbers.flatMap((number) => number ?? []);
  if (known.length !== numbers.length || known.length > most) throw wrong(text, "does not list numbers of GPUs");
  const twice = known.find((number, at) => known.indexOf(number) !== at);
  if (twice !== undefined) throw wrong(text, `lists ${provider}:${twice} twice`);
  const beyond = known.find((number) => number > 0);
  if (provider === "webgpu" && beyond !== undefined) {
    throw new RequestError(
      `--devices ${
        quote(text)
      }: ONNX Runtime opens one WebGPU adapter in a process, so there is no webgpu:${beyond}; ` +
        "write webgpu:0, and choose the adapter by the driver's own variable, as MESA_VK_DEVICE_SELECT",
    );
  }
  return {
    provider,
    devices: known.map((number) => ({ name: `${provider}:${number}`, number })),
    threads: undefined,
  };
}

function wrong(text: string, problem: string): RequestError {
  return new RequestError(`--devices ${quote(text)} ${problem}; write ${deviceForms}`);
}

/** What to know of workers that wait for each other; `undefined` where they need not. */
export function crowding({ devices, threads = 1, provider }: DeviceRequest): string | undefined {
  const cores = navigator.hardwareConcurrency, taken = devices.length * threads;
  if (provider !== "cpu" || taken <= cores) return undefined;
  return `the ${devices.length} workers have ${taken} threads in all, and this machine has ${cores} cores`;
}
