"""CLIP's tokenizer for the `tokenizers` library, with the cleaning of texts that open_clip does before it."""

from typing import Any

from semclip.models.tokens import Tokenizer

#: What open_clip's cleaning (ftfy, HTML) makes of characters that captions hold. CLIP's own tokenizer of transformers
#: leaves this out, and "don’t" would become other ids than in training.
CLEANED = {
    "‘": "'", "’": "'", "‚": "'", "‛": "'", "“": '"', "”": '"', "„": '"', "‟": '"',
    "ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl",
    "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&nbsp;": " ", "&amp;": "&",
}  # fmt: skip

#: Special tokens by the names that other libraries know.
START, END = "<|startoftext|>", "<|endoftext|>"


def clip_tokenizer(tokenizer: Tokenizer) -> Any:
    """A `tokenizers.Tokenizer` with the same ids.

    Not taken over: the repair of wrongly decoded texts ("â€™"), full-width letters, and rarer HTML entities.
    """
    from tokenizers import Regex, decoders, models, normalizers, pre_tokenizers, processors
    from tokenizers import Tokenizer as Words

    own = tokenizer.byte_pairs
    renamed = {"<start_of_text>": START, "<end_of_text>": END}
    vocabulary = {renamed.get(word, word): number for word, number in own.encoder.items()}
    merges = sorted(own.bpe_ranks, key=own.bpe_ranks.__getitem__)
    words = Words(
        models.BPE(vocabulary, merges, continuing_subword_prefix="", end_of_word_suffix="</w>", unk_token=END)
    )
    words.normalizer = normalizers.Sequence([
        *(normalizers.Replace(found, instead) for found, instead in CLEANED.items()),
        normalizers.NFC(),
        normalizers.Replace(Regex(r"\s+"), " "),
        normalizers.Lowercase(),
    ])  # fmt: skip
    pieces = r"""<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"""
    words.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pieces), behavior="removed", invert=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])  # fmt: skip
    words.decoder = decoders.ByteLevel()
    start, end = own.all_special_ids[:2]
    words.post_processor = processors.TemplateProcessing(
        single=f"{START} $A {END}", special_tokens=[(START, start), (END, end)]
    )
    words.add_special_tokens([START, END])
    return words
