/** The sessions of a thread, and its replies to requests. @module */
import { ownValue } from "../../ops/program/own_value.ts";
import { argmax, logitsRow } from "../common/argmax.ts";
import type { HostTensor } from "../common/host_tensor.ts";
import type { OpenSession, RuntimeLibrary } from "./library.ts";
import { isTransferred, type Reply, type Request, type RunReply, transferred } from "./protocol.ts";
import { ResidentRows, type ResidentUse } from "./resident_rows.ts";

/** Answers a thread's requests. */
interface Answering {
  answer(request: Request): Promise<Reply>;
  /** Frees all sessions and tensors, for a thread that ends without its memory. */
  release(): Promise<void>;
}

/** Answers requests with the sessions of one of ONNX Runtime's packages. */
export function answering(library: RuntimeLibrary): Answering {
  const sessions = new Map<number, OpenSession>();
  const residents = new Map<number, ResidentRows>();

  async function run(
    session: number,
    feeds: Record<string, HostTensor>,
    use: ResidentUse | undefined,
  ): Promise<RunReply> {
    const found = sessions.get(session);
    if (found === undefined) throw new Error(`session ${session} is closed`);
    const resident = use === undefined ? undefined : residents.getOrInsertComputed(use.id, () => new ResidentRows(use));
    if (use !== undefined) {
      resident?.grow(use.rows, use.tokens);
      resident?.move(use.moves, residents);
    }
    const known = new Set(found.inputNames);
    const read = use === undefined || use.reads === 0 ? [] : resident!.read(use.reads, use.isGrouped ?? false);
    const chosen = use?.fedChosen === undefined ? [] : [[use.fedChosen, tokensOf(resident!.chosen)] as const];
    const fed = Object.fromEntries([...Object.entries(feeds).filter(([name]) => known.has(name)), ...read, ...chosen]);
    const isChoosing = use?.choosesFrom !== undefined, start = performance.now();
    const outputs = await found.run(fed, isChoosing ? resident!.results(use.reads) : undefined);
    const seconds = (performance.now() - start) / 1000, kept = new Set<string>();
    for (const { tensors, rows, into } of use?.writes ?? []) {
      const written = into === undefined
        ? resident
        : residents.getOrInsertComputed(into.id, () => new ResidentRows(use!));
      if (into !== undefined) written?.grow(into.rows, into.tokens);
      if (typeof tensors === "string") {
        written?.writeAll(ownValue(outputs, tensors)!, rows);
        kept.add(tensors);
        continue;
      }
      for (const [source, target] of tensors) {
        written?.write(target, (ownValue(outputs, source) ?? ownValue(feeds, source))!, rows);
        kept.add(source);
      }
    }
    const borrowed = Object.fromEntries(Object.entries(feeds).filter(([, tensor]) => isTransferred(tensor)));
    if (isChoosing) {
      resident!.keepResults(use.reads, outputs);
      const logits = ownValue(outputs, use.choosesFrom!)!;
      const tokens = resident!.chosen = Array.from({ length: use.reads }, (_, row) => argmax(logitsRow(logits, row)));
      return { outputs: {}, feeds: borrowed, chosen: tokens, seconds };
    }
    const given = Object.entries(outputs).filter(([name]) => !kept.has(name));
    return { outputs: Object.fromEntries(given), feeds: borrowed, seconds };
  }

  async function handle(request: Request): Promise<RunReply | null> {
    if (request.kind === "run") return await run(request.session, request.feeds, request.resident);
    if (request.kind === "open") sessions.set(request.id, await library.open(request.model, request.settings));
    else if (request.kind === "free") residents.delete(request.resident);
    else {
      await sessions.get(request.session)?.release();
      sessions.delete(request.session);
    }
    return null;
  }

  return {
    async answer(request) {
      try {
        return { id: request.id, kind: "done", value: await handle(request) };
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        const provider = request.kind === "open" ? request.model.provider : null;
        return { id: request.id, kind: "failed", message, provider };
      }
    },
    async release() {
      const open = [...sessions.values()];
      sessions.clear();
      residents.clear();
      // What is wrong with one, such as a lost device, doesn't keep the others.
      await Promise.allSettled(open.map((session) => session.release()));
    },
  };
}

/** Tokens [rows, 1]; a row without numbers, whose step nobody uses, has any. */
function tokensOf(tokens: readonly number[]): HostTensor {
  return { data: new BigInt64Array(tokens.map((token) => BigInt(Math.max(0, token)))), shape: [tokens.length, 1] };
}

/** The memory of a reply's tensors, to be transferred with it. */
export function buffersOf(reply: Reply): ArrayBuffer[] {
  if (reply.kind === "failed" || reply.value === null) return [];
  return transferred([...Object.values(reply.value.outputs), ...Object.values(reply.value.feeds)]);
}
