"""Keys that sing: each is put where a key can be, everything is made to fail, and all that can be seen is searched.

A canary must not stand in a local variable of this file's functions, for tracebacks show those: hence the constants,
and answers that are made where they are queued.
"""

import asyncio
import copy
import io
import json
import logging
import os
import pickle
import re
import traceback
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, cast

import attrs
import pytest
from rich.console import Console
from rich.pretty import pretty_repr
from rich.traceback import Traceback

import aikido_llm as llm
from aikido_llm import sync
from aikido_llm.connect import dsn
from aikido_llm.secret import HiddenValues, Key, Secret
from aikido_llm.serialize import to_dict
from aikido_llm.testing import Answer, Fault, WireServer
from aikido_llm.transport.base import Headers
from tests.cli.running import run

KEY = "canaryKey7qZ2vX9wB4nU5tR8"
HEADER = "canaryHead3mK6pL1sD0fG7hJ"
PROXY = "canaryPass5yC8eA2iO4wQ9zN"
MASKED = f"{KEY[:8]}****{KEY[-4:]}"
DOTTED = f"{KEY[:8]}...{KEY[-4:]}"
SIGHTING = re.compile(rf"{KEY[:7]}|{HEADER[:7]}|{PROXY[:7]}|{KEY[-4:]}", re.IGNORECASE)
ECHO = f"Incorrect API key provided: {KEY} ({MASKED}, {DOTTED}), Authorization: Bearer {HEADER}, https://h/p?key={KEY}"
ROWS = ("vllm", "openai-responses", "anthropic", "gemini", "cohere", "ollama", "azure", "bedrock-converse")
TIMEOUTS = llm.Timeouts(connect=2, first_event=0.15, idle=0.15)  # where a server may be silent
LIMITS = llm.Limits(event_bytes=100_000, body_bytes=100_000)


def echo_headers() -> dict[str, str]:
    return {"x-request-id": KEY, "request-id": KEY, "x-echo": f"Bearer {KEY}", "set-cookie": f"k={KEY}"}


def status(code: int, message: str = ECHO, word: str = "") -> Callable[[], Answer]:
    return lambda: Answer(status=code, message=message, code=word, headers=echo_headers())


def broken(fault: Fault) -> Callable[[], Answer]:
    return lambda: Answer("Hello there, and more", fault=fault, headers=echo_headers())


def junk(events: list[bytes]) -> list[bytes]:
    return [*events[:1], f"data: {ECHO}\n\n{ECHO}\n".encode()]


CASES: dict[str, Callable[[], Answer]] = {
    **{f"status {code}": status(code) for code in (400, 401, 402, 403, 404, 408, 409, 413, 418, 429, 500, 503, 529)},
    "status with a coded key": status(400, "no", KEY),
    "status 404 of a model": status(404, f"The model `{KEY}` does not exist", "model_not_found"),
    "context": status(400, f"maximum context length is 5 tokens; key {KEY}"),
    "policy": status(400, f"content management policy {KEY}", "content_filter"),
    "page": broken(Fault.page(f"<html><title>{ECHO}</title>{ECHO}</html>", 502)),
    "page in a 200": broken(Fault.page(f"<html><body>{ECHO}</body></html>")),
    "redirect": broken(Fault.redirect(f"https://u:{KEY}@other.example/{KEY}/path?key={KEY}#{KEY}")),
    "redirect without a scheme": broken(Fault.redirect(f"//u:{KEY}@other.example/path;{KEY}?key={KEY}", 302)),
    "in band at once": broken(Fault.error_inside(ECHO)),
    "in band": broken(Fault.error_inside(ECHO, KEY, after_events=2)),
    "junk": lambda: Answer("a b", fault=Fault.edited(junk), headers=echo_headers()),
    "filtered": lambda: Answer(f"no {HEADER[:3]}", finish_reason=llm.FinishReason.content_filter),
    "204": broken(Fault.empty(204)),
    "refused": broken(Fault.reset(place="handshake")),
    "reset": broken(Fault.reset()),
    "reset in the body": broken(Fault.reset(after_events=1)),
    "close in the body": broken(Fault.close(after_events=1)),
    "no end mark": broken(Fault.no_end_mark()),
    "silence": broken(Fault.stall()),
    "silence in the body": broken(Fault.stall(after_events=1)),
    "garbage": broken(Fault.garbage(f"NOT-HTTP {ECHO}\r\n")),
    "status line": broken(Fault.status_line(f"HTTP/1.1 2000 {KEY}")),
    "bad header": broken(Fault.bad_header("nul")),
    "bad chunk": broken(Fault.bad_chunk(1)),
    "malformed": broken(Fault.malformed(1)),
    "endless line": broken(Fault.endless_line(1)),
    "gzip bomb": broken(Fault.gzip_bomb(1)),
    "damaged gzip": broken(Fault.gzip("damaged")),
    "encoding": broken(Fault.encoding(f"x-{KEY}")),
}  # fmt: skip


