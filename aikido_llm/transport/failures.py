"""What aiohttp raises, as our errors: which kind, where it was, whether it would come again; never with a key."""

import os
import ssl

import aiohttp
from aiohttp.client_exceptions import UnixClientConnectorError
from aiohttp.http_exceptions import HttpProcessingError

from ..errors import Cause, ConfigError, ConnectError, LLMError, MalformedStream, StreamTruncated
from ..secret import scrub
from .base import timed_out


def failure_before_answer(error: Exception, proxy: str = "") -> LLMError:
    """What aiohttp raised before the headers were there, as our error; its cause is a scrubbed stand-in.

    proxy: host and port of the one between, which may be what failed: people forget the variable that names it.
    """
    through = f" through the proxy {proxy}" if proxy else ""
    text = scrub(_reason(error))
    failure: LLMError
    if isinstance(error, aiohttp.ClientHttpProxyError):
        failure = ConnectError(
            f"no connection{through}, the proxy refused: it answered {error.status}", permanent=error.status < 500
        )
    elif isinstance(error, aiohttp.InvalidURL | aiohttp.NonHttpUrlClientError):
        failure = ConfigError("the base URL cannot be used: it needs the form https://host/path")
        failure.__cause__ = Cause(type(error).__name__)  # its text is the URL, query and all
        return failure
    elif isinstance(error, aiohttp.ClientConnectorCertificateError):
        failure = ConnectError(f"the server's certificate is not trusted{through}: {text}", permanent=True)
    elif isinstance(error, aiohttp.ClientConnectorSSLError):
        failure = ConnectError(f"no TLS connection{through}: {text}", permanent=True)
    elif isinstance(error, aiohttp.ConnectionTimeoutError):
        failure = timed_out("connect", through)
    elif isinstance(error, aiohttp.ClientConnectorError):
        failure = ConnectError(f"no connection{through}: {text.removeprefix(f'{proxy}: ')}")
    elif isinstance(error, aiohttp.ServerDisconnectedError):
        failure = ConnectError(f"the server closed the connection before it answered{through}")
    elif isinstance(error, aiohttp.ClientResponseError | HttpProcessingError):
        # aiohttp invents a status 400 here: what came was not HTTP at all, or broken by a gateway
        permanent = isinstance(error, aiohttp.ClientResponseError) and _no_http(error.message)
        failure = MalformedStream(f"the server's answer is not valid HTTP{through}", permanent=permanent)
    elif isinstance(error, OSError | aiohttp.ClientError):
        failure = ConnectError(f"the connection broke before an answer{through}: {text}")
    elif isinstance(
        error, RuntimeError
    ):  # no thread to look a name up: there are too many, or the interpreter shuts down
        failure = ConnectError(f"this process can make no connection: {text}", permanent=True)
    else:  # a control character in a header; the text may repeat it
        failure = ConfigError(f"this request cannot be sent: {text}")
    if isinstance(failure, ConnectError):
        failure.sent = not isinstance(error, _UNCONNECTED)
    failure.__cause__ = Cause.of(error)
    return failure


_UNCONNECTED = (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError, RuntimeError)


def never_again(failure: LLMError) -> LLMError:
    """The failure of a request that goes out once, and may have gone out."""
    failure.permanent = True
    failure.message += "; the request may have been read, so it is not sent again: it would begin a second answer"
    return failure


def _reason(error: Exception) -> str:
    """What the system said, without aiohttp's own words (`ssl:default`, which it also says of plain http)."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"{error.host}:{error.port}: {error.certificate_error}"
    if not isinstance(error, aiohttp.ClientConnectorError):
        return str(error)
    cause = error.os_error
    said = _said(cause)
    where = f"{error.host}:{error.port}" if error.host else "the server"
    if isinstance(error, UnixClientConnectorError):
        said = said if cause.errno else str(cause)  # a path that is too long
        where = f"the socket {os.fsencode(error.path).decode(errors='backslashreplace')}"
    return f"{where}: {said}"


def _said(cause: OSError) -> str:
    if isinstance(cause, ssl.SSLError):  # its errno is OpenSSL's, which is another thing for the system
        reason = cause.reason or "the TLS handshake failed"
        return _NO_TLS if reason in _NO_TLS_REASONS else reason.replace("_", " ").lower()
    if cause.errno and cause.errno > 0:
        return os.strerror(cause.errno)  # asyncio has a sentence of its own there ("Connect call failed (...)")
    return "it hung up" if isinstance(cause, ConnectionError) else cause.strerror or "it cannot be reached"


_NO_TLS = "what is there speaks no TLS; is it http:// and not https://?"
_NO_TLS_REASONS = ("WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL", "HTTP_REQUEST")


def failure_in_body(error: Exception, *, begun: bool = True) -> LLMError:
    """What aiohttp raised while the body was being read, as our error. begun: a part of it had been readable."""
    text = scrub(str(error))
    failure: LLMError
    if isinstance(error, HttpProcessingError) or "content-encoding" in text.lower():
        failure = MalformedStream("the framing or the compression of the answer is broken", permanent=not begun)
    else:
        failure = StreamTruncated("the connection broke before the answer was whole; what arrived is in .partial")
    failure.__cause__ = Cause.of(error)
    return failure


def _no_http(message: str) -> bool:
    """What came will come again: another protocol, or more headers than anybody reads."""
    return any(word in message.lower() for word in _NO_HTTP)


_NO_HTTP = ("status", "expected http", "invalid constant string", "too many headers", "got more than")
