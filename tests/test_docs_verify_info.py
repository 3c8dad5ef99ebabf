"""The page on `verify_info` has the options that the verifiers declare."""

import json
from pathlib import Path

from pipeline.verifiers.contract import verifier_names
from pipeline.verifiers.details.contract import known_verifiers, load_info

PAGE = Path("docs/verify_info.md")


def options_table() -> str:
    """The table of the page: every option of every verifier."""
    lines = ["| verifier | option | default | meaning |", "|---|---|---|---|"]
    for verifier in known_verifiers():
        for name, field in load_info(verifier).model_fields.items():
            plain = isinstance(field.default, bool | int | float | str)
            default = (
                f"`{json.dumps(field.default)}`" if plain and field.default else ""
            )
            default = "required" if field.is_required() else default
            cells = f"`{verifier}`", f"`{name}`", default, field.description
            lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def test_every_verifier_declares_its_details():
    assert known_verifiers() == verifier_names()


def test_the_page_has_every_option_with_its_default():
    assert options_table() in PAGE.read_text(), options_table()
