"""Repositories on the Hugging Face hub, fetched when a name asks for it and never otherwise."""

from __future__ import annotations

import re
from pathlib import Path

from geoseg.errors import CheckpointError

PREFIX = "hf:"

# Weights, texts and configs. Code that a repository may hold is not even fetched.
_FILES = [
    "*.json",
    "*.safetensors",
    "pytorch_model*.bin",
    "adapter_model.bin",
    "non_lora_trainables.bin",
    "merges.txt",
    "SHA256SUMS",
    "MODEL_CARD.md",
]
_NAME = re.compile(r"hf:(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w./-]+))?")


def fetch(name: str) -> Path:
    """The folder of `hf:owner/name[@revision]`, from the local cache where it is there.

    With HF_HUB_OFFLINE=1 nothing but the cache is looked at. CheckpointError if the name is
    malformed, or the repository neither cached nor reachable.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        raise CheckpointError(
            f"The checkpoint {name!r} is no name on the hub. Write hf:owner/name, or "
            "hf:owner/name@revision."
        )
    from huggingface_hub import snapshot_download

    try:
        folder = snapshot_download(found["repo"], revision=found["revision"], allow_patterns=_FILES)
    except Exception as error:  # its errors come from several libraries, without a common base
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise CheckpointError(
            f"The checkpoint {name!r} is not in the local cache and cannot be fetched ({reason}). "
            "Check the name and the connection, or give a folder.",
            code="no_network",
        ) from error
    return Path(folder)
