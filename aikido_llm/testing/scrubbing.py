"""What of an exchange may stand in a cassette: no key, no cookie, no URL query. Pure."""

import re
from collections.abc import Mapping
from itertools import accumulate
from typing import Any, cast
from urllib.parse import urlsplit

from ..codecs import base64, json
from ..secret import HIDDEN, hide, scrub, secrets_in, sounds_secret
from ..transport.base import HTTPRequest, pieces

# Request headers whose values are no one's secret; a caller's own header may be.
_HARMLESS = {
    "accept", "accept-encoding", "anthropic-beta", "anthropic-version", "content-type", "http-referer", "user-agent",
    "x-title",
}  # fmt: skip
# The body is kept as it was read: decoded, and in the reader's pieces.
_OF_THE_CONNECTION = {"connection", "content-encoding", "content-length", "keep-alive", "transfer-encoding"}

# In a body's bytes, read as latin-1 so that a character is a byte. They stop at a backslash, which in JSON begins an
# escape, and hide nothing but text, so that a JSON body stays one.
_IN_BODY = tuple(
    (re.compile(pattern, re.IGNORECASE), shown)
    for pattern, shown in (
        (r"(\bbearer\s+)(?=[^\s\"',;&}\\]*\d)[^\s\"',;&}\\*]{6,}", rf"\1{HIDDEN}"),
        (r"\b(?:sk|pk|rk|cpk|gsk|xai|csk|hf)[-_][a-z0-9_\-]{16,}", HIDDEN),
        (r"\bAIza[a-z0-9_\-]{20,}", HIDDEN),
        (r"(\bhttps?://)[^\s/?#@\"'<>\\]+@", rf"\1{HIDDEN}@"),
        (r"(\bhttps?://[^\s?\"'<>\\]+)\?[^\s\"'<>)\]\\]+", rf"\1?{HIDDEN}"),
    )
)


class Scrubber:
    """Scrubs one exchange. headers: of the request, as they go on the wire; their secrets are hidden everywhere."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._secrets = secrets_in(headers)

    def request(self, request: HTTPRequest) -> dict[str, Any]:
        """The request as a cassette has it."""
        headers = {
            name.lower(): self._text(value) if name.lower() in _HARMLESS else HIDDEN
            for name, value in request.headers.reveal().items()
        }
        url = urlsplit(request.url)
        where = f"{url.scheme}://{url.netloc.rpartition('@')[2]}{url.path}"
        body = None if request.body is None else b"".join(pieces(request.body))
        return {"method": request.method, "url": where, "headers": headers, "body": self._request_body(body)}

    def response_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        return {
            name.lower(): HIDDEN if sounds_secret(name) else self._text(value)
            for name, value in headers.items()
            if name.lower() not in _OF_THE_CONNECTION
        }

    def body(self, pieces: list[bytes]) -> tuple[bytes, list[int]]:
        """(the body that came in these pieces, the pieces' lengths), scrubbed."""
        text = b"".join(pieces).decode("latin-1")
        ends = list(accumulate(map(len, pieces)))
        patterns = [(re.compile(re.escape(text_of)), HIDDEN) for text_of in self._as_bytes()] + list(_IN_BODY)
        for pattern, shown in patterns:
            text, ends = _replace(text, ends, pattern, shown)
        return text.encode("latin-1"), [end - start for start, end in zip([0, *ends], ends, strict=False)]

    def value(self, value: Any) -> Any:
        """A JSON value, every text in it scrubbed."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, dict):
            return {self._text(name): self.value(item) for name, item in cast("dict[str, Any]", value).items()}
        if isinstance(value, list):
            return [self.value(item) for item in cast("list[object]", value)]
        return value

    def _request_body(self, body: bytes | None) -> Any:
        if body is None:
            return None
        try:
            return self.value(json.loads(body))
        except ValueError:
            return {"base64": base64.encode(body)}

    def _text(self, text: str) -> str:
        if len(text) < _LONG:
            return scrub(text, *self._secrets)
        text = hide(text, *self._secrets)
        for pattern, shown in _IN_BODY:
            text = pattern.sub(shown, text)
        return text

    def _as_bytes(self) -> list[str]:
        texts = {secret.reveal().encode("utf-8").decode("latin-1") for secret in self._secrets}
        return sorted((text for text in texts if len(text) >= 4), key=len, reverse=True)


_LONG = 10_000  # characters of a text, a picture's perhaps, where `scrub` would take too long


def _replace(text: str, ends: list[int], pattern: re.Pattern[str], shown: str) -> tuple[str, list[int]]:
    """The text with what matches replaced, and the pieces' ends where they then are: a piece that ended inside what was
    hidden ends behind it."""
    out: list[str] = []
    moved: list[int] = []
    at = size = 0  # so far in the old text, and in the new one
    rest = iter([*ends, len(text) + 1])
    end = next(rest)
    for match in pattern.finditer(text):
        while end <= match.start():
            moved.append(size + end - at)
            end = next(rest)
        put = match.expand(shown)
        size += match.start() - at + len(put)
        out += [text[at : match.start()], put]
        at = match.end()
        while end < at:
            moved.append(size)
            end = next(rest)
    moved += [size + last - at for last in [end, *rest][:-1]]
    return "".join([*out, text[at:]]), moved
