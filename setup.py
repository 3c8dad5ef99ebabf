"""Beside pyproject.toml: a wheel carries the files of a project that are no code.

They stand at the root of a checkout, where DVC wants them. `pipeline/project.py` finds
them in either.
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent
FILES = ("dvc.yaml", "params.yaml", ".dvcignore", "recipes/**/*",
         "data_cards/template.md", "data_cards/limitations.md")  # fmt: skip


class BuildWithProject(build_py):
    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return  # a checkout has them
        for pattern in FILES:
            for file in sorted(HERE.glob(pattern)):
                if file.is_file():
                    copy = Path(self.build_lib, "pipeline/project_files")
                    copy = copy / file.relative_to(HERE)
                    copy.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(file, copy)


setup(cmdclass={"build_py": BuildWithProject})
