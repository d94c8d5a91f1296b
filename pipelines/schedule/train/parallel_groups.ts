/** Groups of rows that run at once, each on its own device, with the parameters from before the step. @module */
import { putValue } from "../../../ops/program/own_value.ts";
import type { Feeds, HostTensor } from "../../common/host_tensor.ts";
import type { Session } from "../../runtime/runtime.ts";

type Outputs = Readonly<Record<string, HostTensor>>;

/**
 * Runs groups at once and returns their results in the groups' order.
 *
 * @param sessions Group i runs on session i, wrapping around after the last.
 */
export async function runTogether(sessions: readonly Session[], groups: readonly Feeds[]): Promise<readonly Outputs[]> {
  const running = owned(groups).map((feeds, at) => sessions[at % sessions.length]!.run(feeds));
  return (await Promise.all(running)).map(({ outputs }) => outputs);
}

/** Copies feeds so that no two share a tensor's memory, which is transferred while a group runs. */
function owned(groups: readonly Feeds[]): Feeds[] {
  const taken = new Set<ArrayBufferLike>();
  return groups.map((feeds) => {
    const own: Record<string, HostTensor> = {}, buffers = new Set<ArrayBufferLike>();
    for (const [name, tensor] of Object.entries(feeds)) {
      const { data, shape } = tensor;
      putValue(own, name, taken.has(data.buffer) ? { data: data.slice(), shape } : tensor);
      buffers.add(data.buffer);
    }
    for (const buffer of buffers) taken.add(buffer);
    return own;
  });
}
