"""Text from a request or from a server in a URL: names come from end users, cursors from anybody."""

import re
from urllib.parse import quote

from ..errors import InvalidRequestError, MalformedStream


def segment(text: str, what: str) -> str:
    """One segment of a path. What would climb out of it is refused: some servers decode before they route.

    Raises InvalidRequestError.
    """
    if not text or _UNUSABLE.search(text) or any(part in ("", ".", "..") for part in re.split(r"[/\\]", text)):
        raise InvalidRequestError(
            f"{what} must be a name: no empty one, no . or .. between slashes, no control characters"
        )
    return quote(text, safe="-._~@")


def query(text: str) -> str:
    """A whole query that a server gave. Raises MalformedStream for what is no text."""
    return cursor(text, safe="=&%+:@/?,;!$'()*-._~")


def cursor(text: str, safe: str = "") -> str:
    """The value of a query parameter that a server gave. Raises MalformedStream for what is no text."""
    try:
        return quote(text, safe=safe)
    except UnicodeEncodeError:
        raise MalformedStream("the server's mark of the next page is no text") from None


_UNUSABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