# ---------------------------------------------------------------- all that can be seen


def chain(error: BaseException) -> Iterator[BaseException]:
    todo: list[BaseException | None] = [error]
    seen: set[int] = set()
    while todo:
        one = todo.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        todo += [one.__cause__, one.__context__]


def shown(error: BaseException, *, rich: bool = False) -> Iterator[tuple[str, str]]:
    """(where, text) of everything that a program could print of an error."""
    for one in chain(error):
        yield f"{type(one).__name__} str", str(one)
        yield f"{type(one).__name__} repr", repr(one)
        yield f"{type(one).__name__} args", repr(one.args)
        yield f"{type(one).__name__} __dict__", repr(vars(one))
        report = traceback.TracebackException.from_exception(one, capture_locals=True, lookup_lines=False)
        yield f"{type(one).__name__} traceback", "".join(report.format_exception_only())
        for frame in report.stack:
            yield f"{type(one).__name__} traceback, {frame.filename}:{frame.lineno}", repr(frame.locals)
        if rich:
            yield from rich_locals(one)
        if isinstance(one, llm.LLMError):
            event = llm.ErrorEvent(one, llm.FinishReason.error)
            yield "ErrorEvent", repr(event)
            yield "to_dict", repr(to_dict(event))


def rich_locals(error: BaseException) -> Iterator[tuple[str, str]]:
    """What rich's traceback would print of the frames (which takes long to print, for it paints the source)."""
    trace = Traceback.extract(type(error), error, error.__traceback__, show_locals=True, locals_max_string=10**6,
                              locals_max_length=10**6)  # fmt: skip
    for stack in trace.stacks:
        yield f"rich {stack.exc_type}", str(stack.exc_value)
        for frame in stack.frames:
            yield (
                f"rich {frame.filename}:{frame.lineno}",
                str({name: str(n) for name, n in (frame.locals or {}).items()}),
            )


def printed(error: BaseException) -> Iterator[tuple[str, str]]:
    """The same in earnest."""
    out = io.StringIO()
    report = Traceback.from_exception(type(error), error, error.__traceback__, show_locals=True)
    Console(file=out, width=200).print(report)
    yield "rich, printed", out.getvalue()
    whole = traceback.TracebackException.from_exception(error, capture_locals=True)
    yield "traceback, printed", "".join(whole.format())


def check(places: Iterator[tuple[str, str]]) -> None:
    for place, text in places:
        found = SIGHTING.search(text)
        assert found is None, f"{place}: ...{text[max(0, found.start() - 300) : found.end() + 60]}..."


