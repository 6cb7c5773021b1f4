"""What `open` takes: the kind of each argument, so that another is told by its name, not by what breaks on it later."""

import ssl
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from ..codecs.text import kind_name
from ..retry import RetryPolicy
from ..secret import Secret
from ..transport.base import Limits, Timeouts
from ..types.request import Options


class Unset:
    """Tells "not given" from None, which for `retry` means "never"."""

    def __repr__(self) -> str:
        return "..."


UNSET: Final = Unset()


def misfit(given: Mapping[str, object]) -> str:
    """The first argument that is of another kind, and what it takes, as a message; "" when all fit. No value is in it:
    one may be a key in the wrong place."""
    for name, (fits, takes) in _TAKES.items():
        value = given[name]
        if not fits(value):
            return f"{name} of open() takes {takes}, not {kind_name(value)}"
    return ""


def _are(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kinds)


def _or_none(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or fits(value)


def _is_transport(value: Any) -> bool:
    return all(callable(getattr(value, verb, None)) for verb in ("send", "aclose"))


def _are_headers(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    headers = cast("Mapping[object, object]", value)
    return all(isinstance(name, str) and isinstance(headers[name], str) for name in headers)


_TAKES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "provider": (_are(str), "the name of a provider"),
    "dsn": (_are(str), "text: a base URL and parameters behind a ?"),
    "api_key": (_or_none(lambda value: isinstance(value, str | Secret) or callable(value)), "text or a function"),
    "base_url": (_or_none(_are(str)), "text"),
    "http": (_or_none(_is_transport), "a transport, which has send and aclose"),
    "retry": (_or_none(_are(RetryPolicy, Unset)), "a RetryPolicy, or None for never"),
    "timeouts": (_or_none(_are(Timeouts)), "Timeouts(...); timeout= takes seconds"),
    "limits": (_or_none(_are(Limits)), "Limits(...)"),
    "options": (_or_none(_are(Options)), "Options(...); its fields are keywords too"),
    "headers": (_or_none(_are_headers), "a mapping of text to text"),
    "allow_http": (_are(bool), "True or False"),
    "proxy": (_or_none(_are(str)), "text, the URL of the proxy"),
    "ssl": (_or_none(_are(ssl.SSLContext)), "an ssl.SSLContext, as ssl.create_default_context(cafile=...) makes one"),
}
