/**
 * Turns off ONNX Runtime's telemetry, which would otherwise keep a database of events in the user's cache folder and
 * send it to a Microsoft host. Deno's permissions do not apply to native code: only a variable of its process stops it.
 *
 * Import this before the library. The variable is set with the system's own function, since `Deno.env.set` needs a
 * permission that a caller may not have and has no effect with `--ignore-env`; any program that loads the library has
 * `--allow-ffi`.
 *
 * @module
 */
import { ownValue } from "../../ops/program/own_value.ts";
import { systemLibraries } from "./ending.ts";

const name = "ORT_DISABLE_TELEMETRY", value = "1";

/** Sets an environment variable, by system; returns whether it succeeded. */
const setters: Readonly<Record<string, (name: BufferSource, value: BufferSource) => boolean>> = {
  linux: posix(systemLibraries.linux),
  darwin: posix(systemLibraries.darwin),
  windows(name, value) {
    const set = { parameters: ["buffer", "buffer"], result: "i32" } as const;
    const library = Deno.dlopen("kernel32.dll", { SetEnvironmentVariableA: set });
    const done = library.symbols.SetEnvironmentVariableA(name, value) !== 0;
    library.close();
    return done;
  },
};

function posix(file: string): (name: BufferSource, value: BufferSource) => boolean {
  return (name, value) => {
    const library = Deno.dlopen(file, { setenv: { parameters: ["buffer", "buffer", "i32"], result: "i32" } });
    const done = library.symbols.setenv(name, value, 1) === 0;
    library.close();
    return done;
  };
}

function terminated(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}

if (ownValue(setters, Deno.build.os)?.(terminated(name), terminated(value)) !== true) {
  throw new Error(`ONNX Runtime's telemetry can't be turned off on ${Deno.build.os}`);
}
