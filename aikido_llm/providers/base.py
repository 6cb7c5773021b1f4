"""A provider is a row of data: where it is, who is asked for the key, and which dialect it speaks, or which ones."""

import re
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from attrs import Factory, evolve, field, fields_dict, frozen, has

from ..auth.base import Auth, Signing
from ..dialects.base import Dialect
from ..errors import ConfigError
from ..secret import HiddenValues
from . import rate_headers
from .rate_headers import RateHeaders

if TYPE_CHECKING:  # a row names the types; only a client uses them
    from ..client import Client
    from ..dialects.batch import BatchWire
    from ..transport.base import Transport
    from ..types.request import Options


@frozen
class DsnOption:
    """An option that only this provider has, in a DSN or as `open(options=...)`: where its value goes.

    header: an HTTP header of every request. query: a parameter of every URL. body: the path of keys in the body.
    quirk:  a field that it sets besides, of the dialects that have it. split: the value is a comma-separated list.
    default: used when the option is not given.
    convert: text -> the JSON value that the body takes, for options that are not plain text.
    about:  one line for the docs.
    setting: it goes nowhere in a request: it fills `{name}` in the row's base URL, and is told to what finds
            credentials. env: variables that are read when it is not given.
    fields: for an option that is one of several words: word -> the fields of the row that it sets.
    """

    name: str
    header: str = ""
    query: str = ""
    body: tuple[str, ...] = ()
    split: bool = False
    convert: Callable[[str], Any] | None = None
    default: str = ""
    about: str = ""
    quirk: str = ""
    setting: bool = False
    env: tuple[str, ...] = ()
    fields: Mapping[str, Mapping[str, Any]] | None = None


WIRE = DsnOption("wire", about="`chat` or `responses`, whatever the base URL says")
"""The option of a row that has several wires: the name of one. It goes nowhere, the client is opened on that wire."""


@frozen
class Wire:
    """One of the wires of a row that has several, and what chooses it when the caller does not.

    hosts:   where it is spoken; the subdomains of each too.
    endings: of a base URL's path, which say more than the host. within: what says the same anywhere in the path.
    unnamed: turns of a conversation that name no wire came over this one (it was the row's only one in 0.1, which named
             none).
    models:  what stands in the ids of the models that are spoken to over it, where a host's ids begin with a maker.
    base_path: what its base URLs end in, where the wires of a row differ in it.
    """

    dialect: Dialect
    hosts: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    unnamed: bool = False
    models: tuple[str, ...] = ()
    base_path: str | None = None

    def named_by(self, path: str) -> bool:
        """Whether a base URL of this path says that it is for this wire."""
        return path.endswith(self.endings) or any(piece in path for piece in self.within)

    def spoken_at(self, host: str) -> bool:
        return any(host == own or host.endswith(f".{own}") for own in self.hosts)

    def serves(self, model: str) -> bool:
        return any(piece in model for piece in self.models)


@frozen
class Batches:
    """How a provider takes many requests at once: a module of `dialects`, with the fields that differ here."""

    wire: str
    fields: Mapping[str, Any] = field(factory=dict[str, Any])

    def load(self) -> "BatchWire":
        """The wire; its module is imported when it is first used."""
        made: BatchWire = import_module(f"..dialects.{self.wire}", __package__).WIRE(**self.fields)
        return made


def _path_of_base_url(row: "Provider") -> str:
    return urlsplit(row.base_url).path.rstrip("/")


