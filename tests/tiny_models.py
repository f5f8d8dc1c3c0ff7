"""Tiny encoders with random weights and real tokenizers, built from nothing but this file.

Weights are drawn wide (standard deviation 0.3 instead of 0.02), so that positions and neighbours
matter: a model that ignores them would pass tests that it should fail.
"""

import json
from collections.abc import Callable
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import (
    AlbertConfig,
    AutoModel,
    BertConfig,
    BertTokenizerFast,
    ConvBertConfig,
    DebertaV2Config,
    DistilBertConfig,
    DistilBertTokenizerFast,
    ElectraConfig,
    EuroBertConfig,
    Gemma3TextConfig,
    LlamaConfig,
    ModernBertConfig,
    MPNetConfig,
    MPNetTokenizerFast,
    PreTrainedConfig,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen3Config,
    RemBertConfig,
    RobertaConfig,
    RobertaTokenizerFast,
    RoFormerConfig,
    XLMConfig,
    XLMRobertaConfig,
    XLMRobertaTokenizerFast,
)

POSITIONS = 80  # what every tiny model reads, special tokens included
HIDDEN = 32

SENTENCES = [
    "A cat sleeps on the warm window sill.",
    "The weather is lovely today, isn't it?",
    "It's so sunny outside that the snow is melting.",
    "He drove to the stadium in an old red car.",
    "Nobody knows how the clock in the tower keeps the time.",
    "Seven sailors sang while the storm shook the ship.",
    "Prices rose by 3.5 % in May, and fell by 1.2 % in June.",
    "Bread, butter and honey: a simple breakfast.",
    "The bank by the river opens at nine o'clock.",
    "Never read a long letter in a moving train.",
    "Wer zuletzt lacht, lacht am besten.",
    "Le chat dort près de la fenêtre.",
]

_BERT_SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
_MPNET_SPECIAL = ["<s>", "<pad>", "</s>", "[UNK]", "<mask>"]
_ROBERTA_SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
_MODERNBERT_SPECIAL = ["[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]"]


def _wordpiece(special: list[str], unknown: str) -> dict[str, int]:
    tokenizer = Tokenizer(models.WordPiece(unk_token=unknown))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    texts = SENTENCES + [text.lower() for text in SENTENCES]
    # The trainer breaks ties by id, and numbers continuing letters in no fixed order; given here
    # as special tokens they have a fixed one, so that every run of the tests has the same model.
    letters = [f"##{letter}" for letter in sorted(set("".join(texts)))]
    trainer = trainers.WordPieceTrainer(vocab_size=500, special_tokens=letters, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    return {piece: i for i, piece in enumerate(special + sorted(tokenizer.get_vocab()))}


def _byte_level_bpe(special: list[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=500,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(SENTENCES, trainer)
    return tokenizer


def _roberta_tokenizer() -> PreTrainedTokenizerFast:
    model = json.loads(_byte_level_bpe(_ROBERTA_SPECIAL).to_str())["model"]
    return RobertaTokenizerFast(vocab=model["vocab"], merges=[tuple(m) for m in model["merges"]])


def _xlm_roberta_tokenizer() -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.BpeTrainer(vocab_size=300, show_progress=False)
    tokenizer.train_from_iterator(SENTENCES, trainer)
    # Unigram's own trainer gives other scores in each run; longer pieces score better here.
    pieces = [(piece, -10.0 / len(piece)) for piece in sorted(tokenizer.get_vocab())]
    return XLMRobertaTokenizerFast(vocab=[(name, 0.0) for name in _ROBERTA_SPECIAL] + pieces)


def _modernbert_tokenizer() -> PreTrainedTokenizerFast:
    tokenizer = _byte_level_bpe(_MODERNBERT_SPECIAL)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 0), ("[SEP]", 2)]
    )
    names = ("cls_token", "pad_token", "sep_token", "unk_token", "mask_token")
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, **dict(zip(names, _MODERNBERT_SPECIAL, strict=True))
    )


_SIZES = {
    "hidden_size": HIDDEN,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "initializer_range": 0.3,
}
_SHIFTED = {"max_position_embeddings": POSITIONS + 2, "pad_token_id": 1}  # after the padding index


def _bert(vocabulary: int) -> PreTrainedConfig:
    return BertConfig(vocab_size=vocabulary, max_position_embeddings=POSITIONS, **_SIZES)


def _distilbert(vocabulary: int) -> PreTrainedConfig:
    return DistilBertConfig(
        vocab_size=vocabulary,
        max_position_embeddings=POSITIONS,
        dim=HIDDEN,
        n_layers=2,
        n_heads=4,
        hidden_dim=48,
        initializer_range=0.3,
    )


def _roberta(vocabulary: int) -> PreTrainedConfig:
    return RobertaConfig(vocab_size=vocabulary, type_vocab_size=1, **_SHIFTED, **_SIZES)


def _xlm_roberta(vocabulary: int) -> PreTrainedConfig:
    return XLMRobertaConfig(vocab_size=vocabulary, type_vocab_size=1, **_SHIFTED, **_SIZES)


def _mpnet(vocabulary: int) -> PreTrainedConfig:
    return MPNetConfig(vocab_size=vocabulary, **_SHIFTED, **_SIZES)


