"""One HTTP exchange: a WireRequest -> the 200 that answers it, or the typed error of anything else. No retries here."""

import logging
import re
from urllib.parse import quote

from attrs import frozen

from ..client import Gate
from ..dialects.base import Dialect, ErrorReply, WireRequest
from ..errors import ConfigError, InvalidRequestError, LLMError, MalformedStream, StreamError
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
    Proxied,
    Timed,
    Timeouts,
    Transport,
    check_encoding,
)
from ..types.request import Options
from .clocks import Clocks
from .reply import Reply, read_reply

_ERROR_BODY = 5.0  # s for the body of an error: the status says most, what was read until then the rest


@frozen
class Settings:
    """What a client was opened with. base_url: without a trailing slash. continuation: how often a paused answer is
    asked to go on. failures: the level at which a call's failure is logged. gates: asked before every request of an
    answer."""

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


@frozen
class Accepted:
    """A 200. reply: what its head says. sent: when its request began to go out, in the loop's time. secrets: sent, and
    in no error."""

    response: HTTPResponse
    reply: Reply
    sent: float
    secrets: tuple[Secret, ...]


class Exchange:
    """Sends for one client: addresses, headers and keys, and what the server says when it is not a 200."""

    def __init__(self, settings: Settings, transport: Transport) -> None:
        self._settings = settings
        self._transport = transport
        general = {"User-Agent": settings.user_agent, "Accept": "application/json"}
        self._secrets = secrets_in(settings.provider.headers)
        get = {**general, **settings.provider.headers}
        post = {**get, "Content-Type": "application/json"}
        self._get = Headers(get)
        self._post = Headers(post)
        # a server that compresses holds every token back until its block is full
        self._post_streaming = Headers({**post, "Accept": "text/event-stream", "Accept-Encoding": "identity"})
        query = settings.row.query.items()
        self._query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query)
        del get, post, query  # a traceback may show what a frame holds

    async def send(
        self,
        clocks: Clocks,
        wire: WireRequest,
        body: bytes | Body | None,
        *,
        stream: bool = False,
        extra_headers: Headers | None = None,
    ) -> Accepted:
        """Send, and return the 200 when its headers have arrived; the caller owns it. The key is asked for here, so
        that a rotated one is seen by the next attempt. body: JSON bytes.

        raises: the typed error of an HTTP status, of the connection, of a clock.
        """
        secrets, response, failure = self._secrets, None, None
        sent = clocks.now()
        try:
            with clocks.attempt():
                key = await self._key()
                headers = self._headers(wire, key, extra_headers, stream=stream)
                secrets = (*secrets, *(extra_headers.secrets() if extra_headers else ()), *((key,) if key else ()))
                response = await self._transport.send(HTTPRequest(wire.method, self._url(wire), headers, body))
        except LLMError as error:
            failure = error.scrubbed(*secrets)
        if response is None:
            raise failure or clocks.error()
        if isinstance(response, Proxied):
            secrets = (*secrets, *response.secrets)
        reply = read_reply(response.headers, self._settings.provider, secrets)
        failure = _unreadable(response) if response.status == 200 else await self._refusal(clocks, response)
        if failure is not None:
            raise reply.stamp(failure.scrubbed(*secrets))
        return Accepted(response, reply, response.sent if isinstance(response, Timed) else sent, secrets)

    async def read(self, clocks: Clocks, response: HTTPResponse) -> bytes:
        """The whole body of a document. Raises TooLargeError past Limits.body_bytes, and what broke the reading."""
        cap = self._settings.limits.body_bytes
        body, failure = await _read(clocks, response, cap)
        if failure is not None:
            raise failure
        if len(body) > cap:
            raise too_large("body_bytes", cap)
        return body

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

    async def _key(self) -> Secret:
        """Asked once per attempt, so that a rotated key is seen."""
        provider = self._settings.provider
        key = await self._settings.key.get()
        if not key and provider.key_needed:
            raise ConfigError(_no_key(provider), provider=provider.name)
        if problem := key.problem:
            raise ConfigError(f"the API key {problem}", provider=provider.name)
        return key

    def _url(self, wire: WireRequest) -> str:
        url = self._settings.base_url + wire.path
        return f"{url}{'&' if '?' in url else '?'}{self._query}" if self._query else url

    def _headers(self, wire: WireRequest, key: Secret, extra: Headers | None, *, stream: bool) -> Headers:
        provider = self._settings.provider
        general = self._get if wire.body is None else self._post_streaming if stream else self._post
        own = {provider.key_header: provider.key_prefix + key.reveal()} if key else {}
        return general.with_more(wire.headers, own, extra.reveal() if extra else {}, lists=provider.list_headers)


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


def _no_key(provider: Provider) -> str:
    ways = [f'open("{provider.name}", api_key="...")', f'the DSN "?{provider.key_param}=..."']
    if provider.key_env:
        ways.insert(0, f"the environment variable {' or '.join(provider.key_env)}")
    where = f"; get one at {provider.key_url}" if provider.key_url else ""
    return f"no API key for {provider.name}: give it by {', '.join(ways[:-1])} or {ways[-1]}{where}"
