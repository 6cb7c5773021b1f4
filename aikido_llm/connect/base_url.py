"""A base URL as people write it -> the one behind which the dialect's paths go. Pure."""

import re
from collections.abc import Mapping
from urllib.parse import unquote

from attrs import evolve, field, frozen

from ..auth.base import Signing
from ..errors import ConfigError
from ..providers.base import PLACE, Provider
from ..transport import addresses
from ..transport.addresses import Address
from .dsn import pairs


@frozen
class Base:
    """row: on the wire that the URL, or the model, is for. address: without a query; what the row leaves open of its
    own is filled by anything. url: as it is used, with `{name}` for what only a credential tells. own: options of the
    row that stood in its query. model: what its path names, or ""."""

    row: Provider
    address: Address
    url: str
    own: dict[str, str]
    model: str


@frozen
class Asked:
    """What chooses the base URL, "" for what was not said. written: by keyword or DSN. from_env: what one of the row's
    variables holds, variable: its name; it comes next. wire: one of the row's, by name; it decides. model: it may say
    the wire. settings: what fills the row's own base URL. keyed: there is a key."""

    written: str = ""
    from_env: str = ""
    variable: str = ""
    wire: str = ""
    model: str = ""
    settings: Mapping[str, str] = field(factory=dict[str, str])
    keyed: bool = False


def find_base(row: Provider, asked: Asked, *, allow_http: bool) -> Base:
    """raises: ConfigError for what is no URL, for a query that holds more than options of the row, for plain http to a
    public host, for a wire that the row does not have, and for what a row's own URL needs and nobody can tell. The
    message never repeats the URL.
    """
    whole, what = _whole(row, asked)
    row = _speaking(row, asked, whole)
    address = _used(row, asked, whole, what)
    if address.scheme == "http" and not allow_http and not address.is_private:
        raise ConfigError(
            "the base URL is plain http to a public host, which would show the key to everybody on the way: "
            "use https, or pass allow_http=True"
        )
    address = evolve(address, query="")
    own = "" if asked.written or asked.from_env else _own_url(row, asked)
    return Base(
        row,
        address,
        own if "{" in own else str(address),
        _own(row, whole.query if whole else ""),
        _model(row, address.path),
    )


def _whole(row: Provider, asked: Asked) -> tuple[Address | None, str]:
    """What was written, by keyword or in the variable, and what that is; None for neither."""
    if asked.written:
        return addresses.read(asked.written), "written"
    if not asked.from_env:
        return None, ""
    url = row.filled(row.base_from_env(asked.from_env), asked.settings) if row.base_from_env else asked.from_env
    return addresses.read(url, f"the environment variable {asked.variable or row.base_env}"), "from_env"


def _speaking(row: Provider, asked: Asked, whole: Address | None) -> Provider:
    """What was asked for decides, then what stands in the path, then the host, then the model."""
    chosen = asked.wire or _wire(row, whole or _read_own(row, row.base_url)) or row.wire_for(asked.model)
    return row.speaking(chosen) if chosen else row


def _used(row: Provider, asked: Asked, whole: Address | None, what: str) -> Address:
    if whole is None:
        return _read_own(row, _own_url(row, asked))
    behind_all = row.base_always or (what == "from_env" and row.base_env_short and asked.variable in ("", row.base_env))
    return _completed(row, whole, behind_all=behind_all)


def _own_url(row: Provider, asked: Asked) -> str:
    """The row's own base URL; what it needs and only a credential may tell stays open. Raises ConfigError."""
    if not row.base_url:
        variable = f", or set {row.base_env}" if row.base_env else ""
        raise ConfigError(
            f'{row.name} has no base URL of its own: pass base_url="https://...", put it into the DSN{variable}'
        )
    try:
        return row.filled(row.base_url, asked.settings)
    except ConfigError:
        if asked.keyed and row.base_url_keyed:
            return row.base_url_keyed
        told_later = row.auth.tells if isinstance(row.auth, Signing) and not asked.keyed else frozenset[str]()
        if PLACE.search(row.partly_filled(row.base_url, {**dict.fromkeys(told_later, "x"), **asked.settings})):
            raise
        return row.partly_filled(row.base_url, asked.settings)


def _read_own(row: Provider, url: str) -> Address:
    return addresses.read(PLACE.sub("x", url)) if url else Address("https", "")


def _wire(row: Provider, address: Address) -> str:
    """What stands in the path says more than the host."""
    named = (name for name, wire in row.wires.items() if wire.named_by(address.path))
    at_home = (name for name, wire in row.wires.items() if wire.spoken_at(address.host))
    return next(named, "") or next(at_home, "")


def _completed(row: Provider, address: Address, *, behind_all: bool) -> Address:
    """The address without an endpoint at its end, and with the version segment where people leave it out: behind a bare
    host; behind_all: wherever none stands. An endpoint without one is taken at its word at others' hosts."""
    path = address.path
    for ending in row.strip_base:
        path = re.sub(re.escape(ending).replace(r"\*", "[^/]+") + "$", "", address.path)
        if path != address.path:
            break
    alone = path == address.path or (bool(row.base_url) and _read_own(row, row.base_url).host == address.host)
    return evolve(address, path=_with_version(path, row.base_path, alone=alone, behind_all=behind_all))


def _with_version(path: str, whole: str, *, alone: bool, behind_all: bool) -> str:
    """`/openai` of `/openai/v1` may be there already."""
    steps = [f"/{step}" for step in whole.split("/")[1:]]
    there = next(n for n in range(len(steps), -1, -1) if path.endswith("".join(steps[:n])))
    before = path.removesuffix("".join(steps[:there]))
    if _VERSION.search(path):
        return path
    return before + whole if behind_all or (alone and not before) else path


_VERSION = re.compile(r"/v\d+[a-z0-9]*$")


def _own(row: Provider, query: str) -> dict[str, str]:
    """A URL that was copied whole: what its query says, as the options that the row has for it."""
    own: dict[str, str] = {}
    for name, value in pairs(query, "the base URL's query"):
        option = row.option(name)
        if option is None or not option.query or option.name in own:
            raise ConfigError("the base URL has no query: options go into the DSN or are keywords")
        own[option.name] = value
    return own


def _model(row: Provider, path: str) -> str:
    """The deployment that a path names."""
    mark, behind = row.model_behind, path.rpartition(row.model_behind)[2] if row.model_behind else ""
    return unquote(behind.partition("/")[0]) if mark and mark in path else ""
