"""Importing a stage must be cheap: heavy packages load only when it runs."""

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "datasets",
    "datasketch",
    "duckdb",
    "faiss",
    "math_verify",
    "matplotlib",
    "ray",
    "reasoning_gym",
    "scipy",
    "sentence_transformers",
    "sympy",
    "torch",
    "transformers",
    "trl",
    "vllm",
}
STAGES = sorted(
    {p.stem for p in Path("stages").glob("[a-z]*.py")}
    | {p.parent.name for p in Path("stages").glob("[a-z]*/__init__.py")} - {"sources"}
)
MODULES = [f"stages.{name}" for name in STAGES] + [
    "pipeline.__main__",
    # What a trainer imports when it runs stands on TRL's own classes.
    *(
        f"trainers.{p.stem}"
        for p in sorted(Path("trainers").glob("[a-z]*.py"))
        if "def main()" in p.read_text()
    ),
]


@pytest.mark.parametrize("module", MODULES)
def test_importing_loads_nothing_heavy(module: str):
    code = f"import sys, {module}; print(*{HEAVY} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


@pytest.mark.parametrize("stage", STAGES)
def test_arrays_and_kernels_wait_for_the_first_rows(stage: str):
    late = {"asyncio", "numba", "numpy", "pyarrow"}
    if stage not in ("ask", "grades", "verify"):
        late.add("pipeline.grading.workers")
    params = {
        "benchmarks": {"sets": []},
        "collect": {"adapter": "generic", "path": "x.jsonl", "license": "MIT"},
        "model": {"kind": "tiny"},
        "pool": {"order": ["a"]},
    }.get(stage, {})
    code = (
        f"import sys, pipeline.cli.stages, stages.{stage} as stage\n"
        f"stage.Params.model_validate({params})\n"
        f"print(*{late} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


def test_the_command_line_starts_fast():
    code = "import time; t = time.process_time(); import pipeline.__main__; "
    code += "print(time.process_time() - t)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert float(done.stdout) < 3, "seconds of CPU to import the command line"
