"""open(): provider, DSN, keywords and environment -> HTTPClient. No I/O beyond reading environment variables."""

import os
import ssl as _ssl
from collections.abc import Callable, Mapping
from typing import Any, Literal, cast

from attrs import evolve, field, fields, frozen

from .. import retry
from .._version import __version__
from ..call.exchange import Settings
from ..call.http_client import HTTPClient
from ..codecs.text import kind_name
from ..errors import ConfigError
from ..providers import look_up
from ..providers.base import WIRE, Configured, DsnOption, Opener, Provider
from ..retry import RetryPolicy
from ..secret import Key, KeySource, Secret, sounds_secret, without_frames
from ..transport.base import Headers, Limits, Timeouts, Transport, check_proxy
from ..transport.lazy import LazyTransport
from ..types.checks import no_header
from ..types.request import Options
from . import dsn
from .arguments import UNSET, Unset, misfit
from .base_url import Asked, Base, find_base
from .parameters import read_parameters


def open(
    provider: str,
    dsn: str = "",
    *,
    api_key: KeySource | Secret | None = None,
    base_url: str | None = None,
    http: Transport | None = None,
    retry: RetryPolicy | Unset | None = UNSET,
    timeouts: Timeouts | None = None,
    timeout: float | None = None,
    limits: Limits | None = None,
    options: Options | None = None,
    headers: Mapping[str, str] | None = None,
    allow_http: bool = False,
    proxy: str | None = None,
    ssl: _ssl.SSLContext | None = None,
    late_system: Literal["role", "user", "front"] | None = None,
    continuation: int = 10,
    **overrides: Any,
) -> HTTPClient:
    """Open a client by the provider's name. Not a coroutine, no I/O, needs no running event loop.

    A keyword beats the DSN, the DSN beats the environment, the environment beats the provider's default.

    dsn:      `BASE_URL?api_key=KEY&model=M&temperature=0&timeout=60&max_retries=2`; the base may be missing.
    api_key:  a string, or a (sync or async) function asked once per attempt, in the event loop (all sync clients share
              one): one that waits should be async.
    http:     another transport instead of the network.
    retry:    how the start of requests is retried; None for never. Default: three attempts.
    timeouts: the four clocks; timeout: seconds for `total` alone. limits: caps.
    options:  defaults for every request; overrides are its fields as keywords, or the provider's own options.
    headers:  sent with every request.
    allow_http: permit plain http to a host that is neither loopback nor private.
    proxy:    its URL; default: what HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY say. ssl: a context of your own.
    late_system: where system messages go that come late: `role`, `user` or `front`; default: as the provider wants it.
    continuation: how often a provider that paused is asked to go on, within one answer; 0 for never.
    raises:   ConfigError, whose message names what would be right.

    For a name under which an object with `open(dsn, options)` was registered, what that returns is returned.
    """
    if wrong := misfit(locals()):
        del dsn, api_key, base_url, headers, proxy, overrides
        raise ConfigError(wrong)
    asked = _Opening(
        provider,
        dsn=Secret(dsn),
        key=None if api_key is None else Key(api_key),
        base_url=Secret(base_url or ""),
        http=http,
        retry=retry,
        clocks=timeouts or Timeouts(),
        timeout=timeout,
        limits=limits or Limits(),
        options=options or Options(),
        headers=headers or {},
        allow_http=allow_http,
        proxy=Secret(proxy or ""),
        ssl=ssl,
        late_system=late_system,
        continuation=continuation,
        overrides=overrides,
    )
    del dsn, api_key, base_url, headers, proxy, overrides  # a traceback may show what a frame holds
    try:
        return asked.client()
    except ConfigError as error:
        problem = without_frames(error)
    raise problem


