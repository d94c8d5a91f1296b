/**
 * Whatever kernels a provider has or lacks, each operation alone and its gradient give the same numbers. The cpu provider
 * has the kernels of all, so it runs what is written for any.
 *
 * @module
 */
import assert from "node:assert/strict";
import { emitOnnx } from "../../../../ops/emission/emit.ts";
import { type Emission, emissions, type Kernels, providers } from "../../../../ops/onnx/providers.ts";
import type { OnnxModel, WeightLocation } from "../../../../ops/onnx/model.ts";
import type { Program } from "../../../../ops/program/program.ts";
import { Runtime } from "../../../../pipelines/runtime/runtime.ts";
import type { Environment } from "../../../ops/reference.ts";
import { assertClose, runOn } from "../../../ops/support.ts";
import { cases } from "../../../ops/table/cases.ts";
import { programOf, runs } from "../../../ops/table/conformance.ts";
import { quantizationCases, rowsOf, withCodes } from "../../../ops/table/quantization_cases.ts";

const kernelNames = Object.keys(emissions.cpu.kernels) as (keyof Kernels)[];

/** The emission of every provider, and each again as one that differs in one kernel would have it. */
const variants: readonly (readonly [name: string, emission: Emission, changed?: keyof Kernels])[] = providers.flatMap(
  (provider) => {
    const { kernels, ...rest } = emissions[provider];
    return [
      [provider, emissions[provider]] as const,
      ...kernelNames.map((kernel) => {
        const others = { ...kernels, [kernel]: !kernels[kernel] };
        return [
          `${provider} ${kernels[kernel] ? "without" : "with"} ${kernel}`,
          { ...rest, kernels: others },
          kernel,
        ] as const;
      }),
    ];
  },
);

/** The kernels that some case has shown to make a difference. */
const decisive = new Set<keyof Kernels>();

/** The node that rounds what it multiplies. */
const rounding = "MatMulNBits";

const hex = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes);

/** Asserts that a program gives the same in all variants; those whose bytes are equal run once. */
async function assertSame(
  runtime: Runtime,
  program: Program,
  environments: readonly Environment[],
  locate: (name: string) => WeightLocation,
  packs: boolean,
): Promise<void> {
  const emit = (emission: Emission): OnnxModel => emitOnnx(program, "cpu", locate, { packs, emission });
  const results = async (model: OnnxModel) => {
    const session = await runtime.open(model, { prepacks: packs });
    try {
      return await Array.fromAsync(environments, (environment) => runOn(session, environment));
    } finally {
      await session.close();
    }
  };
  const own = emit(emissions.cpu), expected = await results(own), seen = new Set([hex(own.bytes)]);
  for (const [name, emission, changed] of variants) {
    const model = emit(emission), bytes = hex(model.bytes);
    const provider = providers.find((provider) => name.startsWith(provider))!;
    if (changed !== undefined && bytes !== hex(emit(emissions[provider]).bytes)) decisive.add(changed);
    // How near products are that round what they multiply is asked where they are tested.
    if (seen.has(bytes) || bytes.includes(rounding) !== hex(own.bytes).includes(rounding)) continue;
    seen.add(bytes);
    (await results(model)).forEach((found, run) => {
      for (const [output, tensor] of Object.entries(expected[run]!)) {
        assertClose(found[output]!, tensor, 2e-5, `${name}, ${output}`);
      }
    });
  }
}

Deno.test("every operation gives the same whatever kernels there are", async (t) => {
  using runtime = new Runtime({ threads: 1 });
  for (const each of cases) {
    await t.step(each.name, () => {
      return assertSame(runtime, programOf(each), runs(each), (name) => assert.fail(`${name} has no file`), false);
    });
  }
  for (const each of quantizationCases) {
    await t.step(each.name, () =>
      withCodes(each, async (locate, environment) => {
        const program = { name: each.name, outputs: { value: each.value } };
        for (const packs of [false, true]) await assertSame(runtime, program, [environment], locate, packs);
        const { rows, environment: indexed } = rowsOf(each, environment);
        await assertSame(runtime, { name: "rows", outputs: { rows } }, [indexed], locate, false);
      }));
  }
  await t.step("and every kernel is used where it is there", () => {
    assert.deepEqual(kernelNames.filter((kernel) => !decisive.has(kernel)), []);
  });
});
