/** Digests by node:crypto's names, which are made at once, as the web's own are not. @module */
import { createSHA1, createSHA256, type IHasher } from "hash-wasm";

/** One machine for each algorithm, which has the state of one digest at a time. */
const machines = { sha1: await machineOf(createSHA1), sha256: await machineOf(createSHA256) } as const;

/** A digest being computed. */
export interface Hash {
  update(content: string | Uint8Array): Hash;
  digest(): Uint8Array;
  digest(as: "hex" | "base64"): string;
  copy(): Hash;
}

/** Begins a digest. */
export function createHash(name: keyof typeof machines): Hash {
  const machine = machines[name];
  return hashOf({ machine, state: machine.begun });
}

/** What computes, and the digest whose state it has. */
interface Machine {
  readonly hasher: IHasher;
  readonly begun: Uint8Array;
  holder: Making | undefined;
}

/** A digest's own state, which is older than the machine's while the machine is at it; none once it is made. */
interface Making {
  readonly machine: Machine;
  state: Uint8Array | undefined;
}

async function machineOf(create: () => Promise<IHasher>): Promise<Machine> {
  const hasher = await create();
  return { hasher, begun: hasher.init().save(), holder: undefined };
}

/** The machine with a digest's state. */
function hasherFor(making: Making): IHasher {
  const { machine, state } = making, { hasher, holder } = machine;
  if (state === undefined) throw new Error("the digest is made already");
  if (holder === making) return hasher;
  put(machine);
  hasher.load(state);
  machine.holder = making;
  return hasher;
}

/** Gives the machine's state back to the digest that it is of. */
function put(machine: Machine): void {
  if (machine.holder !== undefined) machine.holder.state = machine.hasher.save();
  machine.holder = undefined;
}

function hashOf(making: Making): Hash {
  function digest(): Uint8Array;
  function digest(as: "hex" | "base64"): string;
  function digest(as?: "hex" | "base64"): Uint8Array | string {
    const bytes = hasherFor(making).digest("binary");
    making.machine.holder = making.state = undefined;
    if (as === undefined) return bytes;
    if (as === "base64") return btoa(String.fromCharCode(...bytes));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
  return {
    update(content) {
      hasherFor(making).update(content);
      return this;
    },
    digest,
    copy() {
      put(making.machine);
      return hashOf({ ...making });
    },
  };
}
