"""A random little chat model, and vLLM's server with it: for protocol, not opinions.

The model knows every byte and the marks of ChatML, and nothing else: what it says
means nothing. But the server is the real one, so that what it accepts, enforces and
refuses is what is tested.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

MARKS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n"
    "{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
CONTEXT = 16_384
# The server must not outlive the tests, however they end. Its workers do not die with
# it, so somebody stays who reads what nobody writes: that ends when the tests do. Who
# is asked to end frees its shared memory; who is killed does not.
KEEPER = """
import os, signal, subprocess, sys, threading, time
server, ending = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL), []
def watch():
    server.wait()
    ending or os.killpg(0, signal.SIGKILL)
threading.Thread(target=watch, daemon=True).start()
sys.stdin.read()
ending.append(True)
server.terminate()
try:
    server.wait(10)
    time.sleep(1)
finally:
    os.killpg(0, signal.SIGKILL)
"""


def build(folder: Path) -> int:
    """Write the model; return the id of its quotation mark."""
    import torch
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = {letter: number for number, letter in enumerate(letters)}
    tokenizer = Tokenizer(models.BPE(vocab=words, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(mark, special=True) for mark in MARKS])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        chat_template=TEMPLATE,
        model_max_length=CONTEXT,
    )
    torch.manual_seed(0)
    model = Qwen2ForCausalLM(
        Qwen2Config(
            vocab_size=len(tokenizer),
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=2,
            max_position_embeddings=CONTEXT,
            initializer_range=0.3,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            dtype="float32",
        )
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return words['"']


@contextmanager
def vllm_serving(
    model: Path, log: Path, *, limit_s: float = 300
) -> Iterator[tuple[str, int]]:
    """vLLM's server on the CPU: its URL and its session, which is killed after."""
    port = _free_port()
    # A seeded request whose prompt is read in parts kills vLLM 0.31 on a CPU: it sets
    # the generator back, which torch can do on GPUs only.
    command = [
        sys.executable, "-m", "vllm.entrypoints.openai.api_server",
        "--model", str(model), "--served-model-name", "tiny", "--dtype", "float32",
        "--max-model-len", str(CONTEXT), "--max-num-seqs", "16", "--enforce-eager",
        "--no-enable-chunked-prefill", "--max-num-batched-tokens", str(CONTEXT),
        "--host", "127.0.0.1", "--port", str(port),
    ]  # fmt: skip
    own = {
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "HF_HUB_OFFLINE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "VLLM_WORKER_MULTIPROC_METHOD": "spawn",
    }
    with log.open("wb") as file, TemporaryDirectory(prefix="vllm-") as scratch:
        process = subprocess.Popen(
            [sys.executable, "-c", KEEPER, *command],
            env=os.environ | own | {"TMPDIR": scratch},
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait_for(process, port, log, limit_s)
            yield f"http://127.0.0.1:{port}/v1", process.pid
        finally:
            _kill(process)


def processes_of(session: int) -> list[int]:
    """The processes that run in a session, from /proc."""
    processes = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, _, of = status.read_text().rpartition(")")[2].split()[:4]
            if int(of) == session and state != "Z":
                processes.append(int(status.parent.name))
    return processes


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _wait_for(
    process: subprocess.Popen[bytes], port: int, log: Path, limit_s: float
) -> None:
    import httpx

    end = time.monotonic() + limit_s
    while time.monotonic() < end and process.poll() is None:
        with suppress(httpx.HTTPError):
            if httpx.get(f"http://127.0.0.1:{port}/health").status_code == 200:
                return
        time.sleep(0.5)
    raise RuntimeError(f"the server did not start:\n{log.read_text()[-3000:]}")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """The server and all that it started: its session is its own."""
    assert process.stdin is not None
    process.stdin.close()  # the keeper's sign
    _wait_until_gone(process.pid, 15)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    _wait_until_gone(process.pid, 5)


def _wait_until_gone(session: int, seconds: float) -> None:
    end = time.monotonic() + seconds
    while processes_of(session) and time.monotonic() < end:
        time.sleep(0.05)
