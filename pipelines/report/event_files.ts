/**
 * TensorBoard's event files: records of `tensorflow.Event` messages, each framed by its length and masked checksums
 * (TensorFlow's TFRecord format), with scalars and the hyperparameters that its hparams plugin reads.
 *
 * @module
 */
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { ofKind } from "../common/of_kind.ts";
import type { MemberRecord } from "../results/results.ts";
import { loggedName, stepNumbers, stepsOf } from "./logged_numbers.ts";

/** CRC-32C (Castagnoli), bit-reflected, polynomial 0x82f63b78. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** The CRC-32C of some bytes. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = table[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** Masks a checksum as TFRecord stores it, because the CRC of data that contains CRCs is problematic. */
function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

function record(data: Uint8Array): Uint8Array {
  const framed = new Uint8Array(data.length + 16), view = new DataView(framed.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, masked(framed.subarray(0, 8)), true);
  framed.set(data, 12);
  view.setUint32(12 + data.length, masked(data), true);
  return framed;
}

type Write = (writer: BinaryWriter) => BinaryWriter;
const wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;
const message = (field: number, write: Write): Write => (writer) =>
  writer.tag(field, wire.bytes).bytes(write(new BinaryWriter()).finish());
const text = (field: number, value: string): Write => (writer) => writer.tag(field, wire.bytes).string(value);
const all = (...writes: readonly Write[]): Write => (writer) => writes.reduce((sofar, write) => write(sofar), writer);

/** An event: wall_time = 1, step = 2, and one of file_version = 3 and summary = 5. */
function event(time: number, step: number, write: Write): Uint8Array {
  const header: Write = (writer) => writer.tag(1, wire.fixed64).double(time).tag(2, wire.varint).int64(step);
  return record(all(header, write)(new BinaryWriter()).finish());
}

/** Summary.value = 1 { tag = 1, simple_value = 2 }. */
function scalar(tag: string, value: number): Write {
  const simple: Write = (writer) => writer.tag(2, wire.fixed32).float(value);
  return message(5, message(1, all(text(1, tag), simple)));
}

/**
 * Summary.value = 1 { tag = 1, metadata = 9 { plugin_data = 1 { plugin_name = 1, content = 2 } } }, as hparams expects
 * it.
 */
function hyperParameters(tag: string, content: Write): Write {
  const plugin = message(9, message(1, all(text(1, "hparams"), message(2, content))));
  // The plugin requires a tensor = 8 beside its data: { dtype = 1: float, tensor_shape = 2: scalar, float_val = 5 }.
  const tensor = message(8, (writer) => {
    return writer.tag(1, wire.varint).int32(1).tag(2, wire.bytes).bytes(new Uint8Array()).tag(5, wire.fixed32).float(0);
  });
  return message(5, message(1, all(text(1, tag), plugin, tensor)));
}

/** google.protobuf.Value: number_value = 2, string_value = 3, bool_value = 4. */
function value(label: string | number | boolean): Write {
  if (typeof label === "number") return (writer) => writer.tag(2, wire.fixed64).double(label);
  return typeof label === "string" ? text(3, label) : (writer) => writer.tag(4, wire.varint).bool(label);
}

/** HParamsPluginData { version = 1, session_start_info = 3 { hparams = 1, group_name = 4, start_time_secs = 5 } }. */
function sessionStart({ id, axes }: MemberRecord, time: number): Write {
  const entries = Object.entries(axes).map(([name, label]) => message(1, all(text(1, name), message(2, value(label)))));
  const start: Write = (writer) => writer.tag(5, wire.fixed64).double(time);
  return message(3, all(...entries, text(4, id), start));
}

/** HParamsPluginData { session_end_info = 4 { status = 1: success, end_time_secs = 2 } }. */
function sessionEnd(time: number): Write {
  return message(4, (writer) => writer.tag(1, wire.varint).int32(1).tag(2, wire.fixed64).double(time));
}

/** Numbers of a stage after a step. */
function scalars(by: Parameters<typeof loggedName>[0], stage: string, numbers: Readonly<Record<string, number>>) {
  return Object.entries(numbers).map(([name, value]) => scalar(loggedName(by, stage, name), value));
}

/**
 * A member's events: the loss, gradient norm and rewards of every step of its trainings, what their validations
 * measured, its metrics at their last step, and its axes as hyperparameters.
 *
 * @param time Seconds since 1970; TensorBoard shows it as the time of all events.
 */
export function eventsOf(member: MemberRecord, time: number): Uint8Array {
  const trainings = ofKind(member.stages, "train");
  const evaluations = ofKind(member.stages, "evaluate");
  const last = Math.max(0, ...trainings.map(({ steps }) => steps));
  const events = [
    event(time, 0, text(3, "brain.Event:2")),
    event(time, 0, hyperParameters("_hparams_/session_start_info", sessionStart(member, time))),
    ...trainings.flatMap((training) => {
      const { name, validation = [] } = training;
      const steps = stepsOf(training).map((step, at) => [at + 1, scalars("train", name, stepNumbers(step))] as const);
      const validations = validation.map(({ step, metrics }) => [step, scalars("validation", name, metrics)] as const);
      return [...steps, ...validations].flatMap(([step, all]) => all.map((each) => event(time, step, each)));
    }),
    ...evaluations.flatMap(({ name, metrics }) => {
      return scalars("evaluate", name, metrics).map((each) => event(time, last, each));
    }),
    event(time, last, hyperParameters("_hparams_/session_end_info", sessionEnd(time))),
  ];
  const bytes = new Uint8Array(events.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const each of events) {
    bytes.set(each, at);
    at += each.length;
  }
  return bytes;
}
