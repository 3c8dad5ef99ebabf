"""Kill the pipeline at random moments: what is left, and what is done twice.

    python benchmarks/kill_demo.py --moments 50 --target card
    python benchmarks/kill_demo.py --moments 8               # as the tests do

A copy of this checkout is built with `dvc repro` and a small recipe: once undisturbed,
and then again and again with SIGKILL at moments that the seed draws, to the whole group
of processes, to DVC alone or to one process below it. Every kill is followed by the
next `dvc repro`, and a build that is done begins anew while moments are left. Checked
are, for every build that is done, that all its files have the bytes of the undisturbed
one and that no draft is left; and for every kill, that 5 seconds later no process of
the run is there.

What is done twice is counted by a log: the copy writes a line for every completion that
is drawn and for every verdict that is made. `in flight` is what a kill may cost: the
samples of one batch, and the verdicts of a second or of all batches in the workers.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import psutil
import yaml
from dvc.schema import COMPILED_LOCKFILE_SCHEMA
from voluptuous import Invalid

HERE = Path(__file__).resolve().parents[1]
ENDED_S = 5.0
BATCH = 32  # samples that are kept together
KINDS = ("group", "dvc", "child")
BUILT = ("data", "models", "data_cards/metrics", "data_cards/README.md")
# Appended to modules of the copy: a line for each thing that is done.
LOG = """

def _log(what, names):
    import os
    with open(os.environ["KILL_LOG"], "a") as log:
        log.write("".join(f"{what} {name}\\n" for name in names))
"""
LOG_SAMPLES = """
_stream = Engine.stream

def _logged(self, requests, sampling):
    requests = list(requests)
    for number, child, completion in _stream(self, iter(requests), sampling):
        _log("sample", [requests[number].seed + child])
        yield number, child, completion

Engine.stream = _logged
"""
LOG_VERDICTS = """
_judge = _verify_all

def _verify_all(batch):
    verdicts = _judge(batch)
    _log("verdict", [key(*fields).hex() for fields in batch])
    return verdicts
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--moments", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--target", default="grades")
    parser.add_argument("--problems", type=int, default=60)
    parser.add_argument("--most-s", type=float, default=1e9, help="begin no kill later")
    arguments = parser.parse_args()
    with TemporaryDirectory(prefix="kill-") as folder:
        kill_often(Path(folder), arguments)


@dataclass
class Report:
    """What was seen; `mistakes` are what should not be."""

    killed: Counter[str] = field(default_factory=Counter)
    ended_s: list[float] = field(default_factory=list)
    builds: int = 0
    mistakes: list[str] = field(default_factory=list)


def kill_often(folder: Path, arguments: argparse.Namespace) -> None:
    """Build once undisturbed and then under kills; exit code 1 after a mistake."""
    project = prepare(folder / "project", arguments.problems)
    start = time.monotonic()
    build(project, arguments.target)
    whole_s = time.monotonic() - start
    expected, wanted = digest_files(project), count_log(project)
    print(f"undisturbed: {whole_s:.0f} s, {len(expected)} files, {describe(wanted)}")

    drawn, report = random.Random(arguments.seed), Report()
    clear(project)
    for number in range(arguments.moments):
        if time.monotonic() - start > arguments.most_s:
            print(f"out of time after {number} moments")
            break
        kind, after_s = drawn.choice(KINDS), drawn.uniform(0, whole_s / 3)
        while disturb(project, arguments.target, kind, after_s, drawn, report):
            check(project, expected, wanted, report)
            clear(project)
            after_s /= 2  # the machine is quicker than it was
    build(project, arguments.target)
    check(project, expected, wanted, report)
    kills = ", ".join(f"{kind} {report.killed[kind]}" for kind in KINDS)
    print(f"killed: {kills}; {report.builds} builds done, {len(expected)} files each")
    print(f"the last process was gone after {max(report.ended_s, default=0):.1f} s")
    print("\n".join(report.mistakes) or "no mistake")
    sys.exit(bool(report.mistakes))


