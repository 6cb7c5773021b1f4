"""Templates: their text is text, whatever stands in it."""

from pathlib import Path

import pytest

import aikido_llm as llm
from aikido_llm.cli.asking import saved
from aikido_llm.cli.asking.template import Template
from aikido_llm.testing import WireServer

from .running import Done, Terminal, here

HOSTILE = (
    "{language} {input} {0} {} {input.__class__} {input!r} $language ${HOME} $(touch pwned) `touch pwned` %(input)s "
    "{{x}} '''\"\"\" \\u0041 \x7f \n[x]\nsystem = 1 @/etc/passwd {% raw %}"
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AIKIDO_LLM_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


async def cli(home: Path, *arguments: str, stdin: str = "", **env: str) -> Done:
    return await here(*arguments, stdin=stdin, AIKIDO_LLM_HOME=str(home), **env)


async def test_save_show_list_use_remove(server: WireServer, home: Path) -> None:
    access = ("-p", "vllm", "--dsn", server.dsn("vllm"))
    done = await cli(home, "chat", "-p", "vllm", "-m", "fast-one", "-s", "You speak {language}.", "-o", "seed=3",
                     "--var", "language=French", "--schema", "name, age int", "--save", "tr",
                     "Translate: {input}")  # fmt: skip
    assert done.err == f"aikido-llm: kept as {home}/templates/tr.toml\n"
    assert (home / "templates" / "tr.toml").stat().st_mode & 0o777 == 0o600
    assert 'prompt = "Translate: {input}"\n' in (await cli(home, "templates", "show", "tr")).out
    assert (await cli(home, "templates", "list")).out.splitlines()[1].split(maxsplit=1) == ["tr", "Translate: {input}"]
    server.answer('{"name": "a", "age": 1}', "{}", "{}")
    used = await cli(home, "chat", *access, "-T", "tr", "--var", "language=Danish", "good", "day", stdin="and night")
    assert (used.code, used.out) == (0, '{"name": "a", "age": 1}\n'), used.err
    body = server.received[0].body
    assert [turn["content"] for turn in body["messages"]] == ["You speak Danish.", "Translate: good day\n\nand night"]
    assert (body["model"], body["seed"]) == ("fast-one", 3)
    assert body["response_format"]["json_schema"]["schema"]["properties"]["age"] == {"type": "integer"}
    await cli(home, "chat", *access, "-T", "tr", "-m", "mine", "-s", "mine", "x")
    assert (server.received[1].body["model"], server.received[1].body["messages"][0]["content"]) == ("mine", "mine")
    assert (await cli(home, "templates", "remove", "tr")).code == 0
    assert "there are no templates" in (await cli(home, "templates")).err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("chat", "-T", "nope", "hi"), 1, "there is no template nope"),
        (("chat", "-T", "../../etc/passwd", "hi"), 1, "is no name of a template"),
        (("chat", "-T", "two", "hi"), 2, "needs --var a=VALUE --var b=VALUE"),
        (("chat", "-T", "two", "--var", "a=1", "--var", "b=1", "--var", "c=1"), 2, "has no {c}"),
        (("chat", "-T", "asks"), 2, "needs a prompt"),
        (("chat", "--var", "a=1", "hi"), 2, "pass --template NAME"),
        (("chat", "-T", "odd", "hi"), 1, "sytem is not known; known are: prompt, system"),
        (("chat", "-T", "broken", "hi"), 1, "broken.toml: "),
        (("chat", "-T", "attribute", "hi"), 1, "with a name and nothing after it"),
        (("chat", "--save", "/tmp/x", "hi"), 1, "is no name of a template"),
        (("chat", "--save", "x", "{"), 1, "this can be no template"),
        (("templates", "show", "nope"), 1, "there is no template nope"),
        (("templates", "remove", "nope"), 1, "there is no template nope"),
    ],
)
async def test_errors(home: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    folder = home / "templates"
    folder.mkdir(parents=True)
    (folder / "two.toml").write_text('prompt = "{a} {b}"')
    (folder / "asks.toml").write_text('prompt = "about {input}"')
    (folder / "odd.toml").write_text('sytem = "typo"')
    (folder / "broken.toml").write_text("prompt = ")
    (folder / "attribute.toml").write_text('prompt = "{input!r}"')
    done = await cli(home, *arguments)
    assert (done.code, said in done.err) == (code, True), done.err
    assert done.out == ""
    if arguments[:2] == ("chat", "-T"):
        listed = await cli(home, "templates", "list")
        assert "sytem is not known" in listed.out
        assert "about {input}" in listed.out, "one that is broken hides no other"


async def test_what_save_keeps_holds_elsewhere_too(
    server: WireServer, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "s.json").write_text('{"type": "object", "properties": {"a": {"type": "boolean"}}, "required": []}')
    (tmp_path / "t.py").write_text("def now() -> str:\n    return ''\n")
    monkeypatch.chdir(tmp_path)
    flags = ("-t", "0.5", "--max-tokens", "9", "--thinking", "low", "--tools", "t.py")
    assert (await cli(home, "chat", *flags, "--schema", "s.json", "--save", "one", "x")).code == 0
    assert (await cli(home, "chat", "--schema", "s.json", "--schema-multi", "--save", "many", "x")).code == 0
    done = await cli(home, "chat", "-a", "s.json", "--save", "none", "x")
    assert (done.code, "keeps no attachments" in done.err) == (2, True)
    monkeypatch.chdir("/")
    server.answer("{}", "{}")
    access = ("-p", "openrouter", "--dsn", server.dsn("openrouter"))
    for name in ("one", "many"):
        assert (await cli(home, "chat", *access, "-T", name)).code == 0
    one, many = (request.body for request in server.received)
    assert (one["temperature"], one["max_tokens"], one["tools"][0]["function"]["name"]) == (0.5, 9, "now")
    assert one["response_format"]["json_schema"]["schema"]["properties"] == {"a": {"type": "boolean"}}
    items = many["response_format"]["json_schema"]["schema"]["properties"]["items"]["items"]
    assert items == one["response_format"]["json_schema"]["schema"]


async def test_hostile_values_stay_text(server: WireServer, home: Path, tmp_path: Path) -> None:
    (home / "templates").mkdir(parents=True)
    (home / "templates" / "t.toml").write_text('system = "In {language}"\nprompt = "<{input}>"')
    done = await cli(home, "chat", "-p", "vllm", "--dsn", server.dsn("vllm"), "-T", "t", "--var",
                     f"language={HOSTILE}", stdin=HOSTILE)  # fmt: skip
    assert done.code == 0, done.err
    assert [turn["content"] for turn in server.received[0].body["messages"]] == [f"In {HOSTILE}", f"<{HOSTILE}>"]


def test_what_is_written_reads_the_same(home: Path) -> None:
    text = HOSTILE.replace("{", "{{").replace("}", "}}")
    odd = "\b\f\r\t\x1f é \U0001f600"
    saved.write("a", {"prompt": text, "system": odd, "tools": ["a b.py"], "options": {"x y": "1"}})
    found = saved.load("a")
    assert found.prompt == Template.parse(text)
    assert found.filled("", {})[0] == HOSTILE
    assert found.system is not None
    assert found.system.text == odd
    assert found.tools == (str(home / "templates" / "a b.py"),)
    assert found.options == {"x y": "1"}
    wrongs: list[dict[str, object]] = [{"tools": "a"}, {"options": 1}, {"prompt": 1}, {"schema": 1}, {"defaults": 1}]
    for wrong in wrongs:
        with pytest.raises(llm.ConfigError, match="this can be no template"):
            saved.write("b", wrong)
    assert saved.names() == ["a"]


async def test_edit_opens_the_editor_on_a_template_that_works(home: Path, tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nsed -i \'s/^prompt = .*/prompt = """Sum up:/\' "$1"\n')
    editor.chmod(0o700)
    async with Terminal("templates", "edit", "sum", AIKIDO_LLM_HOME=str(home), EDITOR=str(editor)) as terminal:
        assert await terminal.ended() == 0
        await terminal.until("kept as")
    assert saved.load("sum").filled("this", {}) == ("Sum up:\nthis", None)
    editor.write_text('#!/bin/sh\necho "nonsense =" > "$1"\n')
    done = await cli(home, "templates", "edit", "sum", EDITOR=str(editor))
    assert done.code == 1
    assert "sum.toml: " in done.err
