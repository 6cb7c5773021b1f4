"""One HTTP exchange: a WireRequest -> the 200 that answers it, or the typed error of anything else. No retries here."""

import logging
import re
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

from attrs import field, frozen

from ..client import Gate
from ..dialects.base import Dialect, ErrorReply, WireRequest
from ..errors import InvalidRequestError, LLMError, MalformedStream, StreamError
from ..framing.lines import too_large
from ..providers.base import Configured, Provider
from ..retry import RetryPolicy
from ..secret import Key, Secret, secrets_in
from ..transport.base import (
    Body,
    Headers,
    HTTPRequest,
    HTTPResponse,
    Limits,
    Timeouts,
    Transport,
    Warms,
    check_encoding,
    secrets_told,
    when_sent,
)
from ..types.request import Options
from ..types.unchecked import Unchecked
from .clocks import Clocks
from .reply import Reply, read_reply
from .signing import UNSIGNED, Signer

_URLS = 64  # that are remembered: a client asks for a few paths
_ERROR_BODY = 5.0  # s for the body of an error: the status says most, what was read until then the rest


@frozen
class Settings:
    """What a client was opened with. base_url: without a trailing slash. continuation: how often a paused answer is
    asked to go on. failures: the level at which a call's failure is logged. gates: asked before every request of an
    answer. chosen: what else of the row was set when it was opened, as plain data, without secrets."""

    row: Configured
    base_url: str
    key: Key
    options: Options
    timeouts: Timeouts
    limits: Limits
    retry: RetryPolicy | None
    user_agent: str
    continuation: int = 10
    failures: int = logging.INFO
    gates: tuple[Gate, ...] = ()
    chosen: Mapping[str, Any] = field(factory=dict[str, Any])

    @property
    def provider(self) -> Provider:
        return self.row.provider

    @property
    def dialect(self) -> Dialect:
        return self.row.provider.dialect

    @property
    def model(self) -> str | None:
        """The model that a request without one goes to."""
        return self.options.model or self.row.provider.default_model or None

    @property
    def identity(self) -> dict[str, Any]:
        """All of a client that decides an answer, as plain data: what a row sends by itself is not told, for it changes
        with the versions of this package."""
        from .. import serialize  # takes tens of milliseconds

        return {
            "provider": self.provider.name,
            "wire": self.dialect.name,
            "base_url": self.base_url,
            "model": self.model,
            "options": serialize.to_dict(self.options),
            "chosen": dict(self.chosen),
        }


@frozen
class Accepted:
    """A 200. reply: what its head says. sent: when its request began to go out, in the loop's time. secrets: sent, and
    in no error."""

    response: HTTPResponse
    reply: Reply
    sent: float
    secrets: tuple[Secret, ...]

    @property
    def content_type(self) -> str:
        """The body's media type in lower case, without parameters; "" when it has none."""
        return self.response.headers.get("content-type", "").partition(";")[0].strip().lower()


_ACCEPTED = Unchecked(Accepted)


