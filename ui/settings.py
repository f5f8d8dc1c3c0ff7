"""What the host of this app decides, read from the environment once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from encoder import EncoderError
from explore.store import SETTING
from ingest import LIMITS, Limits


@dataclass(frozen=True)
class Settings:
    """Limits and permissions. Sizes are in bytes, lengths in characters."""

    allow_hub: bool = True  # may visitors load models from the Hub
    public: bool = False  # anyone may visit, see `for_strangers`
    any_hub_model: bool = True  # also such as the catalog does not name
    models_folder: Path | None = None  # of model folders to offer beside the catalog's
    train_without_page: bool = True  # may programs train that have no page open
    root_path: str = ""  # what a proxy puts before every path: /lab, or https://host/lab
    ssr: bool = False  # let a Node process in front render the page
    max_model_bytes: int = 600 * 10**6
    hub_cache_bytes: int | None = None  # downloaded models on the disk; None: no bound
    max_pool_bytes: int = 2 * 10**9  # all loaded models together
    visitor_bytes: int = 32 * 2**20  # vectors kept for one visitor
    max_visitors: int = 64
    can_push: bool = False  # on a Space where visitors can sign in
    training_slots: int = 1  # runs at a time; one takes all cores
    max_steps: int = 20_000  # of one run
    max_budget_s: float = 600  # seconds that one run may ask for
    max_run_s: float = 3600  # seconds after which any run ends with its best so far
    max_runs: int = 8  # models kept for one visitor
    visitor_model_bytes: int = 800 * 10**6  # their trained weights
    all_model_bytes: int = 4 * 10**9  # trained weights of all visitors together
    max_archive_bytes: int = 700 * 10**6  # of a model sent back, unpacked
    map_texts: int = 5_000  # on one map; of more, a sample is drawn
    map_slots: int = 2  # maps computed at a time
    search_texts: int = 20_000  # in one index; of more, a sample is drawn
    texts_bytes: int = 160 * 2**20  # vectors, maps and clusters kept for one visitor
    shared_bytes: int = 256 * 2**20  # the same of the bundled samples, kept for all visitors
    vector_store: str | None = None  # see explore.store.open_store; None: in memory
    upload: Limits = LIMITS  # rows, columns and bytes of a file that is sent
    grace_s: float = 120  # seconds that a page whose connection drops is waited for
    unheard_s: float = 10  # seconds after which what nobody listens to is given up
    call_s: float = 120  # seconds of work that one call of the web API may take
    queue_places: int = 256  # events that wait, of all visitors together
    visitor_places: int = 24  # of one page
    address_places: int = 128  # of all pages of one address: a class may share one
    caller_places: int = 8  # calls of one address by programs, waiting and under way
    callers_places: int = 64  # of all programs; the rest is for pages
    address_pages: int = 128  # pages that one address has open
    body_bytes: int = 8 * 2**20  # of what is sent, but for files
    address_body_bytes: int = 32 * 2**20  # the same, of all that one address has sent and waits for
    address_upload_bytes: int = 1_500 * 10**6  # files of one address that were not read yet
    all_upload_bytes: int = 6_000 * 10**6  # files of all
    upload_kept_s: float = 600  # seconds that a file which nobody reads is kept
    proxies: int = 0  # in front of the app, each of which adds to X-Forwarded-For
    scratch: Path | None = None  # a folder of this process's own, which may be emptied
    max_chars: int = 2000  # of one sentence
    max_texts: int = 10  # in the list of sentences

    @property
    def takes_hub_ids(self) -> bool:
        """Whether a visitor may name a model on the Hub that the catalog does not."""
        return self.allow_hub and self.any_hub_model

    @classmethod
    def from_environment(cls, env: Mapping[str, str] = os.environ) -> "Settings":
        """The settings that the host's variables ask for; the README's table describes them.

        Raises EncoderError, naming the variable, for a value that means nothing.
        """
        is_space = env.get("SYSTEM") == "spaces" or bool(env.get("SPACE_ID"))
        proxies = env.get("LAB_PROXIES", "1" if is_space else "0")
        if not (proxies.isascii() and proxies.isdecimal() and len(proxies) == 1):
            raise EncoderError(f"LAB_PROXIES is {proxies!r}; it must be a number from 0 to 9.")
        settings = cls(
            proxies=int(proxies),
            hub_cache_bytes=_megabytes(env, "LAB_HUB_CACHE_MB", 20_000 if is_space else None),
            allow_hub=_flag(env, "LAB_ALLOW_HUB", default=True),
            models_folder=_folder(env, "LAB_MODELS"),
            root_path=_root_path(env, "GRADIO_ROOT_PATH"),
            ssr=_flag(env, "LAB_SSR", default=False),
            max_model_bytes=_megabytes(env, "LAB_MAX_MODEL_MB", 600) or cls.max_model_bytes,
            can_push=bool(env.get("OAUTH_CLIENT_ID")),
            vector_store=env.get(SETTING, "").strip() or None,
        )
        return settings.for_strangers() if _flag(env, "PUBLIC", default=is_space) else settings

    def for_strangers(self) -> "Settings":
        """These settings for a host that anyone may visit.

        Models of the catalog only, no training by programs that have no page open, and rooms and
        runs small enough that nobody keeps the others waiting for long.
        """
        return replace(
            self,
            public=True,
            any_hub_model=False,
            train_without_page=False,
            max_steps=min(self.max_steps, 5_000),
            max_budget_s=min(self.max_budget_s, 300),
            max_run_s=min(self.max_run_s, 900),
            max_runs=min(self.max_runs, 4),
            visitor_model_bytes=min(self.visitor_model_bytes, 400 * 10**6),
            texts_bytes=min(self.texts_bytes, 96 * 2**20),
        )


def _flag(env: Mapping[str, str], name: str, default: bool) -> bool:
    value = env.get(name, str(int(default)))
    if value not in ("0", "1"):
        raise EncoderError(f"{name} is {value!r}; it must be 0 or 1.")
    return value == "1"


def _megabytes(env: Mapping[str, str], name: str, default: int | None) -> int | None:
    """In bytes; None where there is no default."""
    value = env.get(name, "" if default is None else str(default))
    if not value and default is None:
        return None
    if not (value.isascii() and value.isdecimal()) or int(value) < 1:
        raise EncoderError(f"{name} is {value!r}; it must be a number of MB.")
    return int(value) * 10**6


def _folder(env: Mapping[str, str], name: str) -> Path | None:
    value = env.get(name, "").strip()
    if value and not Path(value).expanduser().is_dir():
        raise EncoderError(
            f"{name} is {value!r}, where there is no folder; create it, or unset it."
        )
    return Path(value).expanduser() if value else None


def _root_path(env: Mapping[str, str], name: str) -> str:
    """Without slashes at its end: Gradio's routes begin with one."""
    value = env.get(name, "").strip()
    if value and not value.startswith(("/", "http://", "https://")):
        raise EncoderError(
            f"{name} is {value!r}; it must start with a slash, as /lab does, or be a whole URL."
        )
    return value.rstrip("/")
