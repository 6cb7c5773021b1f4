"""What signs the requests of a client: a key, a row's own function, or a credential that its requests share."""

import asyncio
import copy
import pickle
import threading
import traceback
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import pytest
from attrs import evolve

import aikido_llm as llm
from aikido_llm.auth.base import Credential, Pieces, Signing, Unsigned, bearer
from aikido_llm.call.signing import Shared
from aikido_llm.providers import find
from aikido_llm.providers.base import DsnOption, Provider
from aikido_llm.testing import Answer, WireServer
from aikido_llm.transport.base import HTTPRequest, HTTPResponse

ROW = find("openai-chat")
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 2048


class Tokens:
    """A vendor's library: each search gives another token. names: the threads in which it was asked."""

    def __init__(self, *, lives: float | None = None) -> None:
        self.given: list[str] = []
        self.names: set[str] = set()
        self.settings: list[dict[str, str]] = []
        self.wait = threading.Event()
        self.wait.set()
        self.asked = threading.Event()
        self.error: Exception | None = None
        self.lives = lives

    def find(self, settings: Mapping[str, str]) -> Credential:
        self.names.add(threading.current_thread().name)
        self.settings.append(dict(settings))
        self.asked.set()
        assert self.wait.wait(10)
        if self.error is not None:
            raise self.error
        self.given.append(f"token-{len(self.given)}-secret")
        return Credential({"token": self.given[-1]}, ends=self.lives)

    def row(self, name: str) -> Provider:
        signing = Signing("Acme", "acme", self.find, bearer, expired=("expired",))
        return evolve(
            ROW, name=name, auth=signing, options=(DsnOption("tenant", setting=True),), key_env=("ACME_KEY",),
            wires={}, base_env="",
        )  # fmt: skip


registered: set[str] = set()


def opened(row: Provider, server: WireServer, **settings: Any) -> llm.HTTPClient:
    name = f"{row.name}-{len(registered)}"
    registered.add(name)
    llm.register(name, row)
    return llm.open(name, f"{server.url}/v1", model="m", **settings)


def refused(status: int = 401, message: str = "the token is expired", code: str = "") -> Answer:
    return Answer(status=status, message=message, code=code)


def authorizations(server: WireServer) -> list[str]:
    return [request.headers.get("authorization", "") for request in server.received]


async def test_it_is_asked_once_per_attempt_with_what_is_sent() -> None:
    asked: list[tuple[str, str, dict[str, str], bytes]] = []

    def auth(method: str, url: str, headers: Mapping[str, str], body: bytes | Pieces | None) -> dict[str, str]:
        assert body is not None
        asked.append((method, url, dict(headers), body if isinstance(body, bytes) else b"".join(body.pieces())))
        return {"X-Signature": f"sig-{len(asked)}", "Authorization": "Acme secret-signature"}

    async with WireServer(key=None) as server:
        async with opened(evolve(ROW, name="signed", auth=auth, wires={}), server) as client:
            server.answer(Answer(status=503, headers={"retry-after": "0"}), "done")
            request = llm.Request("hi", extra_headers={"X-Own": "1"})
            assert (await client.complete(request)).attempts == 2
            picture = llm.Request([llm.user("look", images=[llm.ImagePart(data=PNG)])])
            assert (await llm.collect(client.stream(picture))).text
        sent = server.received
        assert [(r.method, f"{server.url}{r.path}", r.raw) for r in sent] == [(m, u, b) for m, u, _, b in asked]
        assert [r.headers["x-signature"] for r in sent] == ["sig-1", "sig-2", "sig-3"]
        for request_, (_, _, headers, _) in zip(sent, asked, strict=True):
            assert {name.lower(): value for name, value in headers.items()}.items() <= request_.headers.items()
        assert asked[0][2]["X-Own"] == "1"


async def test_a_function_may_be_async_and_its_secrets_are_in_no_error() -> None:
    async def auth(method: str, url: str, headers: Mapping[str, str], body: bytes | Pieces | None) -> dict[str, str]:
        await asyncio.sleep(0)
        return {"Authorization": "Acme made-signature-of-ours"}

    async with WireServer(key=None) as server:
        async with opened(evolve(ROW, name="signed", auth=auth, wires={}, key_needed=True), server) as client:
            server.answer(refused(message="bad: Acme made-signature-of-ours"))
            with pytest.raises(llm.AuthError) as caught:
                await client.chat("hi")
        assert "made-signature" not in "".join(traceback.format_exception(caught.value))
        assert len(server.received) == 1, "nothing says that it can be renewed"


