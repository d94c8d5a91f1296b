/** Every kind of edit, adapter and head can be declared again from its entry in intervention.json. @module */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type AdapterName, adapters } from "../../../../ops/adapters/mod.ts";
import { type InterventionName, interventions } from "../../../../ops/interventions/mod.ts";
import { lowerAdaptations, lowerOne } from "../../../../pipelines/compile/lower/lower_adaptations.ts";
import { describeAll, lowerDescription } from "../../../../pipelines/compile/parameters/intervention_file.ts";
import { openBareModel } from "../../../../pipelines/models/open/model.ts";
import { checkedAdaptation } from "../../../../pipelines/schedule/validate/adaptation_checks.ts";
import type { Resolved, TrainableSpec } from "../../../../pipelines/spec/mod.ts";

const folder = fileURLToPath(new URL("../../../../pipelines/models/builtin/tiny", import.meta.url));
const { architecture } = await openBareModel(folder, { base: "/" });

const at = { blocks: [2, 0], site: "mlp.output" } as const,
  place = { at, positions: "f2+l1", short: "pyreft", tied: false } as const;
const ranked = { ...place, rank: 3, subspace: "rows", dropout: 0.25 } as const;
const edits: { readonly [K in InterventionName]: Resolved<TrainableSpec> & { readonly kind: K } } = {
  loreft: { ...ranked, kind: "loreft", activation: "gelu" },
  noreft: { ...ranked, kind: "noreft", activation: "tanh", projectionBias: true },
  direft: { ...ranked, kind: "direft", orthogonal: true },
  consreft: { ...ranked, kind: "consreft" },
  lobireft: { ...ranked, kind: "lobireft", tied: true },
  red: { ...place, kind: "red" },
  road: { ...place, kind: "road", dropout: 0.5 },
  gatedDirection: { ...place, kind: "gatedDirection" },
};

const projections = { blocks: "all", modules: ["v_proj", "down_proj"] } as const;
const adapted: { readonly [K in AdapterName]: Resolved<TrainableSpec> & { readonly kind: K } } = {
  lora: { ...projections, kind: "lora", rank: 4, alpha: 6, dropout: 0.125 },
  dora: { ...projections, kind: "dora", rank: 4, alpha: 16, rankStabilized: true },
  ia3: { ...projections, kind: "ia3" },
  bitfit: { ...projections, kind: "bitfit" },
};

const others: readonly Resolved<TrainableSpec>[] = [
  { kind: "prefixTuning", tokens: 3 },
  { kind: "classification", labels: ["no", "yes"], frozen: true, fresh: false },
  { kind: "regression", frozen: false, fresh: false },
];

for (const spec of [...Object.values(edits), ...Object.values(adapted), ...others]) {
  Deno.test(`${spec.kind}: is declared again from its entry in intervention.json`, () => {
    const listed = JSON.parse(
      describeAll({ base: "tiny", width: architecture.width }, lowerAdaptations([spec], architecture)),
    );
    const again = lowerDescription(listed, architecture, checkedAdaptation);
    assert.equal(JSON.stringify(again), JSON.stringify(lowerOne(spec, architecture)));
  });
}

Deno.test("edits and adapters refuse options and settings that their kind does not have", () => {
  const refused = (spec: TrainableSpec, setting: string, value: unknown) =>
    assert.throws(() => checkedAdaptation({ ...spec, [setting]: value }), /has no setting/, `${spec.kind} ${setting}`);
  for (const spec of Object.values(edits)) {
    const { has, hasRank } = interventions[spec.kind];
    const values = { activation: "relu", orthogonal: true, projectionBias: true } as const;
    for (const [option, value] of Object.entries(values)) {
      if (has.some((name) => name === option)) checkedAdaptation({ ...spec, [option]: value });
      else refused(spec, option, value);
    }
    if (!hasRank) refused(spec, "rank", 1);
  }
  for (const spec of Object.values(adapted)) {
    for (const [setting, value] of Object.entries({ rank: 1, alpha: 1, rankStabilized: true, dropout: 0.5 })) {
      if (setting in adapters[spec.kind].settings) checkedAdaptation({ ...spec, [setting]: value });
      else refused(spec, setting, value);
    }
  }
});
