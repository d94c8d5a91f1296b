/** The requests to the worker that holds the sessions, and its replies. @module */
import type { OnnxModel, Provider } from "../../ops/onnx/model.ts";
import type { ResidentUse } from "./resident_rows.ts";
import type { HostTensor } from "../common/host_tensor.ts";

/** How sessions are created. */
export interface SessionSettings {
  /** Threads for the operators of one run. */
  readonly threads: number;
  /**
   * Whether a session keeps the memory of its runs for the next one, which saves time and may cost twice the memory.
   */
  readonly keepsMemory: boolean;
  /**
   * Whether weights are packed, that is, copied into the order in which products read them, instead of mapped from
   * files.
   */
  readonly prepacks: boolean;
  /** The number of the provider's device; the first if `undefined`. */
  readonly device: number | undefined;
}

/** A request to the worker. */
export type Request =
  | { readonly id: number; readonly kind: "open"; readonly model: OnnxModel; readonly settings: SessionSettings }
  | {
    readonly id: number;
    readonly kind: "run";
    readonly session: number;
    readonly feeds: Record<string, HostTensor>;
    /** How the run uses tensors that stay in the worker. */
    readonly resident: ResidentUse | undefined;
  }
  | { readonly id: number; readonly kind: "free"; readonly resident: number }
  | { readonly id: number; readonly kind: "close"; readonly session: number };

/** What a run returns: its results, and the fed tensors whose memory was transferred. */
export interface RunReply {
  readonly outputs: Record<string, HostTensor>;
  readonly feeds: Record<string, HostTensor>;
  /** The likeliest token of each row, if it was to be chosen. */
  readonly chosen?: readonly number[] | undefined;
  /** The seconds that the run itself took, without the communication with the worker. */
  readonly seconds: number;
}

/** A reply of the worker. */
export type Reply =
  | { readonly id: number; readonly kind: "done"; readonly value: RunReply | null }
  | { readonly id: number; readonly kind: "failed"; readonly message: string; readonly provider: Provider | null };

/** The size in bytes from which memory is transferred: to copy less takes no longer than a transfer. */
const leastTransferred = 4096;

/** Whether a tensor's memory is transferred to another thread, not copied. */
export function isTransferred({ data }: HostTensor): boolean {
  return data.buffer.byteLength >= leastTransferred;
}

/** The memory of tensors that is transferred with them. */
export function transferred(tensors: readonly HostTensor[]): ArrayBuffer[] {
  return [...new Set(tensors.filter(isTransferred).map(({ data }) => data.buffer))];
}