async def test_a_key_wins() -> None:
    tokens = Tokens()
    async with WireServer() as server, opened(tokens.row("cloud"), server, api_key="test-key") as client:
        assert (await client.chat("hi")).text
        assert authorizations(server) == ["Bearer test-key"]
    assert not tokens.given


async def test_a_credential_is_found_off_the_loop_and_once() -> None:
    tokens = Tokens()
    async with WireServer(key=None) as server, opened(tokens.row("cloud"), server, tenant="blue") as client:
        await asyncio.gather(*(client.chat("hi") for _ in range(50)))
        assert authorizations(server) == ["Bearer token-0-secret"] * 50
    assert tokens.given == ["token-0-secret"]
    assert tokens.settings == [{"tenant": "blue"}]
    assert threading.current_thread().name not in tokens.names


async def test_fifty_calls_whose_token_expires_have_it_renewed_once() -> None:
    tokens = Tokens()
    good = {"Bearer token-1-secret"}
    async with WireServer(key=None) as server, opened(tokens.row("cloud"), server, retry=None) as client:
        server.respond(lambda request: Answer() if request.headers["authorization"] in good else refused())
        answers = await asyncio.gather(*(client.chat("hi") for _ in range(50)))
        assert [answer.attempts for answer in answers] == [1] * 50
        assert authorizations(server).count("Bearer token-1-secret") == 50
        assert len(server.received) <= 100
        good.clear()
        good.add("Bearer token-2-secret")
        assert (await llm.collect(client.chat_stream("hi"))).text == ""
    assert len(tokens.given) == 3


@pytest.mark.parametrize(
    ("answer", "requests"),
    [
        (refused(), 2),
        (refused(403, "The security token included in the request is expired"), 2),
        (refused(403, "you may not"), 1),
        (refused(400, "a message is missing"), 1),
        (refused(429, "slow down"), 1),
    ],
)
async def test_refused_twice_gives_up(answer: Answer, requests: int) -> None:
    tokens = Tokens()
    async with WireServer(key=None) as server, opened(tokens.row("cloud"), server, retry=None) as client:
        server.respond(lambda _: answer)
        with pytest.raises(llm.LLMError) as caught:
            await client.chat("hi")
        assert caught.value.status == answer.status
        assert len(server.received) == requests
        assert len(tokens.given) == requests


async def test_a_token_that_ends_is_replaced_before_it_does() -> None:
    now = [1000.0]
    tokens = Tokens(lives=2000.0)
    shared = Shared(lambda: tokens.find({}), lambda: now[0])
    first = await shared.get()
    assert await shared.get() is first
    now[0] = 1945.0
    tokens.error = llm.ConnectError("nobody is there")
    assert await shared.get() is first, "to its very end, when there is no other"
    now[0] = 2001.0
    with pytest.raises(llm.ConnectError):
        await shared.get()
    tokens.error = None
    tokens.lives = None
    assert await shared.get() is not first
    assert len(tokens.given) == 2


async def test_who_waits_may_leave_and_the_others_get_it() -> None:
    tokens = Tokens()
    tokens.wait.clear()
    async with WireServer(key=None) as server, opened(tokens.row("cloud"), server) as client:
        calls = [asyncio.create_task(client.chat("hi")) for _ in range(3)]
        await asyncio.to_thread(tokens.asked.wait, 10)
        calls[0].cancel()
        with pytest.raises(asyncio.CancelledError):
            await calls[0]
        tokens.wait.set()
        assert all(answer.text for answer in await asyncio.gather(*calls[1:]))
    assert len(tokens.given) == 1


async def test_the_search_stands_under_the_clocks() -> None:
    tokens = Tokens()
    tokens.wait.clear()
    async with WireServer(key=None) as server, opened(tokens.row("cloud"), server, timeout=0.05, retry=None) as client:
        with pytest.raises(llm.TimedOutError):
            await client.chat("hi")
    tokens.wait.set()