def prepare(project: Path, problems: int) -> Path:
    """A copy of this checkout with a small recipe, that logs what it does."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=HERE, capture_output=True, check=True).stdout
    for name in filter(None, names.decode().split("\0")):
        if (HERE / name).is_file() and name != "dvc.lock":
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(HERE / name, project / name)
    subprocess.run(["git", "init", "-q"], cwd=project, check=True)
    recipe = yaml.safe_load((project / "recipes/demo.yaml").read_text())
    generator = {"count": problems, "seed": 7, "levels": [1, 2, 3]}
    source = {"adapter": "arithmetic", "generator": generator, "license": "MIT"}
    off = ("dedup_embedding", "sft", "dpo", "grpo", "evaluate")
    recipe |= dict.fromkeys(off, False) | {
        "collect": {"chains": source},
        "pool": {"order": ["chains"]},
        "decontaminate": {},
        "model": {"kind": "tiny", "tiny": {"rows": 2000, "steps": 60}},
        "rollouts": {"engine": "transformers", "max_tokens": 40, "batch_size": BATCH},
        "pass_rate_window": {"lo": 0.0, "hi": 1.0},
        "verify": {},
    }
    (project / "params.yaml").write_text(yaml.safe_dump(recipe, sort_keys=False))
    for file, lines in (
        ("pipeline/engines/transformers.py", LOG_SAMPLES),
        ("pipeline/grading/workers.py", LOG_VERDICTS),
    ):
        with (project / file).open("a") as module:
            module.write(LOG + lines)
    clear(project)
    return project


def start(project: Path, target: str) -> "subprocess.Popen[bytes]":
    """`dvc repro` in a group of its own; what it prints is in `out.txt`."""
    remove_cut_off(project)
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(project),
        "GOLDSIEVE_CACHE": str(project / ".cache"),
        "HF_HUB_OFFLINE": "1",
        "DVC_NO_ANALYTICS": "1",
        "PIPELINE_WORKERS": "2",
        "KILL_LOG": str(project / "log.txt"),
    }
    with (project / "out.txt").open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "dvc", "repro", target],
            cwd=project, env=environment, stdout=out, stderr=out,
            start_new_session=True,
        )  # fmt: skip


def build(project: Path, target: str) -> None:
    """`dvc repro` to its end, which must be a good one."""
    if start(project, target).wait():
        sys.exit("dvc repro failed:\n" + (project / "out.txt").read_text()[-5000:])


def disturb(
    project: Path,
    target: str,
    kind: str,
    after_s: float,
    drawn: random.Random,
    report: Report,
) -> bool:
    """Run and kill after so long; whether the build was done before."""
    dvc = start(project, target)
    try:
        code = dvc.wait(after_s)
    except subprocess.TimeoutExpired:
        code = None
    if code == 0:
        return True
    if code is not None:
        text = (project / "out.txt").read_text()[-1500:]
        report.mistakes.append(f"dvc repro failed by itself:\n{text}")
        return False
    top = psutil.Process(dvc.pid)
    family = [top, *top.children(recursive=True)]
    report.killed[kind := kill(kind, family, drawn)] += 1
    if kind == "child":  # a worker may be replaced, and the build goes on
        return dvc.wait() == 0
    begun = time.monotonic()
    dvc.wait()
    _, left = psutil.wait_procs(family, ENDED_S)
    report.ended_s.append(time.monotonic() - begun)
    report.mistakes += [f"left after a kill of {kind}: {each}" for each in left]
    return False


def remove_cut_off(project: Path) -> None:
    """Remove the files in which DVC was killed, which it writes in place."""
    for name, validate in (
        ("dvc.lock", lambda text: COMPILED_LOCKFILE_SCHEMA(yaml.safe_load(text))),
        (".dvc/tmp/rwlock", json.loads),
    ):
        file = project / name
        try:
            if file.exists():
                validate(file.read_text())
        except (Invalid, ValueError, yaml.YAMLError):
            print(f"DVC was killed in {name}, which is removed", flush=True)
            file.unlink()


def kill(kind: str, family: list[psutil.Process], drawn: random.Random) -> str:
    """Kill the group, DVC or one process below; what was killed."""
    dvc, *below = family
    if kind == "child" and below:
        with suppress(psutil.NoSuchProcess):  # it has just ended
            drawn.choice(below).kill()
        return "child"
    if kind == "dvc":
        dvc.kill()
        return "dvc"
    os.killpg(dvc.pid, signal.SIGKILL)
    return "group"


def check(
    project: Path, expected: dict[str, str], wanted: Counter[str], report: Report
) -> None:
    """Compare what was built, and what was done for it, with the undisturbed build."""
    report.builds += 1
    found = digest_files(project)
    names = sorted(expected.keys() | found.keys())
    differ = [name for name in names if expected.get(name) != found.get(name)]
    report.mistakes += [f"differs: {name}" for name in differ]
    done = count_log(project)
    again = {what: done[what] - wanted[what] for what in ("sample", "verdict")}
    print(f"a build is done: {describe(done)}; again: {json.dumps(again)}", flush=True)
    for store in project.glob(".cache/rollouts/*"):
        rows = pl.concat(map(pl.read_parquet, store.glob("[0-9]*.parquet")))
        if twice := rows.select("key", "sample").is_duplicated().sum():
            report.mistakes.append(f"{twice} stored samples are there twice")
    kills = report.killed.total()
    for what, most in (("sample", BATCH * kills), ("verdict", 8 * 64 * kills)):
        if again[what] > most:
            report.mistakes.append(f"{again[what]} x {what} again after {kills} kills")


def digest_files(project: Path) -> dict[str, str]:
    """The digest of every file that a build leaves, drafts included."""
    files = [
        file
        for name in BUILT
        for file in (project / name, *(project / name).rglob("*"))
        if file.is_file() and file.suffix != ".owner" and file.parent.name != "timings"
    ]
    return {
        str(file.relative_to(project)): sha256(file.read_bytes()).hexdigest()
        for file in files
    }


def count_log(project: Path) -> Counter[str]:
    """How many completions were drawn, and verdicts made."""
    log = project / "log.txt"
    lines = log.read_text().splitlines() if log.exists() else []
    return Counter(line.split()[0] for line in lines)


def describe(counts: Counter[str]) -> str:
    return f"{counts['sample']:,} samples, {counts['verdict']:,} verdicts"


def clear(project: Path) -> None:
    """Back to a checkout on which nothing has run."""
    folders = "data", "models", ".cache", ".dvc/cache", ".dvc/tmp"
    cards = (f"data_cards/{part}" for part in ("metrics", "numbers", "plots", "curves"))
    for name in (*folders, *cards):
        shutil.rmtree(project / name, ignore_errors=True)
    for name in ("dvc.lock", "log.txt", "data_cards/README.md"):
        (project / name).unlink(missing_ok=True)


if __name__ == "__main__":
    main()
