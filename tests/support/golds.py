"""Gold answers of public sets under GOLDSIEVE_DATA, by set, as they stand there."""

import json
from pathlib import Path

from pipeline.verifiers.extract.final import find_final_answer

FILES = {
    "math500": ("bench_math/math500.jsonl", "answer"),
    "aime24": ("bench_math/aime24.jsonl", "answer"),
    "amc23": ("bench_math/amc23.jsonl", "answer"),
    "minerva": ("bench_math/minerva_math.jsonl", "solution"),
    "olympiadbench": ("bench_math/olympiadbench.jsonl", "final_answer"),
    "math": ("math_train_7500/*.json*", "answer"),
    "deepscaler": ("deepscaler/*.json", "answer"),
    "deepmath": ("deepmath_5k/math_deepmath_deal.jsonl", "ground_truth"),
    "omni": ("omni_math/omni_math_num_500.jsonl", "answer"),
    "liveaops": ("omni_math/liveaopsbench.jsonl", "answer"),
}


def read_golds(data: Path, *sets: str) -> dict[str, list[str]]:
    """The distinct gold answers of each set, in the order of the file."""
    return {name: _read_set(data, *FILES[name]) for name in sets or FILES}


def _read_set(data: Path, pattern: str, column: str) -> list[str]:
    golds = []
    for file in sorted(data.glob(pattern)):
        text = file.read_text()
        is_list = file.suffix == ".json"
        rows = json.loads(text) if is_list else map(json.loads, text.splitlines())
        for row in rows:
            value = row.get(column)
            golds.append(value[0] if isinstance(value, list) else value)
    return list(dict.fromkeys(str(gold) for gold in golds if gold not in (None, "")))


def bare(gold: str) -> str:
    """The answer that a gold text is, or the one that a worked solution ends with."""
    return (find_final_answer(gold).text or "") if "\\boxed" in gold else gold.strip()
