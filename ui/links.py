"""Settings of a tab as a link carries them, and read back. Nothing in a link is trusted."""

import json
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from typing import Any
from urllib.parse import urlencode

from encoder import EncoderError

LONGEST = 200  # characters of a setting


def link_query(name: str, form: Any, corpus: str = "") -> str:
    """A form as a URL query under a name; settings at their default are left out.

    `corpus` names a sample; a visitor's own texts are never part of a link.
    """
    changed = {k: v for k, v in asdict(form).items() if v != getattr(type(form)(), k)}
    named = {"corpus": corpus} if corpus else {}
    return "?" + urlencode({name: json.dumps(changed, separators=(",", ":"))} | named)


def settings_from_json(
    text: object, name: str, form: Any, checked: Callable[[Any], Any], longest: int = LONGEST
) -> tuple[Any, list[str]]:
    """The form with what a link or a file says, and what in it was not usable.

    `checked` gives a form in the words of the page, or raises EncoderError.
    """
    notes: list[str] = []
    try:
        found = json.loads(str(text)[:20_000])
        found = found.get("settings", found)
        items = list(found.items())
    except (ValueError, AttributeError, RecursionError):
        return form, [f"The {name} settings cannot be read as JSON; the usual ones are used."]
    known = {field.name for field in fields(form)}
    for key, value in items:
        try:
            if key not in known:
                raise EncoderError(f"There is no {name} setting {str(key)[:40]!r}.")
            if isinstance(value, (list, dict)) or len(str(value)) > longest:
                raise EncoderError(f"The {name} setting {key!r} must be a word or a number.")
            form = checked(replace(form, **{key: value}))
        except EncoderError as error:
            notes.append(str(error))
    return form, notes
