"""`repl` over a pipe, and the conversation it keeps."""

import json
import os
from pathlib import Path

import pytest

import aikido_llm as llm
from aikido_llm.cli.asking.conversation import Conversation
from aikido_llm.cli.asking.typing_in import joined, unfinished
from aikido_llm.testing import Answer, WireServer

from .running import here, run


@pytest.mark.parametrize(
    ("text", "goes_on"),
    [("", False), ("a", False), ("a\\", True), ("a\\\nb", False), ('"""', True), ('"""a', True), ('"""a\nb"""', False),
     ('"""\na\n"""', False), ('a """', False), ('""""', True)],
)  # fmt: skip
def test_continuation(text: str, goes_on: bool) -> None:
    assert unfinished(text) is goes_on


def test_joined() -> None:
    assert joined("a") == "a"
    assert joined("a\\\nb\\\nc") == "a\nb\nc"
    assert joined('"""\na\\\nb\n"""') == "a\\\nb"
    assert joined("pasted\nlines") == "pasted\nlines"


async def test_signatures_survive_a_kept_conversation(server: WireServer, tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    answer = Answer(thinking="Let me see.", signature="c2lnbmF0dXJl", text="Four.")
    server.answer(answer, "Five.")
    access = ("-p", "anthropic", "--dsn", server.dsn("anthropic"))
    lines = (
        f"/system be brief\ntwo and two?\n/usage\n/save {kept}\n/clear\n/retry\n/nonsense\n/model\n/quit\nnever asked\n"
    )
    done = await run("repl", *access, stdin=lines)
    assert done.out == "Four.\n"
    assert "usage: 11 in, 7 out" in done.err
    assert "nothing was asked yet" in done.err
    assert "no command /nonsense" in done.err
    assert "anthropic/test-model" in done.err
    again = await run("repl", *access, "--load", str(kept), stdin="and one?\n")
    assert again.out == "Five.\n"
    body = server.received[1].body
    assert "be brief" in json.dumps(body["system"])
    assert [block["type"] for block in body["messages"][1]["content"]] == ["thinking", "text"]
    assert body["messages"][1]["content"][0]["signature"] == "c2lnbmF0dXJl"


async def test_a_conversation_goes_on_with_another_provider(server: WireServer) -> None:
    server.answer("from vllm")
    lines = "hi\n/provider echo\nhow are you\n/provider nonsense\n/provider vllm\nback\n"
    done = await here("repl", "-p", "vllm", "--dsn", server.dsn("vllm"), stdin=lines)
    assert done.out == "from vllm\nhow are you\nHello from the test server.\n"
    assert "there is no provider 'nonsense'" in done.err
    assert [turn["content"] for turn in server.received[-1].body["messages"]] == [
        *("hi", "from vllm", "how are you", "how are you", "back")
    ]


def test_a_file_that_is_no_conversation_changes_nothing(tmp_path: Path) -> None:
    conversation = Conversation(system="s", messages=[llm.user("a")])
    for text in ("", "[]", "{}", '{"aikido_llm_conversation": 1, "messages": [{"role": "nobody"}]}'):
        (tmp_path / "c.json").write_text(text)
        with pytest.raises(llm.InvalidRequestError):
            conversation.load(tmp_path / "c.json")
        assert conversation.messages == [llm.user("a")]
    conversation.save(tmp_path / "c.json", "echo", None)
    other = Conversation()
    assert other.load(tmp_path / "c.json") == ("echo", None)
    assert other.messages == conversation.messages
    assert other.take_back() == llm.user("a")
    assert other.take_back() is None


async def test_save_destroys_nothing(tmp_path: Path) -> None:
    precious, kept = tmp_path / "p.txt", tmp_path / "kept.json"
    precious.write_text("precious")
    done = await here("repl", stdin=f"one\n/save {precious}\n/save {kept}\ntwo\n/save {kept}\n/save {tmp_path}\n")
    assert "is no conversation that /save wrote: take another name" in done.err
    assert done.err.count(f"kept in {kept}\n") == 2
    assert precious.read_text() == "precious"
    first = kept.read_text()
    done = await here("repl", stdin=f"three\n/save {kept}\n/clear\nfour\n/save {kept}\n/load {kept}\n/save {kept}\n")
    assert "the conversation that was there is" in done.err
    assert (tmp_path / "kept.json.~1~").read_text() == first
    assert sorted(os.listdir(tmp_path)) == [*("kept.json", "kept.json.~1~", "kept.json.~2~", "p.txt")]
    assert "four" in kept.read_text()


async def test_files_are_shown_with_the_next_question(server: WireServer, tmp_path: Path) -> None:
    server.answer("one", "two", "three")
    (tmp_path / "a note.txt").write_text("some notes")
    (tmp_path / "p.gif").write_text("GIF89a")
    kept = tmp_path / "kept.json"
    lines = (
        f"/attach\n/attach {tmp_path}/p.gif\n/attach -\n/attach {tmp_path}/a note.txt\n/attach https://e.example/q.png\n"
        f"/attach {tmp_path}/nowhere\n/attach -;type=image/png\nwhat?\nand?\n/save {kept}\n/clear\n/load {kept}\n"
        "/retry\n/retry"
    )
    done = await here("repl", "-p", "vllm", "--dsn", server.dsn("vllm"), "-a", str(tmp_path / "p.gif"), stdin=lines)
    assert done.out == "one\ntwo\nthree\nHello from the test server.\n"
    assert "with the next question: p.gif\n" in done.err
    assert "nothing waits to be shown\n" in done.err
    assert "with the next question: a note.txt, q.png\n" in done.err
    assert f"{tmp_path}/nowhere: No such file or directory" in done.err
    assert "stdin is the conversation" in done.err
    first, second, third, fourth = (request.body["messages"] for request in server.received)
    assert [part["type"] for part in first[0]["content"]] == ["text", "image_url", "text"]
    assert "some notes" in first[0]["content"][0]["text"]
    assert second[2]["content"] == "and?", "what was shown once is not shown again"
    assert fourth == third == second, "it stays in the conversation, and in the file that keeps it"
    done = await here("repl", "-a", "-", stdin="hi\n")
    assert (done.code, "stdin is the conversation" in done.err) == (2, True)


TOOLS = "def now() -> str:\n    'The time.'\n    return 'noon'\n"


async def test_functions_run_and_their_results_stay(server: WireServer, tmp_path: Path) -> None:
    for name in ("t", "u"):
        (tmp_path / f"{name}.py").write_text(TOOLS)
    call = llm.ToolCall("c1", "now", "{}")
    server.answer(
        Answer("Let me see.", tool_calls=(call,)), "It is noon.", "Yes.", Answer(tool_calls=(call,)), "I may not."
    )
    access = ("-p", "anthropic", "--dsn", server.dsn("anthropic"))
    lines = f"/tools\n/tools {tmp_path}/t.py\n/tools {tmp_path}/u.py\n/tools {tmp_path}/no.py\nwhen?\n/tools -\nsure?\n"
    done = await here("repl", *access, "--yes", stdin=lines)
    assert done.out == "Let me see.\nIt is noon.\nYes.\n"
    for said in ("no functions are offered\n", "offered: now; a call", "there is a function now already",
                 "takes a file of Python", "tool call: now({})", "tool result: noon"):  # fmt: skip
        assert said in done.err
    last = server.received[2].body
    assert [turn["role"] for turn in last["messages"]] == ["user", "assistant", "user", "assistant", "user"]
    assert [tool["name"] for tool in last["tools"]] == ["now"], "the wire wants to know what was called"
    done = await here("repl", *access, "--tools", str(tmp_path / "t.py"), stdin="when?\n")
    assert done.out == "I may not.\n"
    assert "nobody could be asked" in done.err


async def test_options_are_set_while_it_runs(server: WireServer) -> None:
    access = ("-p", "vllm", "--dsn", server.dsn("vllm"))
    lines = "/option\n/option seed=3\n/option nonsense=1\n/option seed\na\n/option -\nb\n"
    done = await here("repl", *access, "-t", "0.5", stdin=lines)
    assert [(sent.body.get("seed"), sent.body.get("temperature")) for sent in server.received] == [
        (3, 0.5),
        (None, None),
    ]
    assert done.err.count("temperature=0.5 seed=3") == 1
    assert "'nonsense' is not known to vllm" in done.err
    assert "'seed' is not name=value" in done.err
    assert "no options are set here" in done.err


async def test_names_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "deep.json").write_text("[" * 5000)
    lines = f"/save a\0b\n/save ~nobody-of-that-name/a\n/load {tmp_path}/deep.json\n/load {tmp_path}\n/save /\nstill"
    done = await here("repl", stdin=lines)
    assert done.out == "still\n"
    assert done.err.count("aikido-llm: ") == 5
    done = await here("repl", "--load", str(tmp_path / "deep.json"))
    assert (done.code, done.err.count("\n")) == (1, 1)


async def test_lines_that_are_no_text() -> None:
    done = await run("repl", stdin=b"caf\xe9\n\0\ncaf\xc3\xa9\r\n", LC_ALL="C.UTF-8")
    assert done.out == "café\n"
    assert done.err.count("is not text in UTF-8") == 2
