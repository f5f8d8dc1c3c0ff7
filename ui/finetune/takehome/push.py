"""A run's model to the Hugging Face Hub, in the name of whoever gives a token."""

import os
import tempfile
from pathlib import Path
from urllib.parse import quote

import httpx2
from huggingface_hub import HfApi, constants
from huggingface_hub.errors import HfHubHTTPError

from encoder import EncoderError
from encoder.hub import valid_repo_id
from ui.finetune.takehome.archive import write_model
from ui.state.models import Run

MESSAGE = "A model fine-tuned in Sentence Lab"


class PushFailed(EncoderError):
    """A model that did not arrive on the Hub."""


def push_to_hub(run: Run, repo_id: str, token: str, private: bool = True) -> str:
    """Make a new repository with the model, its card, its record and the script; returns its URL.

    The pairs stay at home. `repo_id` is `name` or `org/name` and must not exist yet; `token` needs
    the right to write, and is kept nowhere. Raises ModelRefused for no such id, PushFailed.
    """
    repo_id = valid_repo_id(repo_id)
    if not token.strip():
        raise PushFailed("There is no token to push with. Sign in to Hugging Face first.")
    # huggingface_hub reads HF_ENDPOINT once, at import; we honour a later change too.
    endpoint = (os.environ.get("HF_ENDPOINT") or constants.ENDPOINT).rstrip("/")
    api = HfApi(endpoint=endpoint, token=token.strip())
    with tempfile.TemporaryDirectory(prefix="lab-") as temporary:
        folder = write_model(run, Path(temporary))
        repository = ""
        try:
            repository = api.create_repo(repo_id, private=private, exist_ok=False).repo_id
            api.upload_folder(repo_id=repository, folder_path=folder, commit_message=MESSAGE)
        except Exception as error:  # the client, its transport and its uploader raise many kinds
            why = _why(error, repo_id, endpoint)
            left = (
                f" {repository!r} was created and is incomplete: delete it there."
                if repository
                else ""
            )
            # Without the cause: it holds the request, and the request holds the token.
            raise PushFailed(f"{why}{left}".replace(token.strip(), "***")) from None
    return f"{endpoint}/{quote(repository)}"


def _why(error: Exception, repo_id: str, endpoint: str) -> str:
    if isinstance(error, HfHubHTTPError):
        status = error.response.status_code
        if status == 409:
            return f"{repo_id!r} exists already at {endpoint}. Choose another name."
        if status in (401, 403):
            return (
                f"{endpoint} denies {repo_id!r} to this token (HTTP {status}). Give a name of your "
                "own or of an organisation that you may write to, and a token with write access."
            )
        return f"{endpoint} answered with HTTP {status} for {repo_id!r}. Try again later."
    if isinstance(error, httpx2.RequestError | httpx2.InvalidURL | OSError):
        return f"{endpoint} could not be reached ({error}). Try again when the connection is back."
    return f"{repo_id!r} could not be pushed to {endpoint}: {type(error).__name__}: {error}."
