"""What is kept of calls and who says so, how a conversation goes on, and `logs`."""

import asyncio
import json
import re
from pathlib import Path

import pytest

import aikido_llm as llm
from aikido_llm.cli.log import past
from aikido_llm.middleware import CallStore, logged
from aikido_llm.testing import Answer, Fault, WireServer

from .running import Done, Terminal, held, here, run

CANARY = "canaryKey7qZ2vX9wB4nU5tR8"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x03\0\0\0\x02"


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"AIKIDO_LLM_HOME": str(tmp_path / "home"), "XDG_CONFIG_HOME": str(tmp_path)}


def at(server: WireServer, row: str = "vllm") -> tuple[str, ...]:
    return "-p", row, "--dsn", server.dsn(row)


async def chat(server: WireServer, env: dict[str, str], *arguments: str, stdin: str = "", row: str = "vllm") -> Done:
    return await here("chat", *at(server, row), *arguments, stdin=stdin, **env)


async def test_a_conversation_goes_on_and_forks(server: WireServer, env: dict[str, str]) -> None:
    server.answer("one", "two", "three", "four")
    for arguments in (
        ("--log", "-s", "be brief", "first"), ("--log", "-c", "second"),
        ("--log", "--conversation", "1", "third"), ("--log", "-c", "-s", "be long", "fourth"),
    ):  # fmt: skip
        done = await chat(server, env, *arguments)
        assert done.code == 0, done.err
    said = [[(turn["role"], turn["content"]) for turn in request.body["messages"]] for request in server.received]
    start = [("system", "be brief"), ("user", "first"), ("assistant", "one")]
    assert said[1] == [*start, ("user", "second")]
    assert said[2] == [*start, ("user", "third")]
    assert said[3] == [("system", "be long"), *start[1:], ("user", "third"), ("assistant", "three"), ("user", "fourth")]
    shown = await here("logs", "show", "2", **env)
    assert shown.out == ("system:\nbe brief\n\nuser:\nfirst\n\nassistant:\none\n\nuser:\nsecond\n\nassistant:\ntwo\n\n")
    assert "call 2, " in shown.err
    same = await here("logs", "--conversation", "2", "--json", **env)
    assert [turn["role"] for turn in json.loads(same.out)] == ["system", "user", "assistant", "user", "assistant"]


async def test_it_goes_on_where_it_was_held_and_flags_beat_that(server: WireServer, env: dict[str, str]) -> None:
    away = {"LLM_PROVIDER": "anthropic", "LLM_DSN": server.dsn("anthropic")}
    await here("chat", "--log", "-m", "held-model", "hi", **env, **away)
    mine = {"ANTHROPIC_BASE_URL": server.base_url("anthropic"), "ANTHROPIC_API_KEY": "test-key"}
    done = await here("chat", "-c", "more", **env, **mine)
    assert done.code == 0, done.err
    assert server.received[1].body["model"] == "held-model"
    done = await here("chat", "-c", *at(server), "--model", "other", "more", **env, **mine)
    assert server.received[2].body["model"] == "other"
    assert len(server.received[2].body["messages"]) == 3, "the same conversation, elsewhere"
    await here("config", "set", "alias.fast", "openai", "mini", **env)
    away = {"OPENAI_BASE_URL": server.base_url("openai"), "OPENAI_API_KEY": "test-key"}
    done = await here("chat", "-c", "--conversation", "1", "-m", "fast", "more", **env, **mine, **away)
    assert done.code == 0, done.err
    assert (server.received[3].body["model"], len(server.received[3].body["messages"])) == ("mini", 3)


