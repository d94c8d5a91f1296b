/** Fields of adapter_config.json: those that are understood, and those that make an adapter into what Refract lacks. @module */

/** Fields that are read, or that say nothing of what the adapter computes. */
export const knownFields: Readonly<Record<string, true>> = Object.fromEntries(
  [
    ...["peft_type", "peft_version", "task_type", "auto_mapping", "inference_mode", "revision"],
    ...["base_model_name_or_path", "target_modules", "exclude_modules", "layers_to_transform", "layers_pattern"],
    ...["r", "lora_alpha", "lora_dropout", "rank_pattern", "alpha_pattern", "use_rslora", "use_dora", "bias"],
    // How a weight is stored; the tensors have the same shapes.
    ...["fan_in_fan_out", "megatron_core", "megatron_config", "runtime_config", "qalora_group_size"],
    // Where a training starts.
    ...["init_lora_weights", "init_ia3_weights", "init_weights", "loftq_config", "eva_config", "corda_config"],
    ...["lora_ga_config", "ensure_weight_tying", "feedforward_modules"],
    ...["num_virtual_tokens", "token_dim", "num_transformer_submodules", "num_attention_heads", "num_layers"],
    ...["encoder_hidden_size", "prefix_projection"],
  ].map((name) => [name, true]),
);

/** Starts that leave the base's weights as they are; the others store what they take from them in the adapter. */
const plainStarts: readonly unknown[] = [true, "gaussian", "eva", "orthogonal"];

const always = (why: string) => () => why;

/** Why a field's value is refused, if it is, and what to do. */
export const refusedFields: Readonly<Record<string, (value: unknown) => string | undefined>> = {
  bias: (value) => value === "none" ? undefined : "and Refract's adapters hold no biases of the base; train without",
  init_lora_weights: (value) =>
    plainStarts.includes(value)
      ? undefined
      : "which changes the base's weights; convert the adapter to one of the plain base, as peft's docs say, first",
  modules_to_save: always("whole modules that Refract's adapters do not hold; save the adapter without"),
  lora_bias: always("and Refract's LoRA has no biases of its own; train without"),
  layer_replication: always("which makes a model of more blocks; use one without"),
  target_parameters: always("and Refract adapts modules alone; train without"),
  trainable_token_indices: always("and Refract adapts no embeddings; train without"),
  alora_invocation_tokens: always("and Refract's adapters act on every token; train without"),
  arrow_config: always("which chooses among adapters for each token; import one of them"),
  use_qalora: always("which pools what the adapter reads; train without"),
  use_bdlora: always("which cuts the adapter into diagonal blocks; train without"),
  kasa_config: always("a formula that Refract lacks; train without"),
  monteclora_config: always("a formula that Refract lacks; train without"),
  velora_config: always("a formula that Refract lacks; train without"),
};
