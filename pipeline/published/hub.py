"""The Hub, and what it answers: an upload, a download, and refusals as messages.

An upload is one commit, so that nobody sees half a set. Large files are sent before
it; what the Hub has of them when an upload is cut off it does not ask for again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from pipeline.errors import UserError

PATIENCE_S = 10  # for an answer about a repository
REMOVED = ["*/*.parquet", "plots/*"]  # of an earlier upload, where they are gone


def upload(repo: str, folder: Path, *, public: bool) -> str:
    """Create `repo` where it is not there yet, commit the folder, say where."""
    from huggingface_hub import HfApi

    api = HfApi()
    with explain_refusal(repo, "is HF_TOKEN set, and may it write there?"):
        _reach()
        api.create_repo(repo, repo_type="dataset", private=not public, exist_ok=True)
        commit = api.upload_folder(
            repo_id=repo,
            repo_type="dataset",
            folder_path=folder,
            commit_message="Data set with its ledger",
            delete_patterns=REMOVED,
        )
    return str(commit.commit_url)


def download(repo: str, revision: str | None, folder: Path) -> str:
    """Fetch a set into `folder`, what is missing of it; the commit that it is of."""
    from huggingface_hub import HfApi, snapshot_download

    with explain_refusal(repo, "is its name right, and may HF_TOKEN read it?"):
        _reach()
        api = HfApi()
        commit = api.dataset_info(repo, revision=revision, timeout=PATIENCE_S).sha
        snapshot_download(repo, repo_type="dataset", revision=commit, local_dir=folder)
    return str(commit)


def check_name(repo: str) -> None:
    """UserError where the Hub would not take `repo` for a name."""
    from huggingface_hub.utils._validators import validate_repo_id

    with explain_refusal(repo, ""):
        validate_repo_id(repo)


def find_silence() -> str | None:
    """Why the Hub cannot be reached; None where something answers. It is asked once."""
    from huggingface_hub import constants

    return _find_silence(constants.ENDPOINT)


@cache
def _find_silence(endpoint: str) -> str | None:
    import httpx

    try:
        httpx.head(endpoint, timeout=PATIENCE_S)
    except httpx.HTTPError as error:
        return str(error).strip() or type(error).__name__
    return None


def _reach() -> None:
    """OSError where nothing answers, which would otherwise be waited for forever."""
    from huggingface_hub import constants

    if not constants.HF_HUB_OFFLINE and (why := find_silence()):
        raise OSError(why)


@contextmanager
def explain_refusal(repo: str, hint: str) -> Iterator[None]:
    """UserError for whatever the Hub, or the way there, refuses."""
    import httpx
    from huggingface_hub.errors import (
        HfHubHTTPError,
        HFValidationError,
        LocalTokenNotFoundError,
        OfflineModeIsEnabled,
    )

    try:
        with _unwrap_uploads():
            yield
    except OfflineModeIsEnabled:
        raise UserError(
            f"{repo}: the Hub is switched off here",
            hint="unset HF_HUB_OFFLINE; without the Hub, `publish --dry-run DIR` "
            "writes a folder, and `pull DIR` reads one",
        ) from None
    except HFValidationError as error:
        raise UserError(f"{repo}: {error}", hint="a name is ORG/NAME") from None
    except (HfHubHTTPError, LocalTokenNotFoundError) as error:
        message = str(error).strip()[:300]
        raise UserError(f"the Hub refused {repo}: {message}", hint=hint) from None
    except (httpx.HTTPError, OSError) as error:
        raise UserError(
            f"{repo}: the Hub cannot be reached: {str(error).strip()[:300]}",
            hint="what has arrived stays: run it again",
        ) from None


@contextmanager
def _unwrap_uploads() -> Iterator[None]:
    """What stopped a large file, which huggingface_hub wraps in a RuntimeError."""
    try:
        yield
    except RuntimeError as error:
        raise (error.__cause__ or error) from None
