"""A model in a folder of the transformers library: one that sees, or one that only reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from PIL import Image
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForImageTextToText,
    AutoProcessor,
    AutoTokenizer,
)
from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING

from geoseg.engines.devices import find_device
from geoseg.errors import CheckpointError, EngineError
from training.lasers.llm import Request
from training.lasers.stages import hash_path


def open_local(folder: Path, device: str) -> LocalModel:
    """The model in a folder; CheckpointError where it holds none of the transformers library."""
    if not (folder / "config.json").is_file():
        raise CheckpointError(
            f"The folder {folder} holds no model of the transformers library.",
            hint="Give one with config.json, model.safetensors and the files of its tokenizer.",
        )
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
        sees = type(config) in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING
        kind: Any = AutoModelForImageTextToText if sees else AutoModelForCausalLM
        reader: Any = AutoProcessor if sees else AutoTokenizer
        model = kind.from_pretrained(folder, local_files_only=True)
        codec = reader.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise CheckpointError(f"The model in {folder} cannot be opened: {error}") from error
    name = f"local:{folder.name}@{hash_path(folder)[:12]}"
    return LocalModel(model, codec, find_device(device), name, sees=sees)


class LocalModel:
    """Samples replies; the same for the same request on the same device."""

    remembered = True

    def __init__(
        self,
        model: Any,
        codec: Any,
        device: torch.device,
        name: str,
        *,
        sees: bool,
        max_new_tokens: int = 2048,
    ) -> None:
        self.model, self.codec, self.device = model.to(device).eval(), codec, device
        self.name, self.sees, self.max_new_tokens = name, sees, max_new_tokens

    @torch.inference_mode()
    def reply(self, request: Request) -> str:
        """What it writes after the prompt, thoughts included. EngineError where it cannot."""
        inputs = self._inputs(request).to(self.device)
        with torch.random.fork_rng():
            torch.manual_seed(request.seed)
            try:
                tokens = self.model.generate(
                    **inputs,
                    do_sample=True,
                    temperature=request.temperature,
                    top_k=0,
                    max_new_tokens=self.max_new_tokens,
                )
            except (RuntimeError, ValueError) as error:
                raise EngineError(f"{self.name} cannot reply: {error}") from error
        new = tokens[0, inputs["input_ids"].shape[1] :]
        return str(self.codec.decode(new, skip_special_tokens=True))

    def _inputs(self, request: Request) -> Any:
        """Tokens of the prompt, in the form in which the model was taught to be asked."""
        content: Any = request.prompt
        if self.sees:
            picture = Image.fromarray(request.picture())
            content = [{"type": "image", "image": picture}, {"type": "text", "text": content}]
        template = getattr(self.codec, "chat_template", None)
        if not template:
            if self.sees:
                raise EngineError(f"{self.name} has no chat template to show it a picture with.")
            return self.codec(request.prompt, return_tensors="pt")
        # Models that cannot think have no such switch.
        switch = {"enable_thinking": request.thinking} if "enable_thinking" in template else {}
        return self.codec.apply_chat_template(
            [{"role": "user", "content": content}],
            add_generation_prompt=True,
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
            **switch,
        )
