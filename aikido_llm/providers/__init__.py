"""Name -> row, on demand: ours, registered ones, and those that installed packages add by an entry point."""

import sys
from functools import cache
from importlib import import_module
from inspect import ismethod
from types import ModuleType
from typing import cast

from ..codecs.text import kind_name
from ..errors import ConfigError
from .base import Opener, Provider
from .names import COMPATIBLE, ProviderType

ENTRY_POINTS = "aikido_llm.providers"

# A row is imported when it is first asked for, so that one provider costs one dialect.
_OURS = {kind.value: "compatible" if kind in COMPATIBLE else kind.value.replace("-", "_") for kind in ProviderType}
"""Name -> module: the row's own, or the one with the table of those that need none."""

_ALIASES = {"claude": "anthropic", "google": "gemini", "xai": "grok"}
_registered: dict[str, Provider | Opener] = {}
_registered_aliases: dict[str, str] = {}


def register(name: str, provider: Provider | Opener, *, aliases: tuple[str, ...] = ()) -> None:
    """Add a provider under a name, for this process: a row, or any object with `open(dsn, options) -> Client`.

    Raises ConfigError for an empty or a taken name, and for what is neither.
    """
    if isinstance(cast("object", aliases), str):
        raise ConfigError("aliases takes a tuple of names, not one text")
    _check(provider, f"the provider {name!r}")
    for new in (name, *aliases):
        if not isinstance(cast("object", new), str) or not new.strip():
            raise ConfigError("a provider needs a name")
        if new in _OURS or new in _ALIASES or new in _registered or new in _registered_aliases:
            raise ConfigError(f"the provider name {new!r} is taken")
    _registered[name] = provider
    for alias in aliases:
        _registered_aliases[alias] = name


def _check(provider: object, what: str) -> None:
    """Raises ConfigError for what is neither a row nor an object that opens clients."""
    opens = getattr(provider, "open", None)
    if isinstance(provider, type):  # its method would miss the object
        opens = opens if ismethod(opens) else None
    if isinstance(provider, Provider):
        missing = [verb for verb in _VERBS if not callable(getattr(provider.dialect, verb, None))]
        if missing:
            raise ConfigError(f"the dialect of {what} is none: it has no {', '.join(missing)}")
    elif not callable(opens):
        kind = f"the class {provider.__name__}" if isinstance(provider, type) else f"{kind_name(provider)}"
        raise ConfigError(f"{what} is {kind}; it must be a Provider, or an object with open(dsn, options) -> Client")


_VERBS = ("encode", "framer", "decoder", "decode_error", "encode_models", "decode_models")


def providers() -> tuple[str, ...]:
    """The names that `open` knows without looking at installed packages, ours first."""
    return (*_OURS, *_registered)


def find(name: str) -> Provider:
    """The row of that name or alias. Raises ConfigError for a name nobody knows, with near names, and for one that has
    no row."""
    found = look_up(name)
    if not isinstance(found, Provider):
        raise ConfigError(f"{name!r} opens its clients by itself and has no row")
    return found


def look_up(name: str) -> Provider | Opener:
    """The same, or what opens the clients of that name."""
    name = _ALIASES.get(name, _registered_aliases.get(name, name))
    if name in _registered:
        return _registered[name]
    if name in _OURS:
        return _row(name)
    found = _installed(name)
    if found is None:
        raise ConfigError(f"there is no provider {name!r}{_near(name)}; the known ones are: {', '.join(providers())}")
    return found


@cache
def _row(name: str) -> Provider:
    module = import_module(f"{__name__}.{_OURS[name]}")
    row = module.HOSTS[name].row if name in COMPATIBLE else module.PROVIDER
    assert isinstance(row, Provider)
    return row


def _installed(name: str) -> Provider | Opener | None:
    """Providers of other packages, read only when an unknown name is asked for: the look-up takes milliseconds."""
    from importlib.metadata import entry_points

    for entry in entry_points(group=ENTRY_POINTS, name=name):
        provider: Provider | Opener = entry.load()
        _check(provider, f"the installed provider {name!r} ({entry.value})")
        _registered[name] = provider
        return provider
    return None


def _near(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, (*providers(), *_ALIASES), n=3)
    return f" (did you mean {' or '.join(near)}?)" if near else ""


class _CallableModule(ModuleType):
    """`aikido_llm.providers` is this package once anything of it was imported, and a public function by promise."""

    def __call__(self) -> tuple[str, ...]:
        return providers()


sys.modules[__name__].__class__ = _CallableModule
