"""What is read and written is UTF-8, whatever the machine's own encoding is."""

import os
import subprocess
import sys
from pathlib import Path

ASCII = {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
READS = r"""
import locale
import sys
from pathlib import Path

from pipeline import charts, dag, recipe, tables
from pipeline.verifiers.math import verify
from stages.sources import words

folder = Path(sys.argv[1])
assert locale.getencoding() != "UTF-8"
assert verify("½", r"\boxed{½}", {}).correct
assert dag.read()
assert recipe.read(folder / "params.yaml") == {"prompt": {"suffix": "für"}}
assert "é" in tables.read(folder / "card.md")
"""


def test_no_file_is_read_in_the_encoding_of_the_machine(tmp_path: Path):
    (tmp_path / "params.yaml").write_text("prompt: {suffix: für}", encoding="utf-8")
    (tmp_path / "card.md").write_text("é", encoding="utf-8")

    subprocess.run(
        [sys.executable, "-", tmp_path],
        input=READS.encode(),
        env=os.environ | ASCII,
        check=True,
    )
