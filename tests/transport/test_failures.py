"""What aiohttp raises, as our errors."""

import asyncio
import errno
from unittest.mock import Mock

import aiohttp
import pytest
from aiohttp.http_exceptions import LineTooLong, TransferEncodingError

import aikido_llm as llm
from aikido_llm.transport.aiohttp import AiohttpTransport
from aikido_llm.transport.base import Headers, HTTPRequest, HTTPResponse, Limits, Timeouts, check_encoding
from aikido_llm.transport.failures import failure_before_answer, failure_in_body
from tests.transport.conftest import in_use, mocked

URL = "https://api.example/v1/chat"
KEY = Mock(ssl=True, host="api.example", port=443)
INFO = Mock(real_url=URL, headers={"Authorization": "Bearer secret-of-the-request"})
REFUSED = OSError(errno.ECONNREFUSED, "refused")

BEFORE: list[tuple[Exception, type[llm.LLMError], bool]] = [
    (aiohttp.ClientConnectorError(KEY, REFUSED), llm.ConnectError, False),
    (aiohttp.ClientConnectorDNSError(KEY, OSError("no such host")), llm.ConnectError, False),
    (aiohttp.ClientProxyConnectionError(KEY, REFUSED), llm.ConnectError, False),
    (aiohttp.ClientConnectorCertificateError(KEY, Exception("self-signed")), llm.ConnectError, True),
    (aiohttp.ClientConnectorSSLError(KEY, OSError("wrong version number")), llm.ConnectError, True),
    (aiohttp.ConnectionTimeoutError("to https://api.example?key=secret"), llm.TimedOutError, False),
    (aiohttp.ServerDisconnectedError(), llm.ConnectError, False),
    (aiohttp.ClientOSError(errno.ECONNRESET, "reset"), llm.ConnectError, False),
    (aiohttp.ClientConnectionError("Connector is closed."), llm.ConnectError, False),
    (aiohttp.ClientResponseError(INFO, (), status=400, message="Duplicate Content-Length"), llm.MalformedStream, False),
    (aiohttp.ClientResponseError(INFO, (), status=400, message="Too many headers received"), llm.MalformedStream, True),
    (aiohttp.ClientResponseError(INFO, (), status=400, message="Expected HTTP/"), llm.MalformedStream, True),
    (LineTooLong(b"x", 8190), llm.MalformedStream, False),
    (aiohttp.ClientHttpProxyError(INFO, (), status=407, message="Auth"), llm.ConnectError, True),
    (aiohttp.ClientHttpProxyError(INFO, (), status=502, message="Bad"), llm.ConnectError, False),
    (aiohttp.InvalidURL("https://?key=secret"), llm.ConfigError, False),
    (aiohttp.NonHttpUrlClientError("ftp://x"), llm.ConfigError, False),
    (ValueError("a header with a newline"), llm.ConfigError, False),
    (RuntimeError("cannot schedule new futures after interpreter shutdown"), llm.ConnectError, True),
]


def _name(value: object) -> str:
    return type(value).__name__ if isinstance(value, Exception) else ""


@pytest.mark.parametrize(("raised", "kind", "permanent"), BEFORE, ids=_name)
def test_before_the_answer(raised: Exception, kind: type[llm.LLMError], permanent: bool) -> None:
    failure = failure_before_answer(raised)
    assert type(failure) is kind
    assert failure.permanent is permanent
    assert failure.__cause__ is not raised, "a stand-in, which holds no key"
    assert "secret" not in f"{failure} {failure!r} {failure.__cause__!r}"
    assert type(raised).__name__ in str(failure.__cause__)


@pytest.mark.parametrize(
    ("says", "told"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "what is there speaks no TLS; is it http:// and not https://?"),
        (b"\x15\x03\x03\x00\x02\x02\x28", "alert handshake failure"),
        (b"", "it hung up"),
    ],
    ids=["plain http", "refused", "closed"],
)
async def test_a_handshake_that_fails_says_why(says: bytes, told: str) -> None:
    """OpenSSL counts its errors too, and what is its first is `Operation not permitted` to the system."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        writer.write(says)
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with llm.open("openai", f"https://127.0.0.1:{port}/v1", model="m", api_key="k", retry=None) as client:
            with pytest.raises(llm.ConnectError) as caught:
                await client.chat("hi")
    assert told in str(caught.value)
    assert "permitted" not in str(caught.value)


BODY: list[tuple[Exception, type[llm.LLMError]]] = [
    (aiohttp.ClientPayloadError("Response payload is not completed"), llm.StreamTruncated),
    (aiohttp.ClientConnectionError("Connection closed"), llm.StreamTruncated),
    (ConnectionResetError(errno.ECONNRESET, "reset"), llm.StreamTruncated),
    (aiohttp.ClientPayloadError("Can not decode content-encoding: gzip"), llm.MalformedStream),
    (TransferEncodingError("bad chunk"), llm.MalformedStream),
]


@pytest.mark.parametrize(("raised", "kind"), BODY, ids=_name)
def test_in_the_body(raised: Exception, kind: type[llm.LLMError]) -> None:
    assert type(failure_in_body(raised)) is kind
    assert not failure_in_body(raised).permanent
    assert failure_in_body(raised, begun=False).permanent is (kind is llm.MalformedStream), "it would come again"


@pytest.mark.usefixtures("shim")
async def test_request_shape_status_and_headers_by_any_case() -> None:
    transport = AiohttpTransport(Timeouts(), Limits())
    with mocked() as server:
        server.post(URL, status=201, body=b"whole", headers={"X-Request-Id": "r1"})
        response = await transport.send(HTTPRequest("POST", URL, Headers({"X-Key": "k"}), b"{}"))
        assert (response.status, response.headers["x-request-id"], await response.read()) == (201, "r1", b"whole")
        response.release()
        (call,) = next(iter(server.requests.values()))
    assert call.kwargs["allow_redirects"] is False
    assert call.kwargs["headers"] == {"X-Key": "k"}
    await transport.aclose()


@pytest.mark.usefixtures("shim")
async def test_what_the_session_raises_is_mapped() -> None:
    transport = AiohttpTransport(Timeouts(), Limits(connections=1))
    with mocked() as server:
        for raised, kind, _ in BEFORE[:10]:
            server.post(URL, exception=raised)
            with pytest.raises(kind) as caught:
                await transport.send(HTTPRequest("POST", URL, Headers({}), b"{}"))
            assert caught.value.__context__ is None, "aiohttp's exception is not chained"
    await transport.aclose()


async def test_the_shim_is_still_needed() -> None:
    """When this fails, aioresponses has learned of `stream_writer`: remove the shim."""
    assert in_use() is aiohttp.ClientResponse
    async with aiohttp.ClientSession() as session:
        with mocked() as server, pytest.raises(TypeError, match="stream_writer"):
            server.post(URL, body=b"x")
            await session.post(URL)


def coded(coding: str) -> HTTPResponse:
    return Mock(headers={"content-encoding": coding})


@pytest.mark.parametrize("coding", ["none", "identity", "", " None ", '"identity"', "utf-8"])
def test_a_coding_that_is_none_is_none(coding: str) -> None:
    check_encoding(coded(coding))


@pytest.mark.parametrize("coding", ["compress", "x-snappy", "aes128gcm"])
def test_a_compression_that_nobody_asked_for_is_told(coding: str) -> None:
    with pytest.raises(llm.MalformedStream) as caught:
        check_encoding(coded(coding))
    assert caught.value.permanent
