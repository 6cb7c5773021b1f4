"""How requests are signed where a key in a header is not all: who finds a credential, and what headers it becomes.

A row says it by a value (`Signing`) or by a function (`Auth`). Nothing here waits or keeps state: `call/signing.py`
looks for the credential off the event loop, shares it among the requests of a client, and has it renewed.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import cached_property
from hashlib import sha256
from importlib import import_module
from typing import Any, Protocol

from attrs import field, frozen

from ..errors import ConfigError
from ..secret import HiddenValues, Secret


class Pieces(Protocol):
    """A body that is made while it is sent."""

    def pieces(self) -> Iterator[bytes]:
        """The bytes that are sent. Each call begins anew."""
        ...


class Auth(Protocol):
    """Signs one attempt: headers are those that are sent besides, body the bytes that are really sent (None for GET).
    Returns the headers to add, or an awaitable of them. It is called in the event loop."""

    def __call__(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | Pieces | None, /
    ) -> Mapping[str, str] | Awaitable[Mapping[str, str]]: ...


@frozen
class Credential:
    """What a vendor's library found.

    values: what it takes to sign, by name; shown nowhere. known: what was found with it and a base URL may need (a
    region, a project). ends: Unix time at which it expires, None for never. source: where it is from, for a person.
    """

    values: Mapping[str, str] = field(converter=HiddenValues[str])
    known: Mapping[str, str] = field(factory=dict[str, str])
    ends: float | None = None
    source: str = ""

    @cached_property
    def secrets(self) -> tuple[Secret, ...]:
        """What no error may show."""
        return tuple(Secret(value) for value in self.values.values() if value)


@frozen
class Unsigned:
    """An attempt as it will be sent. headers: names in any case. now: Unix time."""

    method: str
    url: str
    headers: Mapping[str, str] = field(converter=HiddenValues[str])
    body: bytes | Pieces | None = field(repr=False)
    now: float

    def digest(self) -> str:
        """SHA-256 of the body, in hexadecimal; a body that is made in pieces is made once for it."""
        if self.body is None or isinstance(self.body, bytes):
            return sha256(self.body or b"").hexdigest()
        digest = sha256()
        for piece in self.body.pieces():
            digest.update(piece)
        return digest.hexdigest()


@frozen
class Signing:
    """How a row signs where it is given no key.

    cloud:   whose credentials they are, for messages. extra: the extra of this package that finds them.
    find:    the row's settings -> a credential. It may block: it is run off the event loop, once for all that wait.
             Raises ConfigError when there is none, AuthError when it was refused, ConnectError when nobody answered.
    sign:    the headers to add. Pure.
    tells:   what it may find besides, for base URLs (keys of `Credential.known`).
    expired: words of a refusal (besides any 401) that a new credential may mend, in lower case.
    """

    cloud: str
    extra: str
    find: Callable[[Mapping[str, str]], Credential]
    sign: Callable[[Credential, Unsigned], Mapping[str, str]]
    tells: frozenset[str] = frozenset()
    expired: tuple[str, ...] = ()


def bearer(credential: Credential, request: Unsigned) -> dict[str, str]:
    """The token alone."""
    return {"Authorization": f"Bearer {credential.values['token']}"}


def library(name: str, extra: str) -> Any:
    """A vendor's module, imported when it is first used. Raises ConfigError that names the extra which brings it."""
    try:
        return import_module(name)
    except ImportError:
        raise ConfigError(
            f"{name.partition('.')[0]} is not installed, which finds these credentials: "
            f"pip install 'aikido-llm[{extra}]', or give a key"
        ) from None
