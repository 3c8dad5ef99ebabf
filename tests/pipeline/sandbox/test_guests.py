"""Our own programs in the sandbox: texts that stand alone."""

import ast
import io
import marshal
import time
from collections import Counter, defaultdict, deque
from datetime import date
from pathlib import Path

import pytest

from pipeline.closure import ROOT, import_closure
from pipeline.sandbox.guest.wire import (
    NotPlain,
    decode,
    encode,
    make_decoder,
    make_encoder,
)
from pipeline.sandbox.guests import FOLDER, guest_code, guest_source

NAMES = sorted(file.stem for file in FOLDER.glob("[a-z]*.py"))


@pytest.mark.parametrize("name", NAMES)
def test_a_guest_is_sent_as_one_text_that_stands_alone(name: str):
    source = guest_source(name)

    compile(source, name, "exec")
    assert "import pipeline" not in source
    assert "from pipeline" not in source


def test_what_a_guest_imports_stands_before_it():
    source = guest_source("answer_calls")

    functions = [
        node.name
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef)
    ]
    assert functions.index("send") < functions.index("silence")
    assert functions.index("encode") < functions.index("answer_call")
    assert source.count("\ndef send(") == 1


@pytest.mark.parametrize("name", NAMES)
def test_what_stands_in_one_text_has_names_of_its_own(name: str):
    defined: list[str] = []
    for node in ast.parse(guest_source(name)).body:
        match node:
            case ast.FunctionDef() | ast.ClassDef():
                defined.append(node.name)
            case ast.Assign([ast.Name(constant)]) | ast.AnnAssign(ast.Name(constant)):
                defined.append(constant)

    assert sorted(set(defined)) == sorted(defined)


def test_verdicts_on_programs_rest_on_every_guest():
    closure = import_closure([Path("pipeline/verifiers/code.py")])

    guests = {file.relative_to(ROOT) for file in FOLDER.glob("*.py")}
    assert guests <= closure


def test_a_job_is_given_to_the_main_of_a_guest():
    job = {"program": "print('\"')", "names": ["a"], "entry_point": None}

    parts = io.BytesIO(guest_code("program_apart", job))
    names, code = marshal.load(parts), marshal.load(parts)

    assert names == {"JOB": job}
    assert code.co_names[-1] == "JOB"


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        (None, None),
        (True, True),
        (2**4000, {"i": hex(2**4000)}),
        (float("inf"), float("inf")),
        ([1, "a"], [1, "a"]),
        ((1, (2,)), {"t": [1, {"t": [2]}]}),
        ({1}, {"s": [[1]]}),
        (frozenset({1}), {"z": [1]}),
        ({"a": (1,)}, {"d": [[{"t": ["a", {"t": [1]}]}]]}),
        (deque([1], 2), {"dq": [[], 2, [1]]}),
        (defaultdict(list, a=[]), {"dd": [{"y": "list"}, [{"t": ["a", []]}]]}),
        (Counter("aab"), {"ct": [[{"t": ["a", 2]}, {"t": ["b", 1]}]]}),
        (range(1, 4), {"v": ["builtins.range", 1, 4, 1]}),
        (date(2024, 2, 29), {"v": ["datetime.date", 2024, 2, 29]}),
        (b"\xff", {"b": "ff"}),
        (1 + 2j, {"c": [1.0, 2.0]}),
        (int, {"y": "int"}),
    ],
)
def test_plain_values_are_encoded_and_decoded(value: object, encoded: object):
    assert encode(value) == encoded
    assert decode(encoded) == value
    assert type(decode(encoded)) is type(value)


def test_what_is_not_plain_is_refused_or_left_to_another():
    with pytest.raises(NotPlain, match="object"):
        encode([object()])
    assert make_encoder(lambda _: {"o": 7})([object()]) == [{"o": 7}]
    assert make_decoder(lambda *found: found)([{"o": 7}]) == [("o", 7)]


@pytest.mark.parametrize(
    "encoded",
    [
        {"s": [[k * (2**61 - 1) for k in range(1, 24_000)]]},
        {"d": [[[k * (2**61 - 1), 0] for k in range(1, 24_000)]]},
        {"z": [k * (2**61 - 1) for k in range(1, 24_000)]},
        {"q": [{"i": hex(3**300_000)}, {"i": hex(2**400_000 + 1)}]},
        {"n": "1" * 300_000},
        {"v": ["os.system", "true"]},
    ],
    ids=["set", "dict", "frozenset", "fraction", "decimal", "no value"],
)
def test_what_would_take_long_to_build_is_not_built(encoded: object):
    started = time.process_time()

    with pytest.raises(NotPlain):
        decode(encoded)
    assert time.process_time() - started < 0.5
