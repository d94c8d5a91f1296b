/** The event loop under node:timers' names. @module */

const waiting: (() => void)[] = [];
const channel = new MessageChannel();
channel.port1.onmessage = () => waiting.shift()?.();

/** Calls back after what is already pending, without a timer's delay of milliseconds. */
export function setImmediate(callback: () => void): void {
  waiting.push(callback);
  channel.port2.postMessage(undefined);
}

/** A timer; nothing waits for a page to end. */
export interface Timer {
  unref(): void;
  [Symbol.dispose](): void;
}

/** Calls back repeatedly. */
export function setInterval(callback: () => void, milliseconds: number): Timer {
  const timer = globalThis.setInterval(callback, milliseconds);
  return { unref() {}, [Symbol.dispose]: () => clearInterval(timer) };
}
