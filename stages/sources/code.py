"""Tables of programming problems: DeepCoder, TACO, KodCode, SYNTHETIC-1 and kin.

They have the same columns under a few names, and the spellings of tests that
`_tests.py` reads. A problem's own solutions are references that are run.
"""

from typing import Any

from pipeline.rows import read_json
from pipeline.schema import UNNAMED
from stages.sources._fields import Row, as_text, code_problem, filled, reference, text
from stages.sources._limits import read_limits
from stages.sources._tests import count_tests, read_tests
from stages.sources._traces import read_question, read_traces

PROBLEM = ("problem", "question", "prompt", "description")
TESTS = (
    "tests", "test", "test_cases", "unit_tests", "input_output", "verification_info",
    "info",
)  # fmt: skip
# CodeContests' numbers of languages, and their names: what runs here.
LANGUAGES = (2, "CPP", 3, "PYTHON3")
MOST = 5
META = ("source", "subset", "style", "difficulty", "url", "language")


def adapt(row: Row) -> Row | str:
    """{"problem" | …, "tests" | "test" | …, "solutions"?, "starter_code"?, "checker"?}.

    `solutions`, and `incorrect_solutions`, may be CodeContests' two lists, of programs
    and their languages. `meta.n_tests` counts the tests. `checker`, the problem's own,
    is a program that judges what is printed. Limits are read by `_limits.py`.
    """
    starter = text(row, "starter_code") or ""
    given = next((row[name] for name in TESTS if row.get(name)), row)
    try:
        info = read_tests(given, starter)
    except (ValueError, TypeError, RecursionError) as error:
        return f"tests: {error!s:.120}"
    info |= read_limits(row)
    if refused := list_programs(row.get("incorrect_solutions")):
        info["refused"] = refused
    if checker := text(row, "checker"):
        info["checker"] = checker
    problem = read_question(row, *PROBLEM)
    return code_problem(
        f"{problem}\n\n{starter}" if problem and starter else problem,
        info,
        solutions=[*_solutions(row), *read_traces(row, UNNAMED)],
        meta={"n_tests": count_tests(info), **filled(row, *META)},
    )


def list_programs(given: Any) -> list[str]:
    """The first few of CodeContests' programs that are in a language of the sandbox."""
    match given:
        case {"language": list() as languages, "solution": list() as texts}:
            pairs = zip(languages, texts, strict=False)
            programs = [as_text(code) for tongue, code in pairs if tongue in LANGUAGES]
            return [program for program in programs if program][:MOST]
    return []


def _solutions(row: Row) -> list[Row]:
    """`solution`, a text, or `solutions`, a list of texts or JSON of one."""
    given: Any = row.get("solutions") or row.get("solution")
    if isinstance(given, dict):
        given = list_programs(given)
    if isinstance(given, str) and given.lstrip().startswith("["):
        given = read_json(given, otherwise=given)
    given = given if isinstance(given, list) else [given]
    return [written for each in given for written in reference(as_text(each))]