async def test_each_who_waits_gets_an_error_of_its_own() -> None:
    tokens = Tokens()
    tokens.error = llm.ConfigError("no Acme credentials were found: run `acme login`")
    async with WireServer(key=None) as server, opened(tokens.row("cloud"), server) as client:
        failed = await asyncio.gather(*(client.chat("hi") for _ in range(3)), return_exceptions=True)
    assert len({id(error) for error in failed}) == 3
    assert all(isinstance(error, llm.ConfigError) and "acme login" in str(error) for error in failed)
    assert "ACME_KEY" in str(failed[0])
    assert not server.received


async def test_what_a_library_raises_is_an_error_of_ours_without_its_frames() -> None:
    tokens = Tokens()
    tokens.error = OSError("cannot read sk-abcdefghijklmnopqrstuvwxyz")
    async with WireServer(key=None) as server, opened(tokens.row("cloud"), server) as client:
        with pytest.raises(llm.ConfigError) as caught:
            await client.chat("hi")
    assert "OSError: cannot read" in str(caught.value)
    assert "sk-abc" not in "".join(traceback.format_exception(caught.value))


async def test_a_body_in_pieces_is_signed_off_the_loop() -> None:
    digests: list[tuple[str, str]] = []

    def sign(credential: Credential, request: Unsigned) -> dict[str, str]:
        digests.append((request.digest(), threading.current_thread().name))
        return bearer(credential, request)

    row = Tokens().row("cloud")
    assert isinstance(row.auth, Signing)
    async with WireServer(key=None) as server, opened(evolve(row, auth=evolve(row.auth, sign=sign)), server) as client:
        await client.complete(llm.Request([llm.user("look", images=[llm.ImagePart(data=PNG)])]))
        await client.chat("hi")
        raws = [request.raw for request in server.received]
    assert [digest for digest, _ in digests] == [sha256(raw).hexdigest() for raw in raws]
    assert digests[0][1] != threading.current_thread().name
    assert digests[1][1] == threading.current_thread().name


def test_a_credential_shows_nothing_and_is_not_pickled() -> None:
    credential = Credential({"id": "AKIDEXAMPLE", "secret": "wJalrXUtnFEMI"}, known={"region": "eu-west-1"})
    request = Unsigned("POST", "https://x", {"Authorization": "Bearer abc"}, b"body", 0.0)
    for text in (repr(credential), repr(request)):
        assert not any(secret in text for secret in ("AKIDEXAMPLE", "wJalr", "abc", "body"))
    assert "eu-west-1" in repr(credential)
    for value in (credential, request):
        with pytest.raises(TypeError, match="cannot be pickled"):
            pickle.dumps(value)
    assert copy.copy(credential) == credential


async def test_what_a_base_url_leaves_open_is_found_with_the_credential() -> None:
    """The row's own URL goes to a public host, so that this one ends before anything is sent."""
    credential = Credential({"token": "t"}, known={"zone": "north"})
    signing = Signing("Acme", "acme", lambda settings: credential, bearer, tells=frozenset({"zone"}))
    option = DsnOption("zone", setting=True, env=("ACME_ZONE",))
    row = evolve(ROW, auth=signing, base_url="https://{zone}.acme.example/v1", options=(option,), wires={}, base_env="")
    seen: list[str] = []

    class Seen:
        async def send(self, request: HTTPRequest) -> HTTPResponse:
            seen.append(request.url)
            raise llm.ConnectError("seen")

        async def aclose(self) -> None: ...

    llm.register("zoned", evolve(row, name="zoned"))
    for settings, base in ((None, "north"), ("south", "south")):
        async with llm.open("zoned", model="m", http=Seen(), retry=None, zone=settings) as client:
            with pytest.raises(llm.ConnectError):
                await client.chat("hi")
        assert seen.pop() == f"https://{base}.acme.example/v1/chat/completions"
    with pytest.raises(llm.ConfigError, match=r"zoned needs zone=.*ACME_ZONE"):
        llm.open("zoned", api_key="k")  # with a key nobody looks for a credential that would tell it
    with pytest.raises(llm.ConfigError, match="holds what no base URL can hold"):
        llm.open("zoned", zone="evil.example/x?")
    llm.register("zoned-key", evolve(row, name="zoned-key", auth=None))
    with pytest.raises(llm.ConfigError, match="zoned-key needs zone="):
        llm.open("zoned-key", api_key="k")