@frozen
class Provider:
    """One row.

    name:       how `open` finds it. aliases: its other names.
    base_url:   where it listens; "" when the caller must say (a private or per-customer host). `{name}` in it is filled
                by the setting of that name, or by what is found with a credential. base_url_keyed: where it listens
                for who has a key and not what base_url wants. places: the settings -> what stands between braces, where
                that is more than the settings.
    dialect:    its wire, with its quirks in the dialect's fields.
    wires:      for a provider that speaks several: name -> wire, each another dialect; `dialect` is the one that is
                spoken where no base URL says otherwise. Such a row has the option `WIRE`.
    key_env:    environment variables that may hold the key, the first one found wins. key_param: its name in a DSN.
    key_needed: False for servers that usually run without one. key_needed_nearby: the same for those at a loopback or
                a private address.
    auth:       what signs requests where there is no key: a function, or a vendor's credentials.
    key_url:    where a person gets a key. key_header, key_prefix: how it travels; headers only, never in a URL.
    headers:    sent with every request. list_headers: those, in lower case, that hold a comma-separated list: what
                requests say in them joins. request_id_headers: where the reply's id is, first one found wins.
    rate_headers: where a reply says what is left of the limits (`RateLimits`).
    base_path:  the version segment that every base URL ends in; put behind one that is a host alone. Default: the path
                of base_url. base_always: put behind each that has none.
    base_env:   the variable of the vendor's own SDK that holds a base URL. base_env_short: that SDK puts base_path
                behind it. base_from_env: the value -> the URL, where it is another; it may leave places open as
                base_url does; raises ConfigError.
                base_env_older: other names of it, of earlier SDKs and of tools beside them, read where it is not set:
                a key that is meant for the address there must not go to base_url.
    strip_base: endings that people leave on the base URL and that the dialect's paths already have; * is any segment.
    model_behind: what stands in a base URL before the name of a model (`/deployments/`).
    options:    what only this provider understands. docs: its page.
    advice:     words of a server's refusal, in lower case -> what mends it, where the server does not say.
    batches:    how it takes many requests at once, None where it does not.
    transport:  where the bytes come from when that is not the network: what makes it, or the name of one of ours.
    """

    name: str
    base_url: str
    dialect: Dialect
    aliases: tuple[str, ...] = ()
    title: str = ""
    key_env: tuple[str, ...] = ()
    key_param: str = "api_key"
    key_needed: bool = True
    key_needed_nearby: bool = True
    key_url: str = ""
    key_header: str = "Authorization"
    key_prefix: str = "Bearer "
    headers: Mapping[str, str] = field(factory=HiddenValues[str], converter=HiddenValues[str])
    list_headers: tuple[str, ...] = ()
    request_id_headers: tuple[str, ...] = ("x-request-id", "request-id")
    rate_headers: RateHeaders = field(default=rate_headers.OPENAI, repr=False)
    base_path: str = field(default=Factory(_path_of_base_url, takes_self=True))
    base_always: bool = False
    base_env: str = ""
    base_env_short: bool = False
    base_env_older: tuple[str, ...] = ()
    base_from_env: Callable[[str], str] | None = None
    strip_base: tuple[str, ...] = ()
    model_behind: str = ""
    options: tuple[DsnOption, ...] = ()
    default_model: str = ""
    docs: str = ""
    transport: "Callable[[], Transport] | str | None" = None
    wires: Mapping[str, Wire] = field(factory=dict[str, Wire])
    auth: Auth | Signing | None = None
    base_url_keyed: str = ""
    places: Callable[[Mapping[str, str]], Mapping[str, str]] | None = None
    advice: Mapping[str, str] = field(factory=dict[str, str])
    batches: Batches | None = None

    @property
    def base_variables(self) -> tuple[str, ...]:
        """The environment variables that may hold the base URL, the first one found wins."""
        return (*((self.base_env,) if self.base_env else ()), *self.base_env_older)

    @property
    def wire(self) -> str:
        """The name of the wire that is spoken, "" for a row that has one alone."""
        return next((name for name, wire in self.wires.items() if wire.dialect.name == self.dialect.name), "")

    @property
    def at_home(self) -> "Provider":
        """The row as it speaks at its own hosts."""
        return next((self.speaking(name) for name, wire in self.wires.items() if wire.hosts), self)

    def speaking(self, wire: str) -> "Provider":
        """This row, set to the named wire. Raises ConfigError for one that it does not have, naming those it has."""
        if wire not in self.wires:
            known = " and ".join(self.wires) or "one alone"
            raise ConfigError(f"{self.name} has no wire {wire[:40]!r}; it has {known}")
        chosen = self.wires[wire]
        if chosen.base_path is None:
            return evolve(self, dialect=chosen.dialect)
        own = self.base_url and self.base_url.removesuffix(self.base_path) + chosen.base_path
        return evolve(self, dialect=chosen.dialect, base_url=own, base_path=chosen.base_path)

    def wire_for(self, model: str) -> str:
        """The name of the wire that a model of this id is spoken to over, "" where ids do not say."""
        return next((name for name, wire in self.wires.items() if wire.serves(model)), "")

    def filled(self, base_url: str, settings: Mapping[str, str]) -> str:
        """The base URL with what `{name}` stands for. Raises ConfigError that says what is missing."""
        url = self.partly_filled(base_url, settings)
        missing = PLACE.findall(url)
        if missing:
            raise ConfigError(f"{self.name} needs {', and '.join(map(self._ways_to_say, missing))}")
        return url

    def partly_filled(self, base_url: str, settings: Mapping[str, str]) -> str:
        """The same; what is not known stays as it is. Raises ConfigError for what no URL can hold there."""
        defaults = {option.name: option.default for option in self.options if option.setting}
        known = {name: value for name, value in {**defaults, **settings}.items() if value}
        values = {**known, **self.places(known)} if self.places is not None else known
        for name in PLACE.findall(base_url):
            if not _IN_URL.fullmatch(values.get(name, "x")):
                raise ConfigError(f"the option {name} of {self.name} holds what no base URL can hold there")
        return PLACE.sub(lambda found: values.get(found[1], found[0]), base_url)

    def _ways_to_say(self, setting: str) -> str:
        option = self.option(setting)
        variables = " or ".join(option.env) if option is not None else ""
        return f"{setting}=... (a keyword of open, or in the DSN)" + (f", or {variables} set" if variables else "")

    def option(self, name: str) -> DsnOption | None:
        """By its name, or by the one that it has in a URL's query."""
        return next((option for option in self.options if name in (option.name, option.query)), None)

    def with_late_system(self, place: str) -> "Provider":
        """The row with late system messages elsewhere (`role`, `user`, `front`).

        Raises ConfigError for a place that its wire does not have."""
        dialect: Any = self.dialect
        kind: type[Any] = type(self.dialect)
        if not has(kind) or "late_system" not in fields_dict(kind):
            raise ConfigError(f"the wire of {self.name} has no choice of where late system messages go")
        try:
            return evolve(self, dialect=evolve(dialect, late_system=place))
        except ValueError:
            raise ConfigError(
                f"late_system {place!r}: {self.name} takes role, user or front, where its wire has it"
            ) from None

    def said_by(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The options that variables set; of several variables the first one that says anything."""
        found = {option.name: [environment.get(name, "").strip() for name in option.env] for option in self.options}
        return {name: next(filter(None, values)) for name, values in found.items() if any(values)}

    def with_fields(self, values: Mapping[str, str]) -> "Provider":
        """The row with the fields that its options set. Raises ConfigError for a word that an option does not have."""
        row = self
        for option in self.options:
            value = values.get(option.name)
            if option.fields is None or not value:
                continue
            if value not in option.fields:
                raise ConfigError(f"the option {option.name} of {self.name} takes {' or '.join(option.fields)}")
            row = evolve(row, **option.fields[value])
        return row

    def with_options(self, values: Mapping[str, str]) -> "Configured":
        """The row with its own options set. Raises ConfigError for one it does not have, naming those it has."""
        headers = dict(self.headers)
        dialect: Any = self.dialect
        query: dict[str, str] = {}
        body: dict[str, Any] = {}
        settings: dict[str, str] = {}
        for name in values:
            if self.option(name) is None:
                known = ", ".join(option.name for option in self.options) or "none"
                raise ConfigError(f"{self.name} has no option {name!r}; its own options are: {known}")
        for option in self.options:
            value = values.get(option.name, option.default)
            if not value or option.name == WIRE.name:
                continue
            if _UNSENDABLE.search(value):
                raise ConfigError(f"the option {option.name} holds a line end or another control character")
            if option.fields is not None:
                continue
            if option.setting:
                settings[option.name] = value
                continue
            if option.quirk and hasattr(dialect, option.quirk):
                dialect = evolve(dialect, **{option.quirk: value})
            if option.header:
                headers[option.header] = value
            elif option.query:
                query[option.query] = value
            else:
                _put(body, option.body, _json_value(option, value))
        return Configured(evolve(self, headers=headers, dialect=dialect), query, body, settings)


class Opener(Protocol):
    """What makes clients by itself: `register` takes it in the place of a row."""

    def open(self, dsn: str, options: "Options", /) -> "Client":
        """dsn, options: as `aikido_llm.open` was given them; its other overrides are fields of the options."""
        ...


@frozen
class Configured:
    """A row whose own options have been set: query goes behind every URL, body is the bottom of `extra`, settings are
    for the base URL and for what signs."""

    provider: Provider
    query: Mapping[str, str]
    body: Mapping[str, Any]
    settings: Mapping[str, str] = field(factory=dict[str, str])


PLACE = re.compile(r"\{(\w+)\}")
"""What a base URL leaves open."""
_IN_URL = re.compile(r"[A-Za-z0-9._:-]+")
_UNSENDABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def _json_value(option: DsnOption, value: str) -> Any:
    if option.convert is not None:
        return option.convert(value)
    return [item.strip() for item in value.split(",") if item.strip()] if option.split else value


def _put(body: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for key in path[:-1]:
        body = body.setdefault(key, {})
    body[path[-1]] = value
