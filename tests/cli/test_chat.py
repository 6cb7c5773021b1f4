"""`chat`: what becomes of what a person typed, and what of what came back."""

import asyncio
import json
import os
import shlex
import sys
from pathlib import Path

import click
import pytest

import aikido_llm as llm
from aikido_llm.cli.asking import request as asking
from aikido_llm.testing import Answer, Fault, WireServer

from .running import TIMEOUT, environment, here, run, take

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x03\0\0\0\x02"


def test_words_and_files_make_the_prompt(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text of a")
    assert asking.prompt_text(["why", "is", "it"]) == "why is it"
    assert asking.prompt_text(["review:", f"@{tmp_path}/a.txt", "thanks", "a lot"]) == (
        "review:\n\ntext of a\n\nthanks a lot"
    )
    assert asking.prompt_text(["@@alice", "is", "@", "home"]) == "@alice is @ home"
    assert asking.prompt_text(["@alice is not a file"]) == "@alice is not a file"


def test_files_are_attached_as_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# a")
    (tmp_path / "b.png").write_bytes(PNG)
    (tmp_path / "c.pdf").write_bytes(b"%PDF-1.7\0")
    paths = [str(tmp_path / name) for name in ("a.md", "b.png", "c.pdf")]
    [turn] = asking.messages(None, "compare", [], paths)
    kinds = [type(part).__name__ for part in turn.parts]
    assert kinds == ["TextPart", "ImagePart", "FilePart", "TextPart"]
    assert turn.text == "a.md:\n\n# a\ncompare"
    assert asking.messages(None, "", [], paths[:1]) == [llm.user("# a")]
    with pytest.raises(click.UsageError, match="no prompt"):
        asking.messages(None, "", [], paths[1:])


def test_tools_of_three_forms(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"x": {"type": "integer"}}}
    forms = [
        {"name": "a", "parameters": schema},
        {"type": "function", "function": {"name": "a", "parameters": schema}},
        {"name": "a", "input_schema": schema},
    ]
    (tmp_path / "tools.json").write_text(json.dumps(forms))
    assert asking.tools([str(tmp_path / "tools.json")]) == [llm.ToolDef("a", parameters=schema)] * 3
    for wrong in ("[1]", "{}", "nonsense", '{"name": "a", "parameters": 3}'):
        (tmp_path / "tools.json").write_text(wrong)
        with pytest.raises(click.BadParameter):
            asking.tools([str(tmp_path / "tools.json")])


async def test_what_is_piped_in_is_appended(server: WireServer) -> None:
    done = await run("chat", "-p", "vllm", "--dsn", server.dsn("vllm"), "summarise", stdin="from a pipe\n")
    assert done.out == "Hello from the test server.\n"
    assert server.received[0].body["messages"] == [{"role": "user", "content": "summarise\n\nfrom a pipe\n"}]


async def test_options_reach_the_wire(server: WireServer, tmp_path: Path) -> None:
    (tmp_path / "p.png").write_bytes(PNG)
    (tmp_path / "t.json").write_text('{"name": "look", "description": "looks"}')
    server.answer(Answer(thinking="Hm.", text="Yes.", tool_calls=(llm.ToolCall("c1", "look", '{"at": "it"}'),)))
    done = await here(
        "chat", "-p", "anthropic", "--dsn", server.dsn("anthropic"), "-s", "be brief", "--max-tokens", "2000",
        "--thinking", "1024", "--image", str(tmp_path / "p.png"), "--tool-schema", str(tmp_path / "t.json"), "hi",
    )  # fmt: skip
    assert (done.code, done.out) == (0, "Yes.\n")
    assert done.err == 'Hm.\ntool call: look({"at": "it"})\n'
    body = server.received[0].body
    assert body["max_tokens"] == 2000
    assert body["thinking"]["budget_tokens"] == 1024
    assert body["tools"][0]["name"] == "look"
    assert any(block["type"] == "image" for block in body["messages"][0]["content"])


@pytest.mark.parametrize("stream", [True, False])
async def test_what_breaks_off_is_printed_and_said(server: WireServer, stream: bool) -> None:
    fault = Fault.close(after_events=3) if stream else Fault.close(at_byte=20)
    server.answer(*[Answer("one two three four five", fault=fault)] * 3)
    flags = () if stream else ("--no-stream",)
    done = await here("chat", "-p", "vllm", "--dsn", server.dsn("vllm"), "hi", *flags)
    assert done.code == 1
    assert done.err.count("\n") == 1
    assert done.err.startswith("aikido-llm: vllm: ")
    if stream:
        assert done.out.startswith("one two")
        assert "what arrived stands above" in done.err


async def test_pictures_of_an_answer_are_kept(server: WireServer) -> None:
    server.answer(Answer(images=(llm.ImagePart(data=PNG),)))
    done = await here("chat", "-p", "gemini", "--dsn", server.dsn("gemini"), "draw")
    take(Path(done.err.removeprefix("image: ").partition(" (")[0]), PNG)


