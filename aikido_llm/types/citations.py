"""Where an answer's words come from."""

from typing import Any

from attrs import field, frozen

from .checks import at_least, of


def _no_data() -> dict[str, Any]:
    return {}


@frozen
class Citation:
    """A source of a piece of the answer.

    url, title:    of the source. document: its id or title where it was given with the request.
    cited_text:    the source's own words, "" when not told.
    start, end:    half-open offsets in the whole `Response.text`, in code points; None where the wire tells none.
    provider_data: what only this wire tells (places inside the source, encrypted indexes).
    """

    url: str = field(default="", validator=of(str))
    title: str = field(default="", validator=of(str))
    cited_text: str = field(default="", validator=of(str))
    document: str = field(default="", validator=of(str))
    start: int | None = field(default=None, validator=at_least(0))
    end: int | None = field(default=None, validator=at_least(0))
    provider_data: dict[str, Any] = field(factory=_no_data, validator=of(dict))
