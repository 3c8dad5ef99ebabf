"""CITATION.cff says of the tool what pyproject.toml says of it.

The schema of the Citation File Format 1.2.0 asks for four fields and allows no others
than it names; the packages that carry it ask for a jsonschema older than ours, so the
part of it that the file uses stands here.
"""

import tomllib
from pathlib import Path

import yaml

CITATION = yaml.safe_load(Path("CITATION.cff").read_text("utf-8"))
PROJECT = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]
REQUIRED = {"cff-version": str, "message": str, "title": str, "authors": list}
OPTIONAL = {
    "abstract": str, "keywords": list, "license": str, "type": str, "version": str,
}  # fmt: skip


def test_the_citation_has_the_fields_of_its_schema_and_no_others():
    types = {name: type(value) for name, value in CITATION.items()}

    assert types == REQUIRED | OPTIONAL
    assert CITATION["cff-version"] == "1.2.0"
    assert CITATION["type"] in ("software", "dataset")
    assert CITATION["authors"], "whom would one cite?"
    assert all(set(author) == {"name"} for author in CITATION["authors"])
    assert len(set(CITATION["keywords"])) == len(CITATION["keywords"])


def test_the_citation_is_of_this_version():
    assert CITATION["title"] == PROJECT["name"]
    assert CITATION["version"] == PROJECT["version"]
    assert CITATION["license"] == PROJECT["license"]
    assert CITATION["abstract"] == PROJECT["description"]
    assert CITATION["keywords"] == PROJECT["keywords"]
