/**
 * The module in an export for vLLM's ReFT fork, used as the fork's own reader does: a class imported by name,
 * constructed with the blueprint's settings, copied for each layer and loaded with its numbers. It adds the same as the
 * edit. REFRACT_PEER_PYTHON names a Python that has torch and safetensors.
 *
 * @module
 */
import assert from "node:assert/strict";
import { largestGap, tensorsOf } from "../pipelines/interchange/peft/support.ts";
import { inProcess } from "../support/command.ts";
import { inScene } from "../support/scene.ts";

const python = Deno.env.get("REFRACT_PEER_PYTHON");
if (python === undefined) console.log("REFRACT_PEER_PYTHON is not set: the module for vLLM is not tried");

const reader = `
import copy, importlib, json, sys
import torch
sys.path.insert(0, sys.argv[1])
config = importlib.import_module("refract_reft").reft_config()
blueprint = config["sample_adapter"]
assert blueprint["__type__"] == "AdapterBlueprint"
kwargs = dict(blueprint["kwargs"])
kwargs["dtype"] = getattr(torch, kwargs["dtype"].split(".")[-1])
adapter = getattr(importlib.import_module(blueprint["__module__"]), blueprint["__qualname__"])(**kwargs)
adapter.load_state_dict(blueprint["state_dict"])
found = {}
for layer, state in config["adapter_states"].items():
    own = copy.deepcopy(adapter)
    own.load_state_dict(state)
    found[layer] = own._compute_delta(torch.tensor(json.loads(sys.argv[2]))).tolist()
print(json.dumps({"layers": config["layer_indices"], "position": config["position"], "found": found}))
`;

Deno.test({
  name: "edits for vLLM add the same as LoReFT",
  ignore: python === undefined,
  fn: () =>
    inScene({ at: "block([0, 1]).output", optimizer: "adamw({ learningRate: 0.1 })" }, async (scene) => {
      assert.equal((await scene.run()).code, 0);
      const folder = scene.path("vllm"),
        exported = await inProcess("export", scene.path("out"), "--to", "vllm", "--out", folder);
      assert.equal(exported.code, 0, exported.stderr);
      const hidden = Array.from({ length: 16 }, (_, at) => Math.sin(at + 1));
      const { success, stdout, stderr } = await new Deno.Command(python!, {
        args: ["-B", "-c", reader, folder, JSON.stringify([hidden])],
      }).output();
      assert.ok(success, new TextDecoder().decode(stderr));
      const { layers, position, found } = JSON.parse(new TextDecoder().decode(stdout));
      assert.deepEqual([layers, position], [[0, 1], "last"]);
      const own = await tensorsOf(scene.path("out", "members", "main", "intervention", "weights.safetensors"));
      for (const layer of [0, 1]) {
        const [rotate, weight, bias] = ["rotate", "weight", "bias"].map((name) => own[`${layer}.${name}`]!.data);
        const change = bias!.map((shift, row) => {
          return shift +
            hidden.reduce((sum, value, at) => sum + value * (weight![row * 16 + at]! - rotate![at * 2 + row]!), 0);
        });
        const expected = hidden.map((_, at) =>
          change.reduce((sum, value, row) => sum + value * rotate![at * 2 + row]!, 0)
        );
        assert.ok(largestGap(found[layer][0], expected) < 1e-5);
      }
    }),
});
