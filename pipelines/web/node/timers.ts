/** Turns of the event loop by node:timers' names. @module */

const waiting: (() => void)[] = [];
const channel = new MessageChannel();
channel.port1.onmessage = () => waiting.shift()?.();

/** Calls back after what waits already, without the milliseconds that a timer takes. */
export function setImmediate(callback: () => void): void {
  waiting.push(callback);
  channel.port2.postMessage(undefined);
}