class Exchange:
    """Sends for one client: addresses, headers and keys, and what the server says when it is not a 200."""

    def __init__(self, settings: Settings, transport: Transport) -> None:
        self._settings = settings
        self._transport = transport
        self._signer = Signer(settings.row, settings.key)
        general = {"User-Agent": settings.user_agent, "Accept": "application/json"}
        self._secrets = secrets_in(settings.provider.headers)
        get = {**general, **settings.provider.headers}
        post = {**get, "Content-Type": "application/json"}
        self._get = Headers(get)
        self._post = Headers(post)
        # a server that compresses holds every token back until its block is full
        streaming = {"Accept": "text/event-stream", "Accept-Encoding": "identity"}
        self._get_streaming = Headers({**get, **streaming})
        self._post_streaming = Headers({**post, **streaming})
        query = settings.row.query.items()
        self._query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query)
        self._whole = "{" not in settings.base_url  # no part of it is found out with a credential
        self._urls: dict[str, str] = {}
        self._signed: dict[Headers, tuple[Headers, dict[str, str], Headers]] = {}  # general -> (two more, all of them)
        del get, post, query  # a traceback may show what a frame holds

    async def send(
        self,
        clocks: Clocks,
        wire: WireRequest,
        body: bytes | Body | None,
        *,
        stream: bool = False,
        extra_headers: Headers | None = None,
        again: bool = True,
    ) -> Accepted:
        """Send, and return the 200 when its headers have arrived; the caller owns it. What signs is asked here, so that
        a key that was rotated is seen by the next attempt; a credential that is refused is replaced once (again). body:
        JSON bytes.

        raises: the typed error of an HTTP status, of the connection, of a clock.
        """
        secrets, signed, response, failure = self._secrets, UNSIGNED, None, None
        sent = clocks.now()
        try:
            with clocks.attempt():
                url = self._urls.get(wire.path) or await self._url(wire)
                general = self._general(wire, stream=stream)
                signed = self._signer.at_once() or await self._signer.sign(
                    wire.method, url, partial(self._with_extra, general, wire, None, extra_headers), body
                )
                secrets = (*secrets, *(extra_headers.secrets() if extra_headers else ()), *signed.secrets)
                headers = self._headers(general, wire, signed.headers, extra_headers)
                request = HTTPRequest(wire.method, url, headers, body, once=wire.once)
                response = await self._transport.send(request)
        except LLMError as error:
            failure = error.scrubbed(*secrets)
        if response is None:
            raise failure or _interrupted(clocks, wire)
        secrets = (*secrets, *secrets_told(response))
        reply = read_reply(response.headers, self._settings.provider, secrets)
        if response.status in wire.accepts:
            failure = _unreadable(response)
        else:
            failure = await self._refusal(clocks, response)
        if failure is None:
            return _ACCEPTED.of((response, reply, when_sent(response, sent), secrets))
        if not again or not self._signer.mends(failure, signed):
            raise reply.stamp(failure.scrubbed(*secrets))
        self._signer.refuse(signed)
        return await self.send(clocks, wire, body, stream=stream, extra_headers=extra_headers, again=False)

    async def read(self, clocks: Clocks, response: HTTPResponse) -> bytes:
        """The whole body of a document. Raises TooLargeError past Limits.body_bytes, and what broke the reading."""
        cap = self._settings.limits.body_bytes
        body, failure = await _read(clocks, response, cap)
        if failure is not None:
            raise failure
        if len(body) > cap:
            raise too_large("body_bytes", cap)
        return body

    async def warm(self, connections: int) -> None:
        """Open connections to where requests go, as far as the transport can."""
        if isinstance(self._transport, Warms):
            await self._transport.warm(await self._signer.located(self._settings.base_url), connections)

    async def _refusal(self, clocks: Clocks, response: HTTPResponse) -> LLMError:
        """The typed error of an answer that is not a 200, not yet scrubbed."""
        status = response.status
        if 300 <= status < 400 and status != 304:
            response.close()
            return _redirected(status, response.headers.get("location", ""))
        clocks.hurry(_ERROR_BODY)
        body, _ = await _read(clocks, response, self._settings.limits.error_body_bytes)
        if status < 400:
            text = f"the server answered {status}, which holds no answer"
            return MalformedStream(text, status=status, permanent=True)
        headers = {name.lower(): value for name, value in response.headers.items()}
        cut = body[: self._settings.limits.error_body_bytes]
        error = self._settings.dialect.decode_error(ErrorReply(status, headers, cut))
        error.status = error.status or status
        return error

    async def _url(self, wire: WireRequest) -> str:
        base = await self._signer.located(self._settings.base_url)
        if wire.before:
            front, _, last = base.rpartition("/")
            base = f"{front}/{wire.before}/{last}"
        url = base + wire.path
        url = f"{url}{'&' if '?' in url else '?'}{self._query}" if self._query else url
        if self._whole and not wire.before:
            if len(self._urls) >= _URLS:
                self._urls.clear()
            self._urls[wire.path] = url
        return url

    def _general(self, wire: WireRequest, *, stream: bool) -> Headers:
        """What every request of its kind sends."""
        if wire.body is None:
            return self._get_streaming if stream else self._get
        return self._post_streaming if stream else self._post

    def _headers(self, general: Headers, wire: WireRequest, signed: Headers, extra: Headers | None) -> Headers:
        """The headers of a request, the same object where they are the same: the transport knows them by it."""
        if extra:
            return self._with_extra(general, wire, signed, extra)
        known = self._signed.get(general)
        if known is None or known[0] is not signed or known[1] != wire.headers:
            merged = self._with_extra(general, wire, signed, None)
            known = self._signed[general] = signed, dict(wire.headers), merged
        return known[2]

    def _with_extra(
        self, general: Headers, wire: WireRequest, signed: Headers | None, extra: Headers | None
    ) -> Headers:
        """The headers of a request; the caller's own win over all."""
        own = signed.reveal() if signed else {}
        lists = self._settings.provider.list_headers
        return general.with_more(wire.headers, own, extra.reveal() if extra else {}, lists=lists)


def _interrupted(clocks: Clocks, wire: WireRequest) -> LLMError:
    """Why nobody waits for the headers any more. What goes out once may have gone out."""
    error = clocks.error()
    error.permanent = error.permanent or wire.once
    return error


def _unreadable(response: HTTPResponse) -> LLMError | None:
    """Why the body of a 200 cannot be read: it came in a compression that nobody asked for."""
    try:
        check_encoding(response)
    except StreamError as error:
        response.close()
        return error
    return None


async def _read(clocks: Clocks, response: HTTPResponse, cap: int) -> tuple[bytes, LLMError | None]:
    """(what could be read of the body, at most a piece over cap bytes; what broke the reading)."""
    pieces: list[bytes] = []
    size = 0
    failure: LLMError | None = None
    clocks.watch(response.close)
    clocks.begin_wait()
    try:
        while size <= cap:
            pieces.append(await response.read())
            size += len(pieces[-1])
            if not pieces[-1]:
                break
    except LLMError as error:
        failure = error
    except BaseException:
        response.close()
        pieces.clear()  # an error's body may repeat a key, and a traceback shows what a frame holds
        raise
    finally:
        clocks.stop()
    failure = clocks.failure() or failure
    if failure is None and size <= cap:
        response.release()
    else:
        response.close()
    return b"".join(pieces), failure


def _redirected(status: int, location: str) -> LLMError:
    target = _USERINFO.sub("", re.split(r"[?#]", location, maxsplit=1)[0])[:300]
    return InvalidRequestError(
        f"the server redirects to {target or 'another address'}; redirects are not followed: set base_url to it",
        status=status,
    )


_USERINFO = re.compile(r"(?<=//)[^/]*@")