def _modernbert(vocabulary: int) -> PreTrainedConfig:
    return ModernBertConfig(
        vocab_size=vocabulary,
        max_position_embeddings=POSITIONS,
        local_attention=8,  # so short that these sentences feel it
        global_attn_every_n_layers=2,
        pad_token_id=1,
        cls_token_id=0,
        bos_token_id=0,
        sep_token_id=2,
        eos_token_id=2,
        **_SIZES,
    )


ARCHITECTURES: dict[
    str, tuple[Callable[[], PreTrainedTokenizerFast], Callable[[int], PreTrainedConfig]]
] = {
    "bert": (lambda: BertTokenizerFast(vocab=_wordpiece(_BERT_SPECIAL, "[UNK]")), _bert),
    "roberta": (_roberta_tokenizer, _roberta),
    "distilbert": (
        lambda: DistilBertTokenizerFast(vocab=_wordpiece(_BERT_SPECIAL, "[UNK]")),
        _distilbert,
    ),
    "mpnet": (lambda: MPNetTokenizerFast(vocab=_wordpiece(_MPNET_SPECIAL, "[UNK]")), _mpnet),
    "xlm-roberta": (_xlm_roberta_tokenizer, _xlm_roberta),
    "modernbert": (_modernbert_tokenizer, _modernbert),
}


# --- Architectures that keep their parts under other names, or in another order -----------------


def _decoder_tokenizer() -> PreTrainedTokenizerFast:
    """Ends every text in the token that the last-token pooling reads, as Qwen3-Embedding's does."""
    tokenizer = _byte_level_bpe(["<pad>", "<end>"])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A <end>", special_tokens=[("<end>", 1)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<end>", padding_side="left"
    )


_DEEP = _SIZES | {"num_hidden_layers": 3, "max_position_embeddings": POSITIONS}
_GROUPED = {"num_key_value_heads": 2, "head_dim": 8, "pad_token_id": 0, "eos_token_id": 1,
            "bos_token_id": None}  # fmt: skip
_HALF_SLIDING = {
    "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
    "sliding_window": 4,
}

Settings = dict[str, object]
OTHERS: dict[str, tuple[type[PreTrainedConfig], Settings]] = {
    "qwen2": (Qwen2Config, _DEEP | {"num_key_value_heads": 2, "pad_token_id": 0}),
    "qwen3": (Qwen3Config, _DEEP | _GROUPED),
    "llama": (LlamaConfig, _DEEP | _GROUPED),
    # Its blocks differ by their place: some see only their neighbours.
    "gemma3": (Gemma3TextConfig, _DEEP | _GROUPED | _HALF_SLIDING),
    "gemma3-bidirectional": (
        Gemma3TextConfig,
        _DEEP | _GROUPED | _HALF_SLIDING | {"use_bidirectional_attention": True},
    ),
    "eurobert": (EuroBertConfig, _DEEP | _GROUPED),
    "electra": (ElectraConfig, _DEEP | {"embedding_size": 16}),  # projected to H before block 1
    "convbert": (ConvBertConfig, _DEEP | {"embedding_size": 16}),
    "roformer": (RoFormerConfig, _DEEP | {"embedding_size": 16}),
    "rembert": (RemBertConfig, _DEEP | {"input_embedding_size": 16}),
    # A convolution over the embeddings is added after its first block, outside of the blocks.
    "deberta-conv": (
        DebertaV2Config,
        _DEEP | {"conv_kernel_size": 3, "relative_attention": True, "pos_att_type": ["p2c", "c2p"],
                 "position_biased_input": False},
    ),
    "albert": (AlbertConfig, _DEEP | {"embedding_size": 16}),  # one block, run three times
    "xlm": (  # attentions, norms and feed-forward parts in a list each: there are no blocks
        XLMConfig,
        {"emb_dim": HIDDEN, "n_layers": 3, "n_heads": 4, "max_position_embeddings": POSITIONS,
         "pad_index": 0, "embed_init_std": 0.3, "init_std": 0.3},
    ),
}  # fmt: skip
DECODERS = ("qwen2", "qwen3", "llama", "gemma3", "gemma3-bidirectional")


def _other(architecture: str) -> tuple[PreTrainedTokenizerFast, PreTrainedConfig]:
    kind, settings = OTHERS[architecture]
    if architecture in DECODERS:
        tokenizer = _decoder_tokenizer()
    else:
        tokenizer = BertTokenizerFast(vocab=_wordpiece(_BERT_SPECIAL, "[UNK]"))
    size = "n_words" if architecture == "xlm" else "vocab_size"
    return tokenizer, kind(**settings | {size: len(tokenizer)})


def build(architecture: str, folder: Path, seed: int = 0) -> Path:
    """Save a tiny transformer of this architecture, without any sentence-transformers file."""
    if architecture in ARCHITECTURES:
        make_tokenizer, make_config = ARCHITECTURES[architecture]
        tokenizer = make_tokenizer()
        config = make_config(len(tokenizer))
    else:
        tokenizer, config = _other(architecture)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = AutoModel.from_config(config)
        for parameter in model.parameters():
            if parameter.ndim == 1:  # biases and norms, which start as 0 and 1
                parameter.data += 0.2 * torch.randn_like(parameter)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
