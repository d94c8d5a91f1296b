"""The decoders of make_families.py. Epsilons, bases and activations differ, so that ignoring one is noticed."""

from dataclasses import replace

import transformers as t

from families_case import VOCABULARY, WIDTH, Case
from families_compute import causal

EDGES = dict(bos_token_id=1, eos_token_id=2, pad_token_id=0)
SIZE = dict(vocab_size=VOCABULARY, hidden_size=WIDTH, num_hidden_layers=2, num_attention_heads=4, **EDGES)
# The field names of most families.
SMALL = dict(SIZE, intermediate_size=20, num_key_value_heads=2, max_position_embeddings=64)
GPT = dict(vocab_size=VOCABULARY, n_embd=WIDTH, n_layer=2, n_head=4, n_positions=64, **EDGES)


def case(kind, base, **settings):
    return Case(kind, {**base, **settings}, causal)


def longrope(original):
    """Rotary frequencies divided by factors that depend on whether a sequence exceeds the trained length."""
    scaling = {"type": "longrope", "short_factor": [1.25, 2.5], "long_factor": [4.0, 16.0]}
    return case(
        t.Phi3ForCausalLM,
        SMALL,
        rope_scaling=scaling,
        original_max_position_embeddings=original,
        rope_theta=300.0,
        partial_rotary_factor=0.5,
        rms_norm_eps=0.02,
        tie_word_embeddings=True,
    )


def falcon(**settings):
    return case(t.FalconForCausalLM, dict(SIZE, max_position_embeddings=64), ffn_hidden_size=20, **settings)


def neox(**settings):
    small = {name: value for name, value in SMALL.items() if name != "num_key_value_heads"}
    return case(t.GPTNeoXForCausalLM, small, **settings)


def opt(**settings):
    return case(t.OPTForCausalLM, dict(SIZE, max_position_embeddings=64, pad_token_id=1), ffn_dim=20, **settings)


