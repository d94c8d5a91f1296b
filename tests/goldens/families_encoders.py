"""The encoders of make_families.py, each with its masked-token head and with a classification head; and T5."""

import transformers as t

from families_case import VOCABULARY, WIDTH, Case
from families_compute import classified, masked, translated

SMALL = dict(
    vocab_size=VOCABULARY,
    hidden_size=WIDTH,
    num_hidden_layers=2,
    num_attention_heads=4,
    intermediate_size=20,
    max_position_embeddings=24,
    pad_token_id=0,
)
BERT = dict(SMALL, type_vocab_size=2, hidden_act="gelu", layer_norm_eps=0.02)
ROBERTA = dict(SMALL, max_position_embeddings=26, pad_token_id=1, type_vocab_size=1, layer_norm_eps=0.03)
DISTILBERT = dict(
    vocab_size=VOCABULARY,
    dim=WIDTH,
    hidden_dim=20,
    n_layers=2,
    n_heads=4,
    max_position_embeddings=24,
    pad_token_id=0,
    sinusoidal_pos_embds=False,
    activation="gelu",
)
# Eight buckets per side over 24 positions: from distance 4 on they are logarithmic.
DEBERTA3 = dict(
    SMALL,
    relative_attention=True,
    position_buckets=8,
    max_relative_positions=-1,
    norm_rel_ebd="layer_norm",
    share_att_key=True,
    pos_att_type="p2c|c2p",
    position_biased_input=False,
    type_vocab_size=0,
    layer_norm_eps=0.02,
    pooler_hidden_act="gelu",
    pooler_dropout=0,
    pooler_hidden_size=WIDTH,
)
# Blocks 0 and 2 are global.
MODERNBERT = dict(
    SMALL,
    num_hidden_layers=3,
    global_attn_every_n_layers=2,
    local_attention=6,
    global_rope_theta=1000.0,
    local_rope_theta=50.0,
    norm_eps=0.02,
    hidden_activation="gelu",
)
T5 = dict(
    vocab_size=VOCABULARY,
    d_model=WIDTH,
    d_kv=6,
    d_ff=20,
    num_heads=4,
    relative_attention_num_buckets=8,
    relative_attention_max_distance=10,
    is_encoder_decoder=True,
    decoder_start_token_id=0,
    pad_token_id=0,
    eos_token_id=1,
)


def labelled(count):
    return {"id2label": {str(label): f"LABEL_{label}" for label in range(count)}}


def masker(kind, base, **settings):
    return Case(kind, {**base, **settings}, masked)


def classifier(kind, base, count, **settings):
    return Case(kind, {**base, **settings, **labelled(count)}, classified)


def t5(**settings):
    return Case(t.T5ForConditionalGeneration, {**T5, **settings}, translated)


ENCODERS = {
    "bert": masker(t.BertForMaskedLM, BERT),
    "bert-classifier": classifier(t.BertForSequenceClassification, BERT, 3, hidden_act="relu"),
    "roberta": masker(t.RobertaForMaskedLM, ROBERTA),
    "roberta-classifier": classifier(t.RobertaForSequenceClassification, ROBERTA, 2, hidden_act="gelu_new"),
    "distilbert": masker(t.DistilBertForMaskedLM, DISTILBERT),
    "distilbert-classifier": classifier(t.DistilBertForSequenceClassification, DISTILBERT, 3, activation="relu"),
    "deberta-v2": masker(
        t.DebertaV2ForMaskedLM,
        DEBERTA3,
        attention_head_size=8,
        conv_kernel_size=3,
        conv_act="gelu",
        layer_norm_eps=0.04,
        legacy=True,
    ),
    "deberta-v2-biased": masker(
        t.DebertaV2ForMaskedLM,
        SMALL,
        type_vocab_size=2,
        relative_attention=True,
        max_relative_positions=8,
        pos_att_type=["c2p", "p2c"],
        position_biased_input=True,
        share_att_key=False,
        layer_norm_eps=0.01,
    ),
    "deberta-v2-absolute": masker(t.DebertaV2ForMaskedLM, SMALL, hidden_act="relu", layer_norm_eps=0.05),
    # The head multiplies by the embeddings anyway; with tying enabled, transformers 4.57 breaks another layer.
    "deberta-v3": Case(
        t.DebertaV2ForMaskedLM, {**DEBERTA3, "legacy": False}, masked, reading={"tie_word_embeddings": False}
    ),
    "deberta-v3-classifier": classifier(
        t.DebertaV2ForSequenceClassification, DEBERTA3, 3, pos_att_type="c2p", pooler_hidden_act="relu"
    ),
    "modernbert": masker(t.ModernBertForMaskedLM, MODERNBERT),
    "modernbert-biases": masker(
        t.ModernBertForMaskedLM,
        MODERNBERT,
        num_hidden_layers=2,
        norm_bias=True,
        attention_bias=True,
        mlp_bias=True,
        classifier_bias=True,
        decoder_bias=False,
        classifier_activation="silu",
        hidden_activation="relu",
        local_attention=4,
        local_rope_theta=20.0,
        norm_eps=0.05,
        tie_word_embeddings=False,
    ),
    "modernbert-classifier": classifier(
        t.ModernBertForSequenceClassification, MODERNBERT, 3, num_hidden_layers=2, classifier_pooling="cls"
    ),
    "modernbert-classifier-mean": classifier(
        t.ModernBertForSequenceClassification,
        MODERNBERT,
        2,
        num_hidden_layers=2,
        classifier_pooling="mean",
        classifier_bias=True,
        classifier_activation="relu",
    ),
    "t5": t5(num_layers=2, feed_forward_proj="relu", layer_norm_epsilon=0.02, tie_word_embeddings=True),
    "t5-gated": t5(
        num_layers=2,
        num_decoder_layers=3,
        feed_forward_proj="gated-gelu",
        layer_norm_epsilon=0.04,
        tie_word_embeddings=False,
    ),
}
