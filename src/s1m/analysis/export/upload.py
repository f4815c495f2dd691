"""The folders of ``--to hub`` pushed there: a dataset of answers, and results as a pull request to a model.

A new dataset is private: its owner decides who sees the questions and gold answers of a benchmark.
"""

from __future__ import annotations

import logging
from pathlib import Path

from s1m import __version__
from s1m.analysis.export.hub import DATASET, MODEL, RESULTS
from s1m.errors import DataError, UsageError

MESSAGE = f"Answers and results of s1m {__version__}"


def check_repositories(repo_id: str, model_repo_id: str) -> None:
    """Raise ``UsageError`` for what cannot be a repository, or where huggingface_hub is not installed."""
    if not (repo_id or model_repo_id):
        return
    try:
        from huggingface_hub.errors import HFValidationError
        from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]
    except ImportError:
        raise UsageError("pushing to the Hub needs huggingface_hub: pip install 's1m[evaluate]'") from None
    for flag, name in (("--repo-id", repo_id), ("--model-repo-id", model_repo_id)):
        try:
            if name:
                validate_repo_id(name)
        except HFValidationError as error:
            why = " ".join(str(error).split())
            raise UsageError(f"{flag} {name}: {why.rstrip('.')}; write it as USER/NAME") from None
        if name and "/" not in name:
            raise UsageError(f"{flag} {name}: it has no owner; write it as USER/NAME")


def push(out: Path, repo_id: str, model_repo_id: str) -> list[str]:
    """Upload what is asked for; a line on each repository. The token is that of ``hf auth login`` or HF_TOKEN.

    Raises ``DataError`` where the Hub refuses or is not reached; the files in ``out`` are kept.
    """
    from huggingface_hub import HfApi

    api = HfApi(library_name="s1m", library_version=__version__)
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # our own line says what went wrong
    said = []
    try:
        if repo_id:
            api.create_repo(repo_id, repo_type="dataset", private=True, exist_ok=True)
            api.upload_folder(folder_path=out / DATASET, repo_id=repo_id, repo_type="dataset", commit_message=MESSAGE)
            said.append(f"pushed the answers to dataset {repo_id}")
        for path in sorted((out / MODEL / RESULTS).glob("*.yaml")) if model_repo_id else ():
            commit = api.upload_file(
                path_or_fileobj=path,
                path_in_repo=f"{RESULTS}/{path.name}",
                repo_id=model_repo_id,
                commit_message=MESSAGE,
                create_pr=True,
            )
            said.append(f"opened a pull request to model {model_repo_id}: {commit.pr_url or commit.commit_url}")
    except Exception as error:  # of HTTP, of the token, of the client itself: all are reported alike
        why = " ".join(str(error).split())[:200] or type(error).__name__
        raise DataError(f"cannot push to the Hub ({why}); the files are in {out}: hf upload pushes them too") from None
    return said
