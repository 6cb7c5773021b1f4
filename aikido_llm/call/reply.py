"""What the head of an HTTP reply says beside the answer in its body. Pure."""

from collections.abc import Mapping
from functools import partial

from attrs import field, frozen

from ..errors import LONGEST_WORD, LLMError
from ..providers.base import Provider
from ..providers.rate_headers import read
from ..secret import HIDDEN, Secret, excerpt, hide, scrub, sounds_secret
from ..types.exchange import RateLimits
from ..types.unchecked import Unchecked
from ..types.unread import Unread

_COOKIES = ("set-cookie", "set-cookie2", "cookie")


def _no_headers() -> Unread:
    return Unread(dict[str, str])


@frozen
class Reply:
    """request_id: the provider's id of the exchange, "" for none. headers: in lower case, without cookies, scrubbed,
    when they are asked for: few callers do, and it takes as long as reading a short answer."""

    request_id: str = ""
    headers: Unread = field(factory=_no_headers)
    rate_limits: RateLimits | None = None

    def stamp(self, error: LLMError) -> LLMError:
        """The error, which says all this too."""
        error.request_id = error.request_id or self.request_id
        error.headers = error.headers or dict(self.headers.value())
        error.rate_limits = error.rate_limits or self.rate_limits
        return error


NO_REPLY = Reply()
_REPLIES = Unchecked(Reply)


def read_reply(headers: Mapping[str, str], provider: Provider, secrets: tuple[Secret, ...]) -> Reply:
    """headers: as they came, found by name in any case. secrets: what was sent, and must be shown nowhere."""
    request_id = next((value for name in provider.request_id_headers if (value := headers.get(name))), "")
    request_id = request_id and hide(excerpt(request_id, LONGEST_WORD), *secrets)
    shown = Unread(partial(shown_headers, headers, secrets))
    return _REPLIES.of((request_id, shown, read(provider.rate_headers, headers)))


def shown_headers(headers: Mapping[str, str], secrets: tuple[Secret, ...]) -> dict[str, str]:
    """Names in lower case, no cookies, the values scrubbed; what was sent twice is joined by a comma."""
    shown: dict[str, str] = {}
    for name, value in headers.items():
        name = name.lower()
        if name in _COOKIES:
            continue
        value = HIDDEN if sounds_secret(name) else value
        shown[name] = f"{shown[name]}, {value}" if name in shown else value
    # looked through in one go: nearly always there is nothing to hide
    text = "\n".join(shown.values())
    if scrub(text, *secrets) != text:
        shown = {name: scrub(value, *secrets) for name, value in shown.items()}
    names = "\n".join(shown)
    lowered = tuple(Secret(secret.reveal().lower()) for secret in secrets)
    if hide(names, *lowered) != names:
        shown = {hide(name, *lowered): value for name, value in shown.items()}
    return shown