@pytest.mark.parametrize("row", ["anthropic", "openai-responses", "gemini"])
async def test_signed_thinking_goes_on_twice(server: WireServer, env: dict[str, str], row: str) -> None:
    server.answer(Answer(thinking="Let me see.", signature="c2lnbmF0dXJl", text="Four."), "Five.", "Six.")
    for number, text in enumerate(("two and two?", "and one?", "and one?")):
        done = await chat(server, env, "--log", *(["-c"] if number else []), "--thinking", "low", text, row=row)
        assert done.code == 0, done.err
    sent = [json.dumps(request.body) for request in server.received]
    assert ["c2lnbmF0dXJl" in body for body in sent] == [False, True, True]


async def test_nothing_is_kept_in_a_pipe_unless_it_is_said(server: WireServer, env: dict[str, str]) -> None:
    assert (await here("config", "set", "log", "on", **env)).code == 0
    await chat(server, env, "hi")
    done = await here("logs", **env)
    assert "the log is on, and nothing was asked on a terminal yet" in done.err
    assert not (Path(env["AIKIDO_LLM_HOME"]) / "calls.db").exists()
    done = await chat(server, env, "-c", "hi")
    assert done.code == 1
    assert "nothing is kept: there is no" in done.err
    await chat(server, env, "--log", "hi")
    assert len((await here("logs", **env)).out.splitlines()) == 2


async def test_what_failed_is_kept_and_no_conversation(server: WireServer, env: dict[str, str]) -> None:
    server.answer("good", Answer(status=400, message="no such thing"),
                  Answer("one two three", fault=Fault.close(after_events=3)), "fine")  # fmt: skip
    for text in ("first", "second", "third"):
        await chat(server, env, "--log", text)
    table = (await here("logs", **env)).out
    assert re.search(r"2 .* second +vllm: no such thing", table)
    assert (await here("logs", "show", "3", **env)).err.count("it failed: vllm: ") == 1
    assert (await chat(server, env, "-c", "on")).code == 0
    assert [turn["content"] for turn in server.received[-1].body["messages"]] == ["first", "good", "on"]
    done = await chat(server, env, "--conversation", "99", "on")
    assert (done.code, done.err) == (1, "aikido-llm: there is no call 99 (`aikido-llm logs` lists them)\n")


async def test_files_that_were_shown_leave_a_note(server: WireServer, env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "p.png").write_bytes(PNG)
    await chat(server, env, "--log", "-a", str(tmp_path / "p.png"), "what is it?", row="anthropic")
    done = await chat(server, env, "-c", "and now?", row="anthropic")
    assert "1 file that was shown before is not kept" in done.err
    content = server.received[-1].body["messages"][0]["content"]
    assert [block["type"] for block in content] == ["text", "text"]
    assert f"image/png, {len(PNG)} bytes: shown before, not kept" in json.dumps(content)
    assert PNG not in (Path(env["AIKIDO_LLM_HOME"]) / "calls.db").read_bytes()


