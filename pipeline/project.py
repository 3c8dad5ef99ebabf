"""Where the files of a project lie that are no code: dvc.yaml, recipes, card template.

In a checkout they stand at its root. A wheel carries them in the package, where
setup.py puts them. Whoever starts a project elsewhere copies them from there.
"""

from pathlib import Path

ROOT = Path(__file__).parents[1]
TEMPLATE = Path("data_cards/template.md")
IN_WHEEL = Path(__file__).with_name("project_files")


def project_files() -> Path:
    """The folder with dvc.yaml, params.yaml, .dvcignore, recipes/ and data_cards/."""
    return IN_WHEEL if IN_WHEEL.is_dir() else ROOT


def find_file(path: Path) -> Path:
    """`path`, or our template of the card where a project has none of its own."""
    is_ours = path == TEMPLATE and not path.exists()
    return project_files() / TEMPLATE if is_ours else path
