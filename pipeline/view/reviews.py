"""What people say of rows: marks, kept in the project as a source of truth.

`reviews/<source>.json` is an object from the number of a row in its source to its mark,
in the order of the rows, so that a change reads well in version control. That is what
`collect` can read (`recorded: {review: {path: reviews/gsm8k.json}}`): each row then has
`meta.review.mark`, for any `where` of the recipe.
"""

import json
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pipeline.errors import UserError
from pipeline.files import write_text

FOLDER = "reviews"
MARKS = ("good", "bad", "unsure")
LONGEST = 10_000  # characters of a note
_writing = threading.Lock()


@dataclass(frozen=True)
class Review:
    """A mark on the row `id`, and why; `mark` is one of MARKS."""

    id: str
    mark: str
    note: str = ""
    reviewer: str = ""


def read_reviews(folder: Path) -> list[Review]:
    """All marks, by source and row; UserError where a file is not as it should be."""
    return [
        review
        for file in sorted((folder / FOLDER).glob("*.json"))
        for review in _read_file(file).values()
    ]


def _read_file(file: Path) -> dict[str, Review]:
    if not file.exists():
        return {}
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        return {number: _read(value) for number, value in content.items()}
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        hint = 'an object of {"<row>": {"id": …, "mark": …}}'
        raise UserError(f"{file}: these are no reviews: {error}", hint=hint) from None


def _read(value: dict[str, Any]) -> Review:
    review = Review(**value)
    if review.mark not in MARKS or not all(
        isinstance(text, str) for text in asdict(review).values()
    ):
        raise ValueError(f"{value!r:.80}: the mark is one of {', '.join(MARKS)}")
    return review


def find_review(folder: Path, id: str) -> Review | None:
    """The mark on a row; None where it has none."""
    file, number = _place(folder, id)
    return _read_file(file).get(number)


def write_reviews(folder: Path, reviews: Iterable[Review]) -> int:
    """Add marks to those there are, a newer one in place of an older; how many came.

    A review whose mark is "" takes the row's mark away.
    """
    count = 0
    with _writing:
        changed: dict[Path, dict[str, Review]] = {}
        for review in reviews:
            file, number = _place(folder, review.id)
            known = changed.setdefault(file, _read_file(file))
            known.pop(number, None)
            if review.mark:
                known[number] = _read(asdict(review))
            count += 1
        for file, known in changed.items():
            _write_file(file, known)
    return count


def _write_file(file: Path, reviews: dict[str, Review]) -> None:
    ordered = sorted(reviews.items(), key=lambda item: (len(item[0]), item[0]))
    content = {number: asdict(review) for number, review in ordered}
    file.parent.mkdir(exist_ok=True)
    write_text(file, json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def _place(folder: Path, id: str) -> tuple[Path, str]:
    """The file that holds the mark on a row, and the row's number in it.

    An id reads <source>/<number>; whatever else it is stays within the folder.
    """
    source, _, number = id.rpartition("/")
    name = quote(source or "rows", safe=" ").replace(".", "%2E")
    return folder / FOLDER / f"{name}.json", str(int(number)) if _is_number(
        number
    ) else number


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19