async def test_calls_that_nobody_ran_are_answered(server: WireServer, env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text('{"name": "look"}')
    server.answer(Answer(tool_calls=(llm.ToolCall("c1", "look", "{}"),)), "fine")
    await chat(server, env, "--log", "--tool-schema", str(tmp_path / "t.json"), "look", row="anthropic")
    assert (await chat(server, env, "-c", "never mind", row="anthropic")).code == 0
    body = server.received[-1].body
    assert [tool["name"] for tool in body["tools"]] == ["look"], "the wire wants to know what its calls are of"
    assert [block["type"] for block in body["messages"][2]["content"]] == ["tool_result", "text"]
    await chat(server, env, "-c", "--tool-schema", str(tmp_path / "t.json"), "look again", row="anthropic")
    assert [tool["name"] for tool in server.received[-1].body["tools"]] == ["look"], "once"


async def test_logs_finds_and_forgets(server: WireServer, env: dict[str, str]) -> None:
    server.answer("about tides", 'about\x1b[2J "quoted" OR tides*', "nothing")
    for number, text in enumerate(("the moon", "the sun", "the rest"), 1):
        await chat(server, env, "--log", "-m", f"model-{number}", text)

    async def ids(*arguments: str) -> list[int]:
        done = await here("logs", *arguments, "--json", **env)
        return [json.loads(line)["id"] for line in done.out.splitlines()]

    assert await ids() == [1, 2, 3]
    assert await ids("-n", "1") == [3]
    assert await ids("-q", "tides") == [1, 2]
    assert await ids("-q", "moon tides") == [1]
    assert await ids("-q", '" OR 1 --') == []
    assert await ids("-m", "el-2") == [2]
    assert await ids("-m", "el-2", "-q", "moon") == []
    shown = await here("logs", "-q", "sun", **env)
    assert shown.err == f"aikido-llm: {env['AIKIDO_LLM_HOME']}/calls.db\n"
    assert (await here("logs", "path", **env)).out == f"{env['AIKIDO_LLM_HOME']}/calls.db\n"
    assert (await here("logs", "prune", **env)).code == 2
    assert (await here("logs", "prune", "--before", "soon", **env)).code == 2
    assert (await here("logs", "prune", "--before", "1d", stdin="n\n", **env)).code == 130, "not without a yes"
    assert "0 calls forgotten" in (await here("logs", "prune", "--before", "1d", "--yes", **env)).err
    assert "1 call forgotten" in (await here("logs", "prune", "--keep", "2", "--yes", **env)).err
    assert await ids() == [2, 3]


async def test_two_processes_keep_at_once(server: WireServer, env: dict[str, str]) -> None:
    asked = [[f"question {n} of {who}" for n in range(10)] for who in "ab"]
    done = await asyncio.gather(*(run("repl", *at(server), "--log", stdin="\n".join(one), **env) for one in asked))
    assert [(one.code, one.err) for one in done] == [(0, "")] * 2
    lines = (await here("logs", "-n", "50", "--json", **env)).out.splitlines()
    kept = [json.loads(line)["request"]["messages"][-1]["content"] for line in lines]
    assert sorted(kept) == sorted([*asked[0], *asked[1]])


async def test_the_store_is_private_and_no_key_is_in_it(server: WireServer, env: dict[str, str]) -> None:
    server.respond(lambda _: Answer(status=401, message=f"Incorrect API key provided: {CANARY}"))
    base = server.base_url("openai")
    for key in (("--api-key", CANARY), ("--dsn", f"{base}?api_key={CANARY}")):
        await here("chat", "-p", "openai", "-m", "m", "--dsn", base, *key, "--log", "hi", **env)
    await here("config", "set", "model.openai", "m", **env)
    await here("models", "-p", "openai", "--dsn", base, "--api-key", CANARY, **env)
    home = Path(env["AIKIDO_LLM_HOME"])
    assert (home / "calls.db").stat().st_mode & 0o777 == 0o600
    found = held(home)
    assert {path.name for path in found} == {"calls.db", "config.json"}
    assert not [path for path, data in found.items() if CANARY[:9].encode() in data]


async def test_consent_is_asked_once(server: WireServer, env: dict[str, str]) -> None:
    command = ("chat", *at(server), "hi")
    async with Terminal(*command, **env) as terminal:
        await terminal.until("can be kept in", "calls.db", "Keep them?")
        terminal.type("y\r")
        assert await terminal.ended() == 0
    async with Terminal(*command, **env) as terminal:
        assert await terminal.ended() == 0
        assert "Keep them?" not in terminal.text
    assert json.loads((Path(env["AIKIDO_LLM_HOME"]) / "config.json").read_text()) == {"log": True}
    assert len((await here("logs", "--json", **env)).out.splitlines()) == 2


async def test_who_says_no_is_left_alone(server: WireServer, env: dict[str, str]) -> None:
    async with Terminal("chat", *at(server), "hi", **env) as terminal:
        await terminal.until("Keep them?")
        terminal.type("\r")
        await terminal.until("Hello from the test server.")
        assert await terminal.ended() == 0
    async with Terminal("repl", *at(server), **env) as terminal:
        await terminal.until("test-model>")
        assert "Keep them?" not in terminal.text
        assert await terminal.ended(by="\x04") == 0
    assert not (Path(env["AIKIDO_LLM_HOME"]) / "calls.db").exists()


async def test_a_stand_in_and_a_home_that_takes_nothing_are_not_asked_about(env: dict[str, str]) -> None:
    async with Terminal("chat", "hi", **env) as terminal:
        assert await terminal.ended() == 0
    assert "Keep them?" not in terminal.text
    assert not held(Path(env["AIKIDO_LLM_HOME"]))


async def test_repl_keeps_and_goes_on(server: WireServer, env: dict[str, str]) -> None:
    server.answer("one", "two", "three")
    done = await here("repl", *at(server), "--log", "-s", "be brief", "-o", "seed=3", stdin="first\nsecond\n", **env)
    assert done.out == "one\ntwo\n"
    assert server.received[1].body["seed"] == 3
    await here("repl", *at(server), "-c", stdin="third\n", **env)
    assert [turn["content"] for turn in server.received[2].body["messages"]] == [
        *("be brief", "first", "one", "second", "two", "third")
    ]
    assert (await here("repl", *at(server), "-o", "nonsense=3", **env)).code == 2


async def test_repl_takes_instructions_model_and_options_of_a_template(server: WireServer, env: dict[str, str]) -> None:
    saving = ("-m", "fast-one", "-s", "in {language}", "-o", "seed=3", "--save", "tr", "{input}!")
    assert (await here("chat", *saving, **env)).code == 0
    await here("repl", *at(server), "-T", "tr", "--var", "language=Danish", stdin="hi\n", **env)
    body = server.received[0].body
    assert (body["model"], body["seed"]) == ("fast-one", 3)
    assert [turn["content"] for turn in body["messages"]] == ["in Danish", "hi"]
    assert (await here("repl", *at(server), "-T", "tr", **env)).code == 2, "a variable is missing"


async def test_a_key_that_is_typed_is_in_no_file(server: WireServer, env: dict[str, str]) -> None:
    base = server.base_url("openai")
    async with Terminal("repl", "-p", "openai", "-m", "m", "--dsn", base, "--log", **env) as terminal:
        await terminal.until("API key for OpenAI")
        terminal.type("test-key\r")
        at = await terminal.until("openai/m>")
        terminal.type("what is it?\r")
        await terminal.until("Hello from the test server.", "openai/m>", behind=at)
        assert await terminal.ended(by="\x04") == 0
    found = held(Path(env["AIKIDO_LLM_HOME"]))
    assert {path.name for path in found} == {"calls.db", "history"}
    assert not [path for path, data in found.items() if b"test-key" in data]
    assert [path.name for path, data in found.items() if b"what is it?" in data] != []


async def test_an_answer_that_was_left_stays_as_far_as_it_was_seen(server: WireServer, tmp_path: Path) -> None:
    server.answer(Answer(" ".join(f"word{n}" for n in range(200)), pace=0.02))
    async with llm.open("vllm", server.dsn("vllm")) as client, CallStore(tmp_path / "calls.db") as store:
        async with logged(client, store).stream(llm.Request("hi")) as events:
            async for _ in events:
                break
        found = await past.find(store)
    assert found.messages[0] == llm.user("hi")
    assert found.messages[1].text.startswith("word0")
    assert len(found.messages) == 2


async def test_a_call_is_a_line_on_a_terminal(server: WireServer, env: dict[str, str]) -> None:
    server.answer("word " * 99)
    await chat(server, env, "--log", "why " * 99)
    async with Terminal("logs", **env) as terminal:
        assert await terminal.ended() == 0
    [line] = [line for line in terminal.text.splitlines() if "test-model" in line]
    assert line.split()[0] == "1"
    assert line.count("…") == 2
    assert len(line.rstrip()) <= 80
