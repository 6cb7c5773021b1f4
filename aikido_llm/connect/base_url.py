"""A base URL as people write it -> the one behind which the dialect's paths go. Pure."""

import re
from urllib.parse import unquote

from attrs import evolve, frozen

from ..errors import ConfigError
from ..providers.base import Provider
from ..transport import addresses
from ..transport.addresses import Address
from .dsn import pairs


@frozen
class Base:
    """address: without a query. own: options of the row that stood in its query. model: what its path names, or "".
    wire: the one of the row's wires that the URL is for, "" when it does not say."""

    address: Address
    own: dict[str, str]
    model: str
    wire: str = ""


def find_base(row: Provider, written: str, from_env: str, *, allow_http: bool) -> Base:
    """written: by keyword or DSN, "" for neither. from_env: what the row's own variable holds; it comes next.

    raises: ConfigError for what is no URL, for a query that holds more than options of the row, for plain http to a
    public host. The message never repeats the URL.
    """
    whole, address = _written(row, written, from_env.strip())
    if address.scheme == "http" and not allow_http and not address.is_private:
        raise ConfigError(
            "the base URL is plain http to a public host, which would show the key to everybody on the way: "
            "use https, or pass allow_http=True"
        )
    return Base(evolve(address, query=""), _own(row, address.query), _model(row, address.path), _wire(row, whole))


def _written(row: Provider, written: str, from_env: str) -> tuple[Address, Address]:
    """(as it was written, as it is used)."""
    if written:
        address = addresses.read(written)
        return address, _completed(row, address, behind_all=row.base_always)
    if from_env:
        url = row.base_from_env(from_env) if row.base_from_env else from_env
        address = addresses.read(url, f"the environment variable {row.base_env}")
        return address, _completed(row, address, behind_all=row.base_always or row.base_env_short)
    if not row.base_url:
        variable = f", or set {row.base_env}" if row.base_env else ""
        raise ConfigError(
            f'{row.name} has no base URL of its own: pass base_url="https://...", put it into the DSN{variable}'
        )
    address = addresses.read(row.base_url)
    return address, address


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
    alone = path == address.path or (bool(row.base_url) and addresses.read(row.base_url).host == address.host)
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
