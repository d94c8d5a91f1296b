/**
 * Fields of adapter_config.json: those that are understood, and those that turn an adapter into something that Refract
 * lacks.
 *
 * @module
 */

/** Fields that are read, or that do not affect what the adapter computes. */
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

/**
 * Initializations that leave the base's weights unchanged; the others store what they take from them in the adapter.
 */
const plainStarts: readonly unknown[] = [true, "gaussian", "eva", "orthogonal"];

const always = (why: string) => () => why;

/** Why a field's value is refused, if it is, and what to do. */
export const refusedFields: Readonly<Record<string, (value: unknown) => string | undefined>> = {
  bias: (value) => value === "none" ? undefined : "but Refract's adapters have no biases of the base; train without it",
  init_lora_weights: (value) =>
    plainStarts.includes(value)
      ? undefined
      : "which changes the base's weights; first convert the adapter to one for the unchanged base, as peft's docs describe",
  modules_to_save: always("whole modules, which Refract's adapters do not have; save the adapter without it"),
  lora_bias: always("but Refract's LoRA has no biases of its own; train without it"),
  layer_replication: always("which makes a model with more blocks; use an adapter without it"),
  target_parameters: always("but Refract adapts only modules; train without it"),
  trainable_token_indices: always("but Refract does not adapt embeddings; train without it"),
  alora_invocation_tokens: always("but Refract's adapters act on every token; train without it"),
  arrow_config: always("which chooses among adapters for each token; import one of them"),
  use_qalora: always("which pools the adapter's input; train without it"),
  use_bdlora: always("which splits the adapter into diagonal blocks; train without it"),
  kasa_config: always("a formula that Refract lacks; train without it"),
  monteclora_config: always("a formula that Refract lacks; train without it"),
  velora_config: always("a formula that Refract lacks; train without it"),
};
