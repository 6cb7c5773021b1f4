"""The rest of a day's work: typed answers, code, attachments, what a shell completes, one screen of help."""

import json
from pathlib import Path
from typing import Any

import click
import pytest

import aikido_llm as llm
from aikido_llm.cli.asking import media, schema
from aikido_llm.cli.main import COMMANDS, cli
from aikido_llm.testing import WireServer

from .running import here, run

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x03\0\0\0\x02"
ONE_SCREEN = 48  # lines, of 100 columns
NO_EXAMPLES = ("completion", "demo")  # it says how each shell is taught; there is nothing to choose


def fields(text: str) -> dict[str, Any]:
    return dict(schema.response_format(text).schema or {})


def test_schemas_of_a_line() -> None:
    assert fields("name, age int, tags str[]: what it is about: all of it") == {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "age": {"type": "integer"},
            "tags": {"type": "array", "items": {"type": "string"}, "description": "what it is about: all of it"},
        },
        "required": ["name", "age", "tags"],
        "additionalProperties": False,
    }
    assert fields("name: given, and family\nage float\n") == fields("age float\nname: given, and family") | {
        "required": ["name", "age"]
    }
    several = schema.response_format("a", several=True).schema or {}
    assert several["properties"]["items"] == {"type": "array", "items": fields("a")}
    for wrong in ("", ",", "no such file.json", "a duck", "a str int", "{1", "1a"):
        with pytest.raises(ValueError, match=r".+"):
            schema.response_format(wrong)


def test_schemas_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text('{"type": "object"}')
    assert fields(str(tmp_path / "s.json")) == fields('{"type": "object"}') == {"type": "object"}
    (tmp_path / "s.json").write_text("[]")
    with pytest.raises(ValueError, match="is no JSON Schema"):
        fields(str(tmp_path / "s.json"))


async def test_an_answer_that_follows_no_schema_is_an_error(server: WireServer) -> None:
    access = ("-p", "vllm", "--dsn", server.dsn("vllm"))
    server.answer("I'd rather talk.", '{"a": "1"}')
    done = await here("chat", *access, "--schema", "a", "hi")
    assert (done.code, done.out) == (1, "I'd rather talk.\n")
    assert done.err == "aikido-llm: vllm: the answer is no JSON\n"
    assert (await here("chat", *access, "--schema", "a", "hi")).code == 0
    assert (await here("chat", *access, "--schema", "a duck", "hi")).code == 2


async def test_code_is_taken_out(server: WireServer) -> None:
    access = ("-p", "vllm", "--dsn", server.dsn("vllm"))
    server.answer("Try:\n\n````sh\nls ```x``` -l\necho\n````\nor\n```\nother\n```\n", "I cannot.")
    done = await here("chat", *access, "-x", "hi")
    assert (done.code, done.out, done.err) == (0, "ls ```x``` -l\necho\n", "")
    done = await here("chat", *access, "-x", "hi")
    assert (done.code, done.out) == (1, ""), "what is no code must not reach a shell"
    assert done.err == "I cannot.\naikido-llm: there is no code block in the answer, which stands above\n"


async def test_attachments_by_their_type(server: WireServer, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# a")
    (tmp_path / "b").write_bytes(PNG)
    named = [str(tmp_path / name) for name in ("a.md", "b")]
    urls = ["https://e.example/c.png?x=1", "https://e.example/d.pdf", "https://e.example/e;type=audio/wav"]
    parts = [media.attachment(source)[1] for source in (*named, *urls)]
    kinds = [llm.TextPart, llm.ImagePart, llm.ImagePart, llm.FilePart, llm.AudioPart]
    assert [type(part) for part in parts] == kinds
    assert parts[2] == llm.ImagePart(url=urls[0], content_type="image/png")
    for wrong in ("https://e.example/f", "https://e.example/g.html", str(tmp_path / "nowhere")):
        with pytest.raises(click.BadParameter):
            media.attachment(wrong)
    done = await run("chat", "-p", "anthropic", "--dsn", server.dsn("anthropic"), "-a", "-", "-a", named[0], "hi",
                     stdin=PNG)  # fmt: skip
    assert done.code == 0, done.err
    content = server.received[0].body["messages"][0]["content"]
    assert [block["type"] for block in content] == ["image", "text", "text"]
    assert (await here("chat", "-a", "-", "--image", "-", "hi")).code == 2


async def test_a_shell_knows_aliases_models_templates_and_settings(server: WireServer, tmp_path: Path) -> None:
    env = {"AIKIDO_LLM_HOME": str(tmp_path)}

    async def completed(line: str) -> set[str]:
        words = {"COMP_WORDS": f"aikido-llm {line}", "COMP_CWORD": str(len(line.split(" ")))}
        done = await here(_AIKIDO_LLM_COMPLETE="bash_complete", **words, **env)
        return {one.partition(",")[2] for one in done.out.splitlines() if one}

    assert await completed("chat -p vllm -m test") == set()
    await here("models", "-p", "vllm", "--dsn", server.dsn("vllm"), **env)
    await here("config", "set", "alias.tester", "openai", "mini", **env)
    await here("chat", "-s", "x", "--save", "summary", **env)
    assert await completed("chat -p vllm -m test") == {"test-model", "test-model-large", "tester"}
    assert await completed("chat -p openai -m test") == {"tester"}
    assert await completed("chat -T s") == {"summary"}
    assert await completed("templates show s") == {"summary"}
    assert await completed("config set al") == {"alias.tester"}
    assert "openrouter" in await completed("keys set openr")
    assert {"logs", "config"} <= await completed("")


@pytest.mark.parametrize("name", list(COMMANDS))
async def test_help_is_one_screen_with_examples(name: str) -> None:
    lines = (await here(name, "--help", COLUMNS="100")).out.splitlines()
    assert len(lines) <= ONE_SCREEN
    assert max(len(line) for line in lines if "aikido-llm" not in line) <= 110
    if name not in NO_EXAMPLES:
        assert len([line for line in lines[lines.index("  Examples:") :] if "aikido-llm" in line]) >= 3


async def test_help_of_what_is_below_a_command() -> None:
    context = click.Context(cli)
    for name in ("config", "keys", "templates", "logs"):
        group = cli.get_command(context, name)
        assert isinstance(group, click.Group)
        for below in group.commands:
            done = await here(name, below, "--help")
            assert done.code == 0
            assert len(done.out.splitlines()) < 20


async def test_errors_of_a_line_are_shown_as_they_are_typed(tmp_path: Path) -> None:
    for arguments in (("chat", "-T", "\x1b[2J", "x"), ("logs", "show", "\x1b[2J"), ("config", "get", "\x1b[2J")):
        done = await here(*arguments, AIKIDO_LLM_HOME=str(tmp_path))
        assert done.code in (1, 2)
        assert "\x1b" not in done.err
    assert json.loads((await here("keys", "list", "--json", OPENAI_API_KEY="k")).out)["provider"] == "openai"