TIDE = (
    llm.Citation(url="https://tide.example", title="Tide", start=0, end=4),
    llm.Citation(url="https://moon.example", start=5, end=9),
    llm.Citation(url="https://tide.example", title="Tide", start=10, end=12),
)
SEARCH = llm.ServerToolCall("srvtoolu_1", "web_search", "web_search", '{"query": "tide"}', "completed", "[]")


@pytest.mark.parametrize("stream", [True, False])
async def test_in_a_pipe_sources_and_server_tools_are_said_on_stderr(server: WireServer, stream: bool) -> None:
    server.answer(Answer("High at noon.", server_tools=(SEARCH,), citations=TIDE))
    flags = () if stream else ("--no-stream",)
    done = await here("chat", "-p", "anthropic", "--dsn", server.dsn("anthropic"), "tide?", *flags)
    assert (done.code, done.out) == (0, "High at noon.\n")
    assert [line.replace(" ", "") for line in done.err.splitlines()] == [
        'servertool:web_search{"query":"tide"}(completed)',
        "[1]Tide,https://tide.example",
        "[2]https://moon.example",
    ]


async def test_the_environment_of_another_provider_is_left_alone(server: WireServer) -> None:
    done = await here("chat", "-p", "echo", "hi", LLM_PROVIDER="vllm", LLM_DSN=server.dsn("vllm"), LLM_MODEL="m")
    assert done.out == "hi\n"
    assert not server.received


LOCALES = (
    {"LC_ALL": "C.UTF-8"},
    {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "utf-8:strict"},
    {"LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "latin-1"},
)


@pytest.mark.parametrize("locale", LOCALES)
async def test_text_in_any_locale(server: WireServer, locale: dict[str, str]) -> None:
    server.answer("naïve 文字")
    done = await run("chat", "-p", "vllm", "--dsn", server.dsn("vllm"), "-s", "tél", "café", stdin="文字", **locale)
    assert done.code == 0, done.err
    assert [turn["content"] for turn in server.received[0].body["messages"]] == ["tél", "café\n\n文字"]
    assert "na" in done.out, "what the locale has no word for is an escape"
    assert "?" not in done.out
    lines = (await run("chat", "--json", "naïve 文字", **locale)).out.splitlines()
    assert json.loads(lines[-1])["response"]["text"] == "naïve 文字"


@pytest.mark.parametrize(
    ("data", "locale"), [*zip((b"caf\xe9", b"\xff\xfe\0\1", b"text\0", b"caf\xe9"), LOCALES, strict=True)]
)
async def test_what_is_no_text_is_refused(server: WireServer, locale: dict[str, str], data: bytes) -> None:
    done = await run("chat", "-p", "vllm", "--dsn", server.dsn("vllm"), "hi", stdin=data, **locale)
    assert done.code == 2
    assert "what is piped in is not text in UTF-8: attach it with --file -" in done.err
    assert "Traceback" not in done.err
    assert not server.received


async def test_arguments_that_are_no_text(server: WireServer) -> None:
    access = ("-p", "vllm", "--dsn", server.dsn("vllm"))
    for arguments in (("caf\udce9",), ("-s", "caf\udce9", "hi"), ("--file", "caf\udce9", "hi"), ("@caf\udce9",)):
        done = await run("chat", *access, *arguments, LC_ALL="C.UTF-8")
        assert done.code == 2, done.err
        assert "Traceback" not in done.err
    assert not server.received


async def test_stdin_can_be_attached(server: WireServer) -> None:
    access = ("-p", "gemini", "--dsn", server.dsn("gemini"))
    assert (await run("chat", *access, "--image", "-", "what?", stdin=PNG)).code == 0
    assert (await run("chat", *access, "--file", "-", "what?", stdin=b"%PDF-1.7\0")).code == 0
    assert (await run("chat", *access, "--file", "-", stdin="the prompt")).code == 0
    assert (await run("chat", *access, "--file", "-", "--image", "-", "what?", stdin=PNG)).code == 2
    sent = [request.body["contents"][0]["parts"] for request in server.received]
    assert [part["inlineData"]["mimeType"] for parts in sent for part in parts if "inlineData" in part] == [
        *("image/png", "application/pdf")
    ]
    assert sent[2] == [{"text": "the prompt"}]


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="a file without an end; on Linux: make test")
@pytest.mark.parametrize("words", [("@/dev/zero",), ("--file", "/dev/zero", "hi"), ("--image", "/dev/zero", "hi"),
                                   ("-a", "/dev/zero", "hi")], ids=lambda words: words[0])  # fmt: skip
async def test_what_has_no_end_is_refused_in_bounded_memory(words: tuple[str, ...]) -> None:
    done = await here("chat", "-p", "echo", *words)
    assert done.code == 2
    assert "/dev/zero: File too large" in done.err
    assert "Traceback" not in done.err


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="a file without an end; on Linux: make test")
async def test_what_is_piped_in_without_an_end_is_refused() -> None:
    command = f"cat /dev/zero | {shlex.quote(sys.executable)} -m aikido_llm chat -p echo hi"
    process = await asyncio.create_subprocess_shell(command, stderr=asyncio.subprocess.PIPE, env=environment())
    _, told = await asyncio.wait_for(process.communicate(), TIMEOUT)
    assert process.returncode == 2
    assert b"what is piped in: File too large" in told
