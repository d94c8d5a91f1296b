/** The thread of {@linkcode digestInThread}. @module */
/// <reference lib="deno.worker" />
import { type DigestedPart, replyTo } from "./file_digest.ts";

self.onmessage = ({ data }: MessageEvent<DigestedPart>) => self.postMessage(replyTo(data));
