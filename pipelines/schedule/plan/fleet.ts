/**
 * How long a run takes on many devices, and what it costs: simulated with rates stated by the devices' makers or
 * measured on this machine. Encodings are split between all devices; then each device takes the longest remaining
 * training.
 *
 * @module
 */
import { elementCount } from "../../../ops/program/dimension.ts";
import { type KnownGpu, knownGpu, knownGpus } from "../../doctor/known_gpus.ts";
import { RequestError } from "../../common/errors.ts";
import { quote } from "../../common/suggest.ts";
import type { Architecture } from "../../models/architecture/architecture.ts";
import type { Rates, Work } from "../context/rates.ts";
import type { ExpectedStages } from "../pace/expected_stages.ts";
import { activationsWork, type Budget, encodeWork, evaluateWork, shareAbove, trainWork } from "../pace/stage_work.ts";
import type { PreparedMember, PreparedStage } from "../prepare/prepared.ts";
import type { PlannedEntry, PlannedFleet } from "./plan.ts";

/** What the `--devices` option of a plan requests. */
export interface FleetRequest {
  readonly count: number;
  readonly name: string;
  /** The stated figures of each device; `undefined` for this machine, whose rates are measured. */
  readonly gpu: KnownGpu | undefined;
}

/** The maximum number of simulated devices. */
const mostDevices = 65_536;

/** The assumed share of a stated peak that products of a few hundred rows reach. */
const efficiency = 0.35;

/** The assumed overhead of running a program, in seconds: launching about a thousand kernels. */
const overhead = 0.01;

/** The assumed rate at which all devices together read from a store, in bytes per second. */
const storeRate = 5e9;

/** The assumed bytes of a stored weight: 16 bits. */
const weightBytes = 2;

/** @throws {RequestError} If it is not a number of known devices. */
export function parseFleet(text: string): FleetRequest {
  const [, count, name = ""] = /^(\d{1,6})x([A-Za-z][\w-]*)$/.exec(text.trim()) ?? [], gpu = knownGpu(name);
  if (count !== undefined && Number(count) >= 1 && Number(count) <= mostDevices) {
    if (name === "here") return { count: Number(count), name: "machines like this one", gpu: undefined };
    if (gpu !== undefined) return { count: Number(count), name, gpu };
  }
  throw new RequestError(
    `--devices ${
      quote(text)
    } names nothing that plan can simulate; write a number from 1 to ${mostDevices} of known GPUs, ` +
      `as in 64xH100 (${knownGpus.join(", ")}), or of machines like this one, as in 64xhere`,
  );
}

/** What is simulated. */
interface FleetWork {
  readonly members: readonly PreparedMember[];
  readonly expected: ExpectedStages;
  /** The encodings that the run would compute. */
  readonly encodings: readonly { readonly entry: PlannedEntry }[];
  readonly rates: Rates;
  /** What stages may keep of their rows. */
  readonly budget: Budget;
}

/** A training with its member's evaluations, which one device runs. */
interface Task {
  readonly seconds: number;
  /** Bytes of its encoding that it reads. */
  readonly bytes: number;
}

