/** Digests under node:crypto's names; unlike the web's own they are synchronous. @module */
import { sha1 } from "@noble/hashes/legacy.js";
import { sha256 } from "@noble/hashes/sha2.js";

const algorithms = { sha1, sha256 } as const;

/** A digest being computed. */
export interface Hash {
  update(content: string | Uint8Array): Hash;
  digest(): Uint8Array;
  digest(as: "hex" | "base64"): string;
  copy(): Hash;
}

/** Begins a digest. */
export function createHash(name: keyof typeof algorithms): Hash {
  return hashOf(algorithms[name].create());
}

type Making = ReturnType<(typeof algorithms)[keyof typeof algorithms]["create"]>;

function hashOf(making: Making): Hash {
  function digest(): Uint8Array;
  function digest(as: "hex" | "base64"): string;
  function digest(as?: "hex" | "base64"): Uint8Array | string {
    const bytes = making.digest();
    if (as === undefined) return bytes;
    if (as === "base64") return btoa(String.fromCharCode(...bytes));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
  return {
    update(content) {
      making.update(typeof content === "string" ? new TextEncoder().encode(content) : content);
      return this;
    },
    digest,
    copy: () => hashOf(making.clone()),
  };
}
