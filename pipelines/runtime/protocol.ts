/** The requests to the worker that holds the sessions, and its answers. @module */
import type { OnnxModel, Provider } from "../../ops/onnx/model.ts";
import type { ResidentUse } from "./resident_rows.ts";
import type { HostTensor } from "../common/host_tensor.ts";

/** How sessions are made. */
export interface SessionSettings {
  /** Threads for the operators of one run. */
  readonly threads: number;
  /** Whether a session keeps the memory of its runs for the next one, which saves time and may cost twice the memory. */
  readonly keepsMemory: boolean;
  /** Whether weights are copied into the order in which products read them, instead of mapped from their files. */
  readonly prepacks: boolean;
  /** Which of the provider's devices it is for; the first if `undefined`. */
  readonly device: number | undefined;
}

/** A question to the worker. */
export type Request =
  | { readonly id: number; readonly kind: "open"; readonly model: OnnxModel; readonly settings: SessionSettings }
  | {
    readonly id: number;
    readonly kind: "run";
    readonly session: number;
    readonly feeds: Record<string, HostTensor>;
    /** What the run does with tensors that stay in the worker. */
    readonly resident: ResidentUse | undefined;
  }
  | { readonly id: number; readonly kind: "free"; readonly resident: number }
  | { readonly id: number; readonly kind: "close"; readonly session: number };

/** What a run gives back: its results, and the fed tensors' buffers. */
export interface RunReply {
  readonly outputs: Record<string, HostTensor>;
  readonly feeds: Record<string, HostTensor>;
  /** Seconds that the run itself took, without the way to the worker and back. */
  readonly seconds: number;
}

/** An answer of the worker. */
export type Reply =
  | { readonly id: number; readonly kind: "done"; readonly value: RunReply | null }
  | { readonly id: number; readonly kind: "failed"; readonly message: string; readonly provider: Provider | null };