/** The run on a number of devices. */
export function planFleet({ count, name, gpu }: FleetRequest, work: FleetWork): PlannedFleet {
  const { encodings, expected, members } = work, encoded = new Map<string, number>();
  for (const { entry } of encodings) {
    for (const member of entry.members) encoded.set(member, entry.bytes / entry.members.length);
  }
  const secondsOf = (stage: PreparedStage, own: Work) => {
    return gpu === undefined ? work.rates.expected(own).seconds : statedSeconds(gpu, stage, own);
  };
  const tasks = members.flatMap((member): Task[] => {
    const due = member.stages.filter((stage) => expected.stages.has(stage));
    if (due.length === 0) return [];
    const seconds = due.reduce((sum, stage) => sum + secondsOf(stage, workOf(stage, work.budget)), 0);
    return [{ seconds, bytes: encoded.get(member.member.id) ?? 0 }];
  }).sort((one, other) => other.seconds - one.seconds);
  const encodeSeconds = [...expected.encodings.keys()].reduce((sum, stage) => {
    const own = encodeWork(stage, work.budget);
    return own === undefined ? sum : sum + secondsOf(stage, own);
  }, 0);
  const storedBytes = encodings.reduce((sum, { entry }) => sum + (entry.cached ? 0 : entry.bytes), 0);
  const readBytes = encodings.reduce((sum, { entry }) => sum + entry.bytes, 0);
  const modelBytes = [...new Set(members.flatMap(({ stages }) => stages.map(({ model }) => model.architecture)))]
    .reduce((sum, architecture) => sum + weightBytes * countOf(architecture), 0);
  // Each device reads the weights once, and at most everything that is encoded.
  const moved = (devices: number) => {
    return storedBytes + devices * modelBytes + Math.min(devices, Math.max(1, tasks.length)) * readBytes;
  };
  const makespan = (devices: number) => {
    return Math.max(encodeSeconds / devices + longestLoad(tasks, devices), moved(devices) / storeRate);
  };
  const sizes = [...new Set([...powersUpTo(Math.min(mostDevices, 16 * count)), count])].sort((one, other) =>
    one - other
  );
  const scaling = sizes.map((devices) => ({ devices, seconds: makespan(devices) }));
  const seconds = makespan(count), [alone] = scaling;
  // The largest number at which each device still does half of what a single one does.
  const worthwhile = scaling.findLast(({ devices, seconds }) => alone!.seconds / seconds >= devices / 2)!;
  return {
    devices: count,
    name,
    seconds,
    encodeSeconds: encodeSeconds / count,
    bytesMoved: moved(count),
    ...gpu === undefined ? {} : { dollars: count * seconds / 3600 * gpu.dollarsPerHour },
    scaling,
    stopsAt: worthwhile.devices,
    limit: moved(2 * worthwhile.devices) / storeRate >= makespan(2 * worthwhile.devices)
      ? "the store"
      : "the longest training",
    basis: gpu === undefined ? "measured" : "stated",
  };
}

function workOf(stage: PreparedStage, budget: Budget): Work {
  if (stage.kind === "train") return trainWork(stage, budget);
  return stage.kind === "evaluate" ? evaluateWork(stage, budget) : activationsWork(stage);
}

/** A roofline: a run is bound by its arithmetic or by reading the weights that it uses. */
function statedSeconds({ flopsPerSecond, bytesPerSecond }: KnownGpu, stage: PreparedStage, work: Work): number {
  const passes = work.kind === "train" ? 2 * shareAbove(stage) : 1;
  const bytes = passes * weightBytes * countOf(stage.model.architecture), each = work.flops / Math.max(1, work.runs);
  return work.runs * (overhead + Math.max(each / (efficiency * flopsPerSecond), bytes / bytesPerSecond));
}

const counted = new WeakMap<Architecture, number>();

function countOf(architecture: Architecture): number {
  return counted.getOrInsertComputed(architecture, () => {
    return [...architecture.weights.values()].reduce((sum, shape) => sum + elementCount(shape), 0);
  });
}

function powersUpTo(most: number): number[] {
  return Array.from({ length: Math.floor(Math.log2(most)) + 1 }, (_, power) => 2 ** power);
}

/** The seconds of the device that ends last, if each free device takes the longest remaining task. */
function longestLoad(tasks: readonly Task[], devices: number): number {
  if (devices >= tasks.length) return tasks[0]?.seconds ?? 0;
  // A heap of each device's load, the least first.
  const heap = new Float64Array(devices);
  for (const { seconds } of tasks) {
    const load = heap[0]! + seconds;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= devices) break;
      if (child + 1 < devices && heap[child + 1]! < heap[child]!) child++;
      if (heap[child]! >= load) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = load;
  }
  return heap.reduce((most, load) => Math.max(most, load), 0);
}
