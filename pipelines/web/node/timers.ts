/** Turns of the event loop by node:timers' names. @module */

const waiting: (() => void)[] = [];
const channel = new MessageChannel();
channel.port1.onmessage = () => waiting.shift()?.();

/** Calls back after what waits already, without the milliseconds that a timer takes. */
export function setImmediate(callback: () => void): void {
  waiting.push(callback);
  channel.port2.postMessage(undefined);
}

/** A timer; nothing waits for a page's end. */
export interface Timer {
  unref(): void;
  [Symbol.dispose](): void;
}

/** Calls back again and again. */
export function setInterval(callback: () => void, milliseconds: number): Timer {
  const timer = globalThis.setInterval(callback, milliseconds);
  return { unref() {}, [Symbol.dispose]: () => clearInterval(timer) };
}