@frozen
class _Opening:
    """What `open` was given."""

    provider: str
    dsn: Secret
    key: Key | None
    base_url: Secret
    http: Transport | None
    retry: RetryPolicy | Unset | None
    clocks: Timeouts
    timeout: float | None
    limits: Limits
    options: Options
    headers: Mapping[str, str] = field(repr=False)
    allow_http: bool
    proxy: Secret
    ssl: _ssl.SSLContext | None
    late_system: Literal["role", "user", "front"] | None
    continuation: int
    overrides: dict[str, Any] = field(repr=False)

    def client(self) -> HTTPClient:
        found = look_up(self.provider)
        return self._of_row(found) if isinstance(found, Provider) else self._of_opener(found)

    def _of_opener(self, opener: Opener) -> HTTPClient:
        """What another opens. It is promised as a Client; the type of `open` says what nearly everybody gets."""
        given = (self.key, self.base_url, self.http, self.timeout, self.headers, self.proxy, self.ssl)
        bounds = (
            self.late_system,
            self.clocks != Timeouts(),
            self.limits != Limits(),
            not isinstance(self.retry, Unset),
        )
        if any((*given, *bounds)):
            raise ConfigError(f"{self.provider!r} opens its clients by itself: give it a DSN, and options of requests")
        client: object = opener.open(
            self.dsn.reveal(), _options(self.provider, (), dict(self.overrides)).over(self.options)
        )
        if not all(callable(getattr(client, verb, None)) for verb in ("stream", "complete")):
            raise ConfigError(f"open() of {self.provider!r} gave {kind_name(client)}, which is no Client")
        return cast("HTTPClient", client)

    def _of_row(self, row: Provider) -> HTTPClient:
        said = dsn.parse(self.dsn, row.key_param)
        rest = dict(self.overrides)
        given = {option.name: rest.pop(option.name, None) for option in row.options}
        own = {name: str(value) for name, value in given.items() if value is not None}
        plain = read_parameters(row, said.parameters)
        values = {**row.said_by(os.environ), **plain.own, **own}
        row = row.with_fields(values)
        key = self.key if self.key is not None else _key(row, said)
        set_ = ((name, os.environ.get(name, "").strip()) for name in row.base_variables)
        variable, from_env = next(((name, value) for name, value in set_ if value), ("", ""))
        asked = Asked(
            written=self.base_url.reveal() or said.base_url,
            from_env=from_env,
            variable=variable,
            wire=values.pop(WIRE.name, ""),
            model=rest.get("model") or self.options.model or plain.options.model or "",
            settings=values,
            keyed=bool(key),
        )
        base = find_base(row, asked, allow_http=self.allow_http)
        values = {**base.own, **values}
        row = _at(base)
        late_system = self.late_system or plain.late_system
        if late_system:
            row = row.with_late_system(late_system)
        total = self.timeout if self.timeout is not None else plain.timeout
        configured = _configured(row, values, self.headers)
        lists = row.dialect.extra_lists
        bottom = Options(extra=configured.body)
        settings = Settings(
            row=configured,
            base_url=base.url,
            key=key,
            options=_options(row.name, row.options, rest)
            .over(self.options, lists)
            .over(plain.options, lists)
            .over(bottom, lists),
            timeouts=self.clocks if total is None else evolve(self.clocks, total=total),
            limits=self.limits,
            retry=_policy(self.retry, plain.max_retries),
            user_agent=f"aikido-llm/{__version__}",
            continuation=_count(self.continuation, "continuation"),
            chosen=_chosen(values, self.headers, late_system),
        )
        return HTTPClient(settings, self.http or self._transport(row, settings))

    def _transport(self, row: Provider, settings: Settings) -> Transport:
        if row.transport is not None:
            return _local(row.transport)()
        proxy = check_proxy(self.proxy, "proxy") if self.proxy else None
        return LazyTransport(settings.timeouts, settings.limits, ssl_context=self.ssl, proxy=proxy)


def _local(transport: Callable[[], Transport] | str) -> Callable[[], Transport]:
    """What makes a transport that is not the network: the row's own, or ours of that name, loaded when it is used."""
    if not isinstance(transport, str):
        return transport
    from ..transport.echo import EchoTransport

    return {"echo": EchoTransport}[transport]


def _at(base: Base) -> Provider:
    """The row as it is at this base URL."""
    row = base.row
    if base.model and not row.default_model:
        row = evolve(row, default_model=base.model)
    needed = row.key_needed and (row.key_needed_nearby or not base.address.is_private)
    return row if needed == row.key_needed else evolve(row, key_needed=needed)


def _options(name: str, options: tuple[DsnOption, ...], overrides: dict[str, Any]) -> Options:
    known = {a.name for a in fields(Options)}
    wrong = ", ".join(sorted(set(overrides) - known))
    if wrong:
        own = ", ".join(option.name for option in options) or "nothing of its own"
        raise ConfigError(f"open() does not know {wrong}; Options has: {', '.join(sorted(known))}; {name} has: {own}")
    return Options(**overrides)


def _configured(row: Provider, values: Mapping[str, str], headers: Mapping[str, str] | None) -> Configured:
    configured = row.with_options(values)
    if not headers:
        return configured
    if wrong_one := no_header(headers):
        raise ConfigError(f"headers {wrong_one}")
    provider = configured.provider
    merged = Headers(provider.headers).with_more(headers, lists=provider.list_headers)
    return evolve(configured, provider=evolve(provider, headers=merged.reveal()))


def _chosen(values: Mapping[str, str], headers: Mapping[str, str] | None, late_system: str | None) -> dict[str, Any]:
    """What the caller has set of the row, without what holds a secret."""
    return {
        "options": {name: value for name, value in sorted(values.items()) if not sounds_secret(name)},
        "headers": {name.lower(): value for name, value in (headers or {}).items() if not sounds_secret(name)},
        **({"late_system": late_system} if late_system else {}),
    }


def _count(number: int, name: str) -> int:
    if type(cast("object", number)) is not int or number < 0:
        raise ConfigError(f"{name} takes a whole number, 0 or more")
    return number


def _key(row: Provider, said: dsn.DSN) -> Key:
    if said.api_key:
        return Key(said.api_key)
    return Key(next((value for name in row.key_env if (value := os.environ.get(name, "").strip())), None))


def _policy(given: RetryPolicy | Unset | None, max_retries: int | None) -> RetryPolicy | None:
    if not isinstance(given, Unset):
        return given
    if max_retries is None:
        return retry.CLIENT_START
    return evolve(retry.CLIENT_START, max_attempts=max_retries + 1) if max_retries > 0 else None
