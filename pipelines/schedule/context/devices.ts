/** The devices that a run is spread over: each has a runtime worker with its own sessions. @module */
import type { Provider } from "../../../ops/onnx/model.ts";
import { providers } from "../../../ops/onnx/providers.ts";
import { RequestError } from "../../common/errors.ts";
import { quote } from "../../common/suggest.ts";
import type { Device } from "../../runtime/device.ts";

/** What `--devices` requests. */
export interface DeviceRequest {
  readonly provider: Provider;
  readonly devices: readonly Device[];
  /** Threads for the operators of each worker; for a GPU, the run's number of threads. */
  readonly threads: number | undefined;
}

/** The accepted forms. */
export const deviceForms = "cpu:2x1 for two workers of one thread, or GPU numbers as in webgpu:0 or cuda:0,1";

/** The maximum number of workers or devices of a run. */
const most = 64;

/** The maximum number of threads of all workers; as many as `--threads` accepts. */
const mostThreads = 1024;

/**
 * Parses the value of `--devices`.
 *
 * @throws {RequestError} If it names no devices, or a device that the runtime cannot open.
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
    throw wrong(text, "does not say how many workers and how many threads each");
  }
  if (workers < 1 || workers > most || threads < 1 || workers * threads > mostThreads) {
    throw wrong(
      text,
      `does not have 1 to ${most} workers of at least 1 thread, and at most ${mostThreads} threads in all`,
    );
  }
  const devices = Array.from({ length: workers }, (_, at) => ({ name: `cpu:${at}`, number: undefined }));
  return { provider: "cpu", devices, threads };
}

function gpus(text: string, provider: Exclude<Provider, "cpu">, rest: string): DeviceRequest {
  const numbers = rest.split(",").map((each) => /^\d{1,2}$/.test(each.trim()) ? Number(each) : undefined);
  const known = numbers.flatMap((number) => number ?? []);
  if (known.length !== numbers.length || known.length > most) throw wrong(text, "does not list GPU numbers");
  const twice = known.find((number, at) => known.indexOf(number) !== at);
  if (twice !== undefined) throw wrong(text, `lists ${provider}:${twice} twice`);
  const beyond = known.find((number) => number > 0);
  if (provider === "webgpu" && beyond !== undefined) {
    throw new RequestError(
      `--devices ${quote(text)}: ONNX Runtime opens one WebGPU adapter per process, so there is no webgpu:${beyond}; ` +
        "write webgpu:0, and choose the adapter with the driver's own variable, such as MESA_VK_DEVICE_SELECT",
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

/** A note on workers that compete for cores; `undefined` if they do not. */
export function crowding({ devices, threads = 1, provider }: DeviceRequest): string | undefined {
  const cores = navigator.hardwareConcurrency, taken = devices.length * threads;
  if (provider !== "cpu" || taken <= cores) return undefined;
  return `the ${devices.length} workers have ${taken} threads in total, but this machine has ${cores} cores`;
}
