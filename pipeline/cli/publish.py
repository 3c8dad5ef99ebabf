"""Write the data set as a repository of the Hub, and upload it.

The folder holds the card with its YAML head and one folder of parquet per
config: rl, sft, dropped and grades. A config without rows is left out of the
head, because nothing can be loaded from it. New repositories are private unless
--public is given. The token comes from the environment (HF_TOKEN) alone.
"""

import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from pipeline import tables
from pipeline.catalog import dropped_files
from pipeline.errors import UserError
from pipeline.schema import PROBLEM, VERDICT, conform

CARD = Path("data_cards/README.md")
PLOTS = Path("data_cards/plots")
PICTURE = re.compile(r"\(plots/([\w.-]+\.svg)\)")
LEDGER = pl.Schema([*PROBLEM.items(), ("stage", pl.String()), *VERDICT.items()])


def publish(repo: str, *, dry_run: Path | None, public: bool) -> None:
    """Write the dataset repository, and upload it to the Hub unless --dry-run."""
    if dry_run is not None:
        write(repo, dry_run)
        print(f"wrote {dry_run}; nothing was uploaded")
        return
    with tempfile.TemporaryDirectory() as folder:
        write(repo, Path(folder))
        upload(repo, Path(folder), public=public)


def write(repo: str, folder: Path) -> None:
    """The whole dataset repository, as `datasets.load_dataset(folder, name)` reads.

    UserError where the card is missing or off.
    """
    if not CARD.exists():
        raise UserError(f"{CARD} does not exist", hint="dvc repro card")
    if not CARD.read_text().startswith("---\n"):
        raise UserError("the card is off in this recipe", hint="write `card: {}`")
    folder.mkdir(parents=True, exist_ok=True)
    dropped = folder / "dropped.parquet"
    tables.write(_ledger(), dropped)
    configs = {
        "rl": tables.DATA / "export" / "rl.parquet",
        "sft": tables.DATA / "export" / "sft.parquet",
        "dropped": dropped,
        "grades": tables.DATA / "grades.parquet",
    }
    present = [name for name, file in configs.items() if _has_rows(file)]
    for name, file in configs.items():
        shutil.rmtree(folder / name, ignore_errors=True)
        if name in present:
            (folder / name).mkdir()
            shutil.copy(file, folder / name / "train.parquet")
    dropped.unlink()
    (folder / "README.md").write_text(_card(repo, present))
    (folder / "plots").mkdir(exist_ok=True)
    for picture in PICTURE.findall(CARD.read_text()):
        shutil.copy(PLOTS / picture, folder / "plots" / picture)


def upload(repo: str, folder: Path, *, public: bool) -> None:
    """Create `repo` where it is not there yet, and commit the folder to it."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError

    api = HfApi()
    try:
        api.create_repo(repo, repo_type="dataset", private=not public, exist_ok=True)
        commit = api.upload_folder(
            repo_id=repo,
            repo_type="dataset",
            folder_path=folder,
            commit_message="Data set with its ledger",
            delete_patterns=["*/train.parquet"],
        )
    except (HfHubHTTPError, LocalTokenNotFoundError, OSError) as error:
        raise UserError(
            f"the Hub refused {repo}: {str(error).strip()[:300]}",
            hint="is HF_TOKEN set, and may it write there?",
        ) from None
    print(f"published {repo}: {commit.commit_url}")


def _has_rows(file: Path) -> bool:
    if not file.exists():
        raise UserError(f"{file} does not exist", hint="dvc repro card")
    return bool(pl.scan_parquet(file).select(pl.len()).collect().item())


def _ledger() -> pl.DataFrame:
    """Every dropped row of every stage, with the stage that dropped it."""
    parts = [LEDGER.to_frame()]
    for file in dropped_files():
        stage = file.relative_to(tables.DROPPED).with_suffix("").parts[0]
        rows = pl.read_parquet(file).with_columns(stage=pl.lit(stage))
        parts.append(conform(rows, LEDGER).select(LEDGER.names()))
    return pl.concat(parts)


def _card(repo: str, present: list[str]) -> str:
    """The card with the repository's own name, and configs that have rows."""
    _, head, body = CARD.read_text().split("---\n", 2)
    front: dict[str, Any] = yaml.safe_load(head)
    front["configs"] = [c for c in front["configs"] if c["config_name"] in present]
    lines = [
        line.replace("your-org/your-dataset", repo)
        for line in body.splitlines()
        if "load_dataset(" not in line or any(f'"{name}"' in line for name in present)
    ]
    return (
        f"---\n{yaml.safe_dump(front, sort_keys=False)}---\n" + "\n".join(lines) + "\n"
    )
