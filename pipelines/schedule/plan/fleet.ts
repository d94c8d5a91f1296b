/**
 * How long a run takes on many devices, and what it costs: simulated, by rates that the devices' makers state or that this
 * machine has measured. Encodings are shared between all devices; then each takes the longest training that is left.
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
import { activationsWork, encodeWork, evaluateWork, shareAbove, trainWork } from "../pace/stage_work.ts";
import type { PreparedMember, PreparedStage } from "../prepare/prepared.ts";
import type { PlannedEntry, PlannedFleet } from "./plan.ts";

/** What `--devices` of a plan asks for. */
export interface FleetRequest {
  readonly count: number;
  readonly name: string;
  /** What is stated of each; `undefined` of this machine, whose rates are measured. */
  readonly gpu: KnownGpu | undefined;
}

/** The most devices that are simulated. */
const mostDevices = 65_536;

/** The share of a stated peak that products of a few hundred rows reach, as assumed. */
const efficiency = 0.35;

/** What a run of a program takes besides its arithmetic, in seconds, as assumed: starting some thousand kernels. */
const overhead = 0.01;

/** What all devices together read from a store, in bytes a second, as assumed. */
const storeRate = 5e9;

/** Bytes of a stored weight, as assumed: 16 bits. */
const weightBytes = 2;

/** @throws {RequestError} If no number of known devices is asked for. */
export function parseFleet(text: string): FleetRequest {
  const [, count, name = ""] = /^(\d{1,6})x([A-Za-z][\w-]*)$/.exec(text.trim()) ?? [], gpu = knownGpu(name);
  if (count !== undefined && Number(count) >= 1 && Number(count) <= mostDevices) {
    if (name === "here") return { count: Number(count), name: "machines like this one", gpu: undefined };
    if (gpu !== undefined) return { count: Number(count), name, gpu };
  }
  throw new RequestError(
    `--devices ${quote(text)} of a plan is a number of known GPUs, as 64xH100 (${
      knownGpus.join(", ")
    }), or of machines ` +
      `like this one, as 64xhere`,
  );
}

/** What is simulated. */
interface FleetWork {
  readonly members: readonly PreparedMember[];
  readonly expected: ExpectedStages;
  /** The encodings that the run would make. */
  readonly encodings: readonly { readonly entry: PlannedEntry }[];
  readonly rates: Rates;
}

/** A training with its member's evaluations, which one device does. */
interface Task {
  readonly seconds: number;
  /** Bytes that it reads of its encoding. */
  readonly bytes: number;
}

/** The run on so many devices. */
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
    const seconds = due.reduce((sum, stage) => sum + secondsOf(stage, workOf(stage)), 0);
    return [{ seconds, bytes: encoded.get(member.member.id) ?? 0 }];
  }).sort((one, other) => other.seconds - one.seconds);
  const encodeSeconds = [...expected.encodings.keys()].reduce((sum, stage) => {
    const own = encodeWork(stage);
    return own === undefined ? sum : sum + secondsOf(stage, own);
  }, 0);
  const storedBytes = encodings.reduce((sum, { entry }) => sum + (entry.cached ? 0 : entry.bytes), 0);
  const readBytes = encodings.reduce((sum, { entry }) => sum + entry.bytes, 0);
  const modelBytes = [...new Set(members.flatMap(({ stages }) => stages.map(({ model }) => model.architecture)))]
    .reduce((sum, architecture) => sum + weightBytes * countOf(architecture), 0);
  // Each device reads the weights once, and at most the whole of what is encoded.
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
  // The largest of which each device still does half of what it does alone.
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

function workOf(stage: PreparedStage): Work {
  if (stage.kind === "train") return trainWork(stage);
  return stage.kind === "evaluate" ? evaluateWork(stage) : activationsWork(stage);
}

/** A roofline: a run is bound by its arithmetic or by reading the weights that it passes. */
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

/** The seconds of the device that ends last, where each takes the longest task that is left when it is free. */
function longestLoad(tasks: readonly Task[], devices: number): number {
  if (devices >= tasks.length) return tasks[0]?.seconds ?? 0;
  // A heap of what each device has to do, the least first.
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
