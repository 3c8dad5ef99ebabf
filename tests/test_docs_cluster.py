"""The scripts of docs/cluster.md are shell, and name what there is."""

import re
import subprocess
from pathlib import Path

PAGE = Path("docs/cluster.md").read_text()
SCRIPTS = re.findall(r"```(?:bash|sh)\n(.*?)```", PAGE, re.DOTALL)


def test_every_script_is_one_that_bash_reads():
    assert len(SCRIPTS) == 3
    for script in SCRIPTS:
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)


def test_files_that_the_page_names_are_there():
    named = re.findall(r"`((?:pipeline|tests)/[\w/.]*)`", PAGE)

    assert len(named) >= 3
    assert [name for name in named if not Path(name).exists()] == []
