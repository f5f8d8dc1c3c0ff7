"""What the host of this app decides, read from the environment once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from encoder import EncoderError
from explore.store import SETTING
from ingest import LIMITS, Limits


@dataclass(frozen=True)
class Settings:
    """Limits and permissions. Sizes are in bytes, lengths in characters."""

    allow_hub: bool = True  # may visitors load models from the Hub
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

    @classmethod
    def from_environment(cls, env: Mapping[str, str] = os.environ) -> "Settings":
        """LAB_ALLOW_HUB=0 keeps visitors off the Hub; LAB_MAX_MODEL_MB bounds one model.

        VECTOR_STORE names where vectors are searched, e.g. ./lab.db or http://host:19530.
        LAB_PROXIES is how many proxies stand in front of the app and tell the address of a visitor
        in X-Forwarded-For; 1 on a Space, else 0. LAB_HUB_CACHE_MB bounds the models on the disk,
        of which the oldest are deleted: 20,000 on a Space, elsewhere no bound, for the disk may
        hold models of other programs.
        """
        megabytes = env.get("LAB_MAX_MODEL_MB", "600")
        if not megabytes.isdecimal() or int(megabytes) < 1:
            raise EncoderError(f"LAB_MAX_MODEL_MB is {megabytes!r}; it must be a number of MB.")
        allow = env.get("LAB_ALLOW_HUB", "1")
        if allow not in ("0", "1"):
            raise EncoderError(f"LAB_ALLOW_HUB is {allow!r}; it must be 0 or 1.")
        proxies = env.get("LAB_PROXIES", "1" if env.get("SPACE_ID") else "0")
        if not (proxies.isdecimal() and len(proxies) == 1):
            raise EncoderError(f"LAB_PROXIES is {proxies!r}; it must be a number from 0 to 9.")
        cache = env.get("LAB_HUB_CACHE_MB", "20000" if env.get("SPACE_ID") else "")
        if cache and not (cache.isdecimal() and int(cache) > 0):
            raise EncoderError(f"LAB_HUB_CACHE_MB is {cache!r}; it must be a number of MB.")
        return cls(
            proxies=int(proxies),
            hub_cache_bytes=int(cache) * 10**6 if cache else None,
            allow_hub=allow == "1",
            max_model_bytes=int(megabytes) * 10**6,
            can_push=bool(env.get("OAUTH_CLIENT_ID")),
            vector_store=env.get(SETTING, "").strip() or None,
        )
