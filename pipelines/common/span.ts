/** A part of a text: its first UTF-16 unit, and the one after its last. */
export type Span = readonly [start: number, end: number];