DECODERS = {
    "llama": case(t.LlamaForCausalLM, SMALL, rms_norm_eps=0.02, rope_theta=300.0),
    "mistral": case(t.MistralForCausalLM, SMALL, sliding_window=4, rms_norm_eps=0.03, rope_theta=500.0),
    "mixtral": case(
        t.MixtralForCausalLM,
        SMALL,
        intermediate_size=12,
        num_local_experts=4,
        num_experts_per_tok=2,
        sliding_window=4,
        rms_norm_eps=0.03,
        rope_theta=200.0,
        hidden_act="gelu",
    ),
    "qwen2": case(
        t.Qwen2ForCausalLM,
        SMALL,
        use_sliding_window=True,
        sliding_window=4,
        max_window_layers=1,
        rms_norm_eps=0.02,
        rope_theta=500.0,
    ),
    "qwen3": case(
        t.Qwen3ForCausalLM,
        SMALL,
        head_dim=6,
        rms_norm_eps=0.04,
        rope_theta=700.0,
        use_sliding_window=False,
        sliding_window=4,
        attention_bias=False,
        tie_word_embeddings=True,
    ),
    "gemma": case(
        t.GemmaForCausalLM,
        SMALL,
        num_key_value_heads=1,
        head_dim=12,
        hidden_act="gelu_pytorch_tanh",
        rms_norm_eps=0.05,
        rope_theta=300.0,
    ),
    "gemma2": case(
        t.Gemma2ForCausalLM,
        SMALL,
        head_dim=6,
        query_pre_attn_scalar=10,
        attn_logit_softcapping=2.0,
        final_logit_softcapping=3.0,
        sliding_window=4,
        hidden_activation="gelu_pytorch_tanh",
        rms_norm_eps=0.02,
        rope_theta=400.0,
    ),
    "gemma3-text": case(
        t.Gemma3ForCausalLM,
        SMALL,
        num_hidden_layers=3,
        head_dim=12,
        query_pre_attn_scalar=7,
        sliding_window=4,
        sliding_window_pattern=2,
        rope_theta=3000.0,
        rope_local_base_freq=50.0,
        rope_scaling={"factor": 8.0, "rope_type": "linear"},
        hidden_activation="gelu_pytorch_tanh",
        rms_norm_eps=0.03,
    ),
    "gemma3-softcaps": case(
        t.Gemma3ForCausalLM,
        SMALL,
        head_dim=6,
        num_key_value_heads=4,
        query_pre_attn_scalar=20,
        sliding_window=4,
        layer_types=["full_attention", "sliding_attention"],
        final_logit_softcapping=3.0,
        rope_theta=30.0,
        rms_norm_eps=0.01,
    ),
    "phi": case(
        t.PhiForCausalLM,
        SMALL,
        partial_rotary_factor=0.75,
        layer_norm_eps=0.03,
        rope_theta=200.0,
        hidden_act="gelu_new",
    ),
    "phi-qk-norm": case(
        t.PhiForCausalLM,
        SMALL,
        num_key_value_heads=4,
        qk_layernorm=True,
        partial_rotary_factor=0.5,
        layer_norm_eps=0.05,
        hidden_act="relu",
    ),
    "phi3": case(t.Phi3ForCausalLM, SMALL, sliding_window=4, rms_norm_eps=0.02, rope_theta=300.0),
    "phi3-longrope-short": longrope(original=16),
    "phi3-longrope-long": longrope(original=4),
    "gpt2": case(t.GPT2LMHeadModel, GPT, layer_norm_epsilon=0.02, activation_function="gelu_new"),
    "gpt2-inverse-layer": case(
        t.GPT2LMHeadModel,
        GPT,
        n_inner=20,
        scale_attn_by_inverse_layer_idx=True,
        layer_norm_epsilon=0.05,
        activation_function="relu",
        tie_word_embeddings=False,
    ),
    "gpt2-unscaled": case(t.GPT2LMHeadModel, GPT, n_inner=20, scale_attn_weights=False, activation_function="gelu"),
    "gpt-neo": case(
        t.GPTNeoForCausalLM,
        dict(vocab_size=VOCABULARY, hidden_size=WIDTH, num_heads=4, max_position_embeddings=64, **EDGES),
        num_layers=3,
        attention_types=[[["global", "local"], 1], [["local"], 1]],
        window_size=4,
        intermediate_size=20,
        layer_norm_epsilon=0.02,
        activation_function="gelu_new",
    ),
    "gpt-neox": neox(rotary_pct=0.5, rotary_emb_base=200, layer_norm_eps=0.02, hidden_act="gelu"),
    "gpt-neox-sequential": neox(
        use_parallel_residual=False, rotary_pct=1.0, layer_norm_eps=0.05, hidden_act="gelu_fast", attention_bias=False
    ),
    "gptj": case(
        t.GPTJForCausalLM, GPT, rotary_dim=4, n_inner=20, layer_norm_epsilon=0.02, activation_function="gelu_new"
    ),
    "opt": opt(do_layer_norm_before=True, activation_function="relu", word_embed_proj_dim=WIDTH),
    "opt-post-norm": opt(do_layer_norm_before=False, activation_function="relu", word_embed_proj_dim=16),
    "opt-no-bias": opt(enable_bias=False, activation_function="gelu"),
    "falcon-multi-query": falcon(
        multi_query=True, parallel_attn=True, bias=False, alibi=False, layer_norm_epsilon=0.02, rope_theta=200.0
    ),
    "falcon-two-norms": falcon(
        new_decoder_architecture=True, num_kv_heads=2, bias=False, alibi=False, layer_norm_epsilon=0.05
    ),
    "falcon-one-norm": falcon(
        new_decoder_architecture=True,
        num_kv_heads=2,
        num_ln_in_parallel_attn=1,
        bias=False,
        rope_theta=500.0,
        layer_norm_epsilon=0.03,
        tie_word_embeddings=False,
    ),
    "falcon-alibi": replace(
        falcon(
            multi_query=False, parallel_attn=False, bias=True, alibi=True, layer_norm_epsilon=0.02, activation="gelu"
        ),
        attention="sdpa",
    ),
    "stablelm": case(
        t.StableLmForCausalLM,
        SMALL,
        partial_rotary_factor=0.5,
        use_qkv_bias=True,
        layer_norm_eps=0.02,
        rope_theta=300.0,
    ),
    "stablelm-parallel": case(
        t.StableLmForCausalLM,
        SMALL,
        partial_rotary_factor=0.75,
        use_parallel_residual=True,
        qk_layernorm=True,
        layer_norm_eps=0.04,
        hidden_act="gelu",
        rope_theta=100,
    ),
    "olmo": case(t.OlmoForCausalLM, SMALL, clip_qkv=1.5, rope_theta=300.0),
    "olmo2": case(t.Olmo2ForCausalLM, SMALL, rms_norm_eps=0.03, rope_theta=200.0),
    "granite": case(
        t.GraniteForCausalLM,
        SMALL,
        embedding_multiplier=3.0,
        attention_multiplier=0.2,
        residual_multiplier=0.4,
        logits_scaling=1.5,
        rms_norm_eps=0.02,
        rope_theta=500.0,
        tie_word_embeddings=True,
        attention_bias=True,
    ),
    "cohere": case(t.CohereForCausalLM, SMALL, logit_scale=0.25, layer_norm_eps=0.02, rope_theta=300.0),
    "cohere-qk-norm": case(
        t.CohereForCausalLM, SMALL, use_qk_norm=True, logit_scale=0.5, layer_norm_eps=0.05, attention_bias=True
    ),
    "cohere2": case(
        t.Cohere2ForCausalLM,
        SMALL,
        num_hidden_layers=3,
        sliding_window=4,
        sliding_window_pattern=3,
        logit_scale=0.25,
        layer_norm_eps=0.02,
        rope_theta=200.0,
    ),
    "starcoder2": case(
        t.Starcoder2ForCausalLM,
        SMALL,
        use_bias=True,
        sliding_window=4,
        norm_epsilon=0.02,
        rope_theta=300.0,
        hidden_act="gelu_pytorch_tanh",
    ),
    "smollm3": case(
        t.SmolLM3ForCausalLM,
        SMALL,
        num_hidden_layers=3,
        no_rope_layers=[1, 0, 1],
        rms_norm_eps=0.02,
        rope_theta=500.0,
        tie_word_embeddings=True,
    ),
    "smollm3-interval": case(
        t.SmolLM3ForCausalLM,
        SMALL,
        no_rope_layer_interval=2,
        use_sliding_window=True,
        sliding_window=4,
        attention_bias=True,
        mlp_bias=True,
        rms_norm_eps=0.05,
        rope_theta=100.0,
        tie_word_embeddings=False,
    ),
    # Six heads: ALiBi slopes for a number that is not a power of two.
    "bloom": case(
        t.BloomForCausalLM,
        dict(vocab_size=VOCABULARY, hidden_size=24, n_layer=2, **EDGES),
        n_head=6,
        layer_norm_epsilon=0.02,
    ),
    "bloom-post-norm": case(
        t.BloomForCausalLM,
        dict(vocab_size=VOCABULARY, hidden_size=24, n_layer=2, **EDGES),
        n_head=4,
        layer_norm_epsilon=0.05,
        apply_residual_connection_post_layernorm=True,
    ),
}
