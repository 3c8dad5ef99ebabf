"""Ask a model behind an OpenAI-compatible endpoint, many prompts at a time.

Answers are kept by content under .cache/endpoint, so that a question is paid for
once. A request that fails is tried again, later each time; one that keeps failing
has no answer, and nothing else is lost.
"""

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from pathlib import Path
from typing import Any

from pydantic import Field

from pipeline.errors import UserError
from pipeline.settings import Settings


class Endpoint(Settings):
    """Where the model is and how it is asked; the key is in the environment."""

    url: str = "http://127.0.0.1:8000/v1"
    model: str = "judge"
    key_env: str = "OPENAI_API_KEY"
    temperature: float = Field(default=0.0, ge=0)
    max_tokens: int = Field(default=256, ge=1)
    concurrency: int = Field(default=16, ge=1)
    timeout_s: float = Field(default=120, gt=0)
    attempts: int = Field(default=4, ge=1)


def ask(prompts: list[str], endpoint: Endpoint) -> list[str | None]:
    """The model's answer to every prompt; None where there was none.

    Raises UserError where not one request of many was answered.
    """
    folder = Path(os.environ.get("GOLDSIEVE_CACHE", ".cache")) / "endpoint"
    with ThreadPoolExecutor(endpoint.concurrency) as pool:
        answers = list(pool.map(lambda one: _asked(one, endpoint, folder), prompts))
    lost = sum(answer is None for answer in answers)
    if prompts and lost == len(prompts):
        raise UserError(
            f"{endpoint.url} answered none of {lost} requests",
            hint="is the server up, and is `model` the name it serves?",
        )
    if lost:
        print(
            f"{endpoint.url}: {lost} of {len(prompts)} requests lost", file=sys.stderr
        )
    return answers


def _asked(prompt: str, endpoint: Endpoint, folder: Path) -> str | None:
    body = {
        "model": endpoint.model,
        "messages": [{"role": "user", "content": prompt}],
        "temperature": endpoint.temperature,
        "max_tokens": endpoint.max_tokens,
    }
    name = blake2b(
        json.dumps([endpoint.url, body], sort_keys=True).encode(), digest_size=16
    ).hexdigest()
    file = folder / name[:2] / f"{name}.json"
    if file.exists():
        kept: str = json.loads(file.read_text())["answer"]
        return kept
    answer = _answered(body, endpoint)
    if answer is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(f".{os.getpid()}.draft")
        draft.write_text(json.dumps({"answer": answer}))
        draft.replace(file)
    return answer


def _answered(body: dict[str, Any], endpoint: Endpoint) -> str | None:
    import httpx

    key = os.environ.get(endpoint.key_env, "none")
    for attempt in range(endpoint.attempts):
        if attempt:
            time.sleep(min(30.0, 0.5 * 2**attempt))
        try:
            reply = httpx.post(
                f"{endpoint.url.rstrip('/')}/chat/completions",
                json=body,
                headers={"Authorization": f"Bearer {key}"},
                timeout=endpoint.timeout_s,
            )
            reply.raise_for_status()
            answer = reply.json()["choices"][0]["message"]["content"]
        except (httpx.HTTPError, ValueError, KeyError, IndexError, TypeError):
            continue
        if isinstance(answer, str):
            return answer
    return None