@pytest.fixture(autouse=True)
def everything_is_heard(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """All loggers at DEBUG, all warnings kept: searched when the test is over."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "asyncio")
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        yield
    check((f"log {r.name}", f"{r.getMessage()} {r.args} {r.exc_text}") for r in caplog.get_records("call"))
    check(("warning", str(warning.message)) for warning in heard)


async def outcome(work: Callable[[], Awaitable[object]]) -> BaseException:
    try:
        await work()
    except BaseException as error:
        return error
    raise AssertionError("this should have failed")


# ---------------------------------------------------------------- every fault, on every wire


@pytest.fixture
async def server() -> AsyncIterator[WireServer]:
    asyncio.get_running_loop().set_debug(True)
    async with WireServer(key=KEY) as server:
        yield server


def request() -> llm.Request:
    return llm.Request([llm.user("hi")], model="test-model", max_tokens=50, extra_headers={"X-Session-Token": HEADER})


def open_client(server: WireServer, row: str, timeouts: llm.Timeouts = TIMEOUTS, **more: Any) -> llm.HTTPClient:
    return llm.open(row, server.base_url(row), api_key=KEY, headers={"X-Auth": HEADER}, retry=None, timeouts=timeouts,
                    limits=LIMITS, **more)  # fmt: skip


async def failure_of(client: llm.HTTPClient, stream: bool) -> BaseException | None:
    """The error of one request, raised or in its stream."""
    try:
        if not stream:
            await client.complete(request())
            return None
        async for event in client.stream(request()):
            if isinstance(event, llm.ErrorEvent):
                check(iter([("event", repr(event)), ("event", repr(to_dict(event)))]))
                return event.error
    except llm.LLMError as error:
        return error
    return None


@pytest.mark.parametrize("row", ROWS)
async def test_no_fault_on_any_wire_shows_a_key(server: WireServer, row: str) -> None:
    classes: set[type[BaseException]] = set()
    for number, case in enumerate(CASES):
        for stream in (True, False) if (number + ROWS.index(row)) % 3 == 0 else (True,):
            server.answer(CASES[case]())
            server.answer_models(Answer(status=401, message=ECHO), Answer(status=401, message=ECHO))
            async with open_client(server, row) as client:
                error = await failure_of(client, stream)
                check(iter([("client", repr(client)), ("tasks", repr(asyncio.all_tasks()))]))
            if error is not None:
                classes.add(type(error))
                with_rich = stream and (number + ROWS.index(row)) % len(ROWS) == 0
                check((f"{case}: {place}", text) for place, text in shown(error, rich=with_rich))
    assert {
        llm.AuthError, llm.RateLimitedError, llm.InvalidRequestError, llm.ContextLengthError, llm.ContentFilteredError,
        llm.ModelNotFoundError, llm.ServerError, llm.OverloadedError, llm.ConnectError, llm.TimedOutError,
        llm.StreamTruncated, llm.MalformedStream, llm.TooLargeError,
    } <= classes  # fmt: skip
    assert any(KEY in str(dict(r.headers)) and HEADER in str(dict(r.headers)) for r in server.received), (
        "they were sent"
    )


async def test_a_redirect_says_where_it_pointed(server: WireServer) -> None:
    server.answer(CASES["redirect"]())
    async with open_client(server, "vllm") as client:
        with pytest.raises(
            llm.InvalidRequestError, match=r"redirects to https://other\.example/\*\*\*/path; redirects"
        ):
            await client.complete(request())
    assert len(server.received) == 1, "and it is not followed"


@pytest.mark.parametrize("retries", [1, 3])
async def test_retries_and_their_log_show_no_key(server: WireServer, retries: int) -> None:
    server.answer(*(status(500)() for _ in range(retries)))
    policy = llm.RetryPolicy(max_attempts=retries, base_delay=0.001)
    async with llm.open(
        "vllm", server.base_url("vllm"), api_key=KEY, retry=policy, headers={"X-Auth": HEADER}
    ) as client:
        check(shown(await outcome(lambda: client.complete(request()))))


async def test_a_key_of_a_function_shows_nowhere(server: WireServer) -> None:
    async def later() -> str:
        await asyncio.sleep(0)
        return KEY

    for source in (lambda: KEY, later):
        server.answer(status(401)())
        async with llm.open("vllm", server.base_url("vllm"), api_key=source, retry=None) as client:
            check(shown(await outcome(partial(client.complete, request()))))


@pytest.mark.parametrize("fault", [Fault.stall(), Fault.stall(place="in_headers"), Fault.stall(at_byte=20)], ids=str)
async def test_a_cancellation_shows_no_key(server: WireServer, fault: Fault) -> None:
    """The caller's own timeout: its traceback goes through our frames, and through what is below them."""

    async def in_time() -> None:
        async with asyncio.timeout(0.05):
            await client.chat("hi", model="m", extra_headers={"X-Token": HEADER})

    async def cancelled() -> None:
        task = asyncio.ensure_future(client.complete(request()))
        await asyncio.sleep(0.05)
        task.cancel()
        await task

    for work in (in_time, cancelled):
        server.answer(broken(fault)())
        async with open_client(server, "vllm") as client:
            check(shown(await outcome(work), rich=work is in_time))


async def test_a_model_list_shows_no_key(server: WireServer) -> None:
    said = json.dumps({"error": {"message": ECHO, "code": 500}})
    pages = (f"<html>{ECHO}</html>", said, "{" + ECHO)
    for answer in (status(500)(), *(Answer(fault=Fault.page(page)) for page in pages), broken(Fault.garbage(ECHO))()):
        server.answer_models(answer)
        del answer
        async with open_client(server, "vllm") as client:
            check(shown(await outcome(client.list_models), rich=True))


# ---------------------------------------------------------------- proxies


@pytest.mark.parametrize("https", [False, True])
async def test_a_proxy_shows_no_password(server: WireServer, https: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    base = f"{'https' if https else 'http'}://models.example/v1"
    for fault in (None, Fault.garbage(), Fault.reset(place="handshake")):
        for by_variable in (False, True):
            if fault is not None:
                server.answer(Answer(fault=fault))
            if by_variable:
                monkeypatch.setenv("ALL_PROXY", f"http://me:{PROXY}@127.0.0.1:{server.port}")
            client = llm.open("vllm", base, api_key=KEY, retry=None, timeouts=TIMEOUTS, allow_http=True,
                              proxy=None if by_variable else f"http://me:{PROXY}@127.0.0.1:{server.port}")  # fmt: skip
            async with client:
                try:
                    await client.complete(request())
                except llm.LLMError as error:
                    check(shown(error, rich=by_variable))
                else:
                    assert fault is None and not https
    if not https:
        assert any(request.headers.get("proxy-authorization") for request in server.received), "it was the proxy"


async def test_a_variable_that_names_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"socks5://me:{PROXY}@127.0.0.1:9")
    async with llm.open("openai", api_key=KEY, model="m") as client:
        error = await outcome(lambda: client.complete(request()))
    assert isinstance(error, llm.ConfigError)
    assert "HTTPS_PROXY is no HTTP proxy" in str(error)
    check(shown(error, rich=True))


# ---------------------------------------------------------------- opening


def _default() -> object:
    os.environ["LLM_PROVIDER"], os.environ["LLM_DSN"] = "openai", f"?api_key={KEY}&temprature=1"
    try:
        return llm.default_client()
    finally:
        del os.environ["LLM_PROVIDER"], os.environ["LLM_DSN"]


MISTAKES: dict[str, Callable[[], object]] = {
    "unknown provider": lambda: llm.open("opnai", f"?api_key={KEY}"),
    "unknown parameter": lambda: llm.open("openai", f"?api_key={KEY}&temprature=1"),
    "misspelt key": lambda: llm.open("openai", f"?apikey={KEY}"),
    "key twice": lambda: llm.open("openai", f"?api_key={KEY}&api_key={KEY}"),
    "fragment": lambda: llm.open("openai", f"?api_key=#{KEY}"),
    "key as a user": lambda: llm.open("openai", f"https://{KEY}@api.example/v1"),
    "key in base_url": lambda: llm.open("openai", base_url=f"https://api.example/v1?key={KEY}"),
    "password in base_url": lambda: llm.open("openai", base_url=f"https://me:{KEY}@api.example/v1"),
    "no parameters": lambda: llm.open("openai", f"https://api.example/v1?{KEY}"),
    "bad encoding": lambda: llm.open("openai", f"?api_key={KEY}%ff"),
    "bad number": lambda: llm.open("openai", f"?api_key={KEY}&temperature={KEY}"),
    "public http": lambda: llm.open("openai", f"http://api.example/v1?api_key={KEY}"),
    "unknown keyword": lambda: llm.open("openai", apikey=KEY),
    "bad proxy": lambda: llm.open("openai", api_key=KEY, proxy=f"socks5://me:{PROXY}@h:1"),
    "proxy without a host": lambda: llm.open("openai", api_key=KEY, proxy=f"http://me:{PROXY}@"),
    "factory": lambda: llm.get_provider("openai", api_key=KEY, nonsense=1),
    "factory of nothing": lambda: llm.get_provider("opnai", api_key=KEY, extra_headers={"X-Key": HEADER}),
    "factory with a config": lambda: llm.get_provider("opnai", llm.ProviderConfig(api_key=KEY)),
    "environment": _default,
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_opening_shows_no_key(mistake: str) -> None:
    try:
        MISTAKES[mistake]()
    except llm.ConfigError as error:
        frames = error.__traceback__
        assert frames is not None
        check(shown(error.with_traceback(frames.tb_next), rich=True))  # without the frame of this test
    else:
        raise AssertionError("this should have failed")


@pytest.mark.parametrize(
    "source",
    [f"{KEY} {KEY}", lambda: KEY.encode(), lambda: f"{KEY}\r\nX: y", f"{KEY}\u2026", f"{KEY}\ud800"],
    ids=["blank", "bytes", "two lines", "no ASCII", "surrogate"],
)
async def test_a_key_that_cannot_be_sent_is_not_shown(server: WireServer, source: Any) -> None:
    async with llm.open("vllm", server.base_url("vllm"), api_key=source, retry=None) as client:
        del source
        error = await outcome(lambda: client.complete(request()))
        assert isinstance(error, llm.ConfigError)
        check(shown(error, rich=True))
    assert not server.received


async def ask_wrongly(client: llm.HTTPClient, keyword: str) -> None:
    await client.chat("hi", **{keyword: 1}, extra_headers={"X-Key": HEADER})


async def test_wrong_keywords_of_chat_show_no_header(server: WireServer) -> None:
    async with open_client(server, "vllm") as client:
        for wrong in ("nonsense", "messages"):
            error = await outcome(partial(ask_wrongly, client, wrong))
            assert isinstance(error, llm.ConfigError | TypeError)
            check(shown(error, rich=True))


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("spelled", [KEY, KEY.upper(), KEY.lower()], ids=["as it is", "capitals", "small"])
async def test_a_key_that_a_server_gives_as_a_name_is_hidden(server: WireServer, row: str, spelled: str) -> None:
    """As the id, the model or the reason for the end of a whole answer; in capitals or small letters too."""
    for stream in (True, False):
        server.answer(Answer("hi", id=spelled, model=spelled, headers=echo_headers()))
        async with open_client(server, row, llm.Timeouts()) as client:
            if stream:
                response = await llm.collect(client.stream(request()))
            else:
                response = await client.complete(request())
        assert response.text == "hi"
        check(iter([("id", response.id), ("model", response.model), ("reason", str(response.raw_finish_reason))]))
        check(iter([("repr", repr(response)), ("headers", repr(response.headers))]))


ENV_FILES = {
    "an address of today": f"OPENAI_API_KEY={KEY}\nOPENAI_BASE_URL=THERE\n",
    "an older address": f"OPENAI_API_KEY={KEY}\nOPENAI_API_BASE=THERE\n",
    "another's key, as the model": "LLM_PROVIDER=openai\nLLM_DSN=THERE?api_key=x&model=${OPENAI_API_KEY}\n"
    f"OPENAI_API_KEY={KEY}\nOPENAI_BASE_URL=THERE\n",
    "a proxy": "HTTPS_PROXY=PROXY\nHTTP_PROXY=PROXY\nALL_PROXY=PROXY\nSSL_CERT_FILE=ca.pem\nOPENAI_BASE_URL=THERE\n",
    "an address alone": "OPENAI_BASE_URL=THERE\nOPENAI_API_BASE=THERE\nLLM_DSN=THERE\nLLM_PROVIDER=openai\n",
}


@pytest.mark.parametrize("case", ENV_FILES)
async def test_an_env_file_of_a_folder_sends_no_key_elsewhere(server: WireServer, case: str, tmp_path: Path) -> None:
    """Whatever the file says: the server that it names sees nothing, and no output shows a key of it or of the user's.
    The user's own address is a port where nobody listens."""
    there = server.base_url("vllm")
    text = ENV_FILES[case].replace("THERE", there).replace("PROXY", there.removesuffix("/v1"))
    (tmp_path / ".env").write_text(text)
    (tmp_path / "key").write_text(HEADER)
    (tmp_path / "key").chmod(0o600)
    own = {} if KEY in text else {"OPENAI_API_KEY": HEADER}
    for arguments in (("chat", "-p", "openai", "-m", "g", "hi"), ("models", "-p", "openai"), ("doctor", "openai")):
        done = await run(*arguments, cwd=tmp_path, LLM_DSN="https://127.0.0.1:9/v1?max_retries=0&timeout=5",
                         LLM_PROVIDER="openai", **own)  # fmt: skip
        check(iter([("stdout", done.out), ("stderr", done.err)]))
        assert done.code == 1
    assert not server.received


def insides(value: object, depth: int = 6) -> Iterator[tuple[str, str]]:
    """What `vars`, `attrs.asdict` and a debugger's tree show of a value, and a pickle of it if there is one."""
    yield f"repr of {type(value).__name__}", repr(value)
    if isinstance(value, Key | Secret | HiddenValues | Headers) or depth == 0:  # they are what hides
        return
    inner: dict[str, Any] = {**getattr(value, "__dict__", {})}
    kind: type[object] = type(value)
    if attrs.has(kind):
        yield f"asdict of {kind.__name__}", repr(attrs.asdict(cast("Any", value)))
        inner |= {field.name: getattr(value, field.name) for field in attrs.fields(kind)}
    for name, one in inner.items():
        yield f"{name} of {kind.__name__}", repr(one)
        if type(one).__module__.startswith("aikido_llm"):
            yield from ((f"{name}: {place}", text) for place, text in insides(one, depth - 1))


async def test_no_object_shows_a_key(server: WireServer) -> None:
    client = llm.open("anthropic", f"{server.base_url('anthropic')}?api_key={KEY}", proxy=f"http://u:{PROXY}@h:1",
                      headers={"X-Auth": HEADER})  # fmt: skip
    inner: dict[str, Any] = vars(client)
    config = llm.ProviderConfig(api_key=KEY, extra_headers={"X-Auth": HEADER})
    said = dsn.parse(f"https://h/v1?api_key={KEY}&apikey={KEY}")
    seen: list[Any] = [client, inner, config, said, request(), client.stream(request()), client.single_attempt,
                       Key(KEY), Secret(KEY), inner["_settings"], vars(inner["_transport"])]  # fmt: skip
    for value in seen:
        check(iter([("repr", repr(value)), ("str", f"{value}"), ("rich", pretty_repr(value))]))
    for value in (client, client.single_attempt, config, said, inner["_settings"].row.provider, inner["_attempts"]):
        check(insides(value))
        check(insides(copy.copy(value)))
        check(insides(copy.deepcopy(value)))
        with pytest.raises(TypeError, match="cannot be pickled"):
            pickle.dumps(value)
    await client.aclose()


def test_what_holds_no_key_may_be_pickled() -> None:
    config = llm.ProviderConfig(base_url="http://127.0.0.1:1/v1", default_model="m")
    assert pickle.loads(pickle.dumps(config)) == config
    assert copy.deepcopy(config) == config


def test_a_sync_client_is_not_pickled() -> None:
    with sync.open("openai", api_key=KEY, model="m") as client:
        for value in (client, [client]):
            with pytest.raises(TypeError, match="cannot be pickled"):
                pickle.dumps(value)
        assert copy.deepcopy(client) is client
