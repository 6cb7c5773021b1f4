"""What the guide says to those who come from other command lines: its last column, line by line."""

import shlex
from pathlib import Path

from aikido_llm.testing import Answer, WireServer

from .running import Done, here

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "migrating.md"
PICTURE = "GIF89a"
ANSWERS = {"a dog": '{"name": "a", "age": 1}', "a loop": "Here:\n\n```sh\necho hi\n```\n"}
EXPECTED = {
    "list models": "model             name  context  output  $ in  $ out\ntest-model\n",
    "get the code alone": "echo hi\n",
    "get JSON": '{"name": "a", "age": 1}\n',
    "the last answer again": "Because.\n",
    "search": "why?",
}


def rows() -> list[tuple[str, str]]:
    """(what for, our command), in the order of the guide: a later one may want what an earlier one has set."""
    _, _, section = GUIDE.read_text("utf-8").partition("\n## From llm and aichat\n")
    lines = [line for line in section.partition("\nNot the same:\n")[0].splitlines() if line.startswith("| ")]
    cells = [line.replace("\\|", "\0").strip("| ").split("|") for line in lines[1:]]
    return [(cell[0].strip(), cell[-1].strip(" `").replace("\0", "|")) for cell in cells]


def words_of(line: str) -> set[str]:
    return set(shlex.split(line))


async def typed(line: str, folder: Path, env: dict[str, str]) -> Done:
    """What a shell would do with it. The keys and the conversation are piped in."""
    files = ["photo.png", "tools.py", "notes.csv", "vectors.jsonl", *["notes.txt"] * ("-f" in line)]
    words = [str(folder / word) if word in files else word for word in shlex.split(line)]
    words = [f"@{folder / word[1:]}" if word == "@notes.txt" else word for word in words]
    if words[0] == "cat":
        return await here(*words[4:], stdin=(folder / words[1]).read_text("utf-8"), **env)
    piped = {"keys": "test-key", "repl": "why?\n"}.get(words[1], "")
    if words[1] == "chat" and not {"-c", "--conversation", "--save"} & set(words):
        words.append("--log")
    return await here(*words[1:], stdin=piped, **env)


async def test_every_command_of_the_guide(server: WireServer, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("some notes")
    (tmp_path / "photo.png").write_text(PICTURE)
    (tmp_path / "notes.csv").write_text("id,text\n1,one\n2,two\n")
    (tmp_path / "tools.py").write_text("def now() -> str:\n    return 'noon'\n")
    server.respond(lambda request: Answer(next((text for asked, text in ANSWERS.items() if asked in str(request.body)),
                                               "Because.")))  # fmt: skip
    env = {"AIKIDO_LLM_HOME": str(tmp_path / "home"), "OPENAI_BASE_URL": server.base_url("openai"), "EDITOR": "true"}
    found = rows()
    assert len(found) >= 30
    for what, line in found:
        asked = len(server.received)
        done = await typed(line, tmp_path, env)
        assert done.code == 0, (what, line, done.err)
        assert EXPECTED.get(what, "") in done.out, (what, done.out)
        asks = words_of(line) & {"chat", "repl", "models"} and "--save" not in line
        assert (len(server.received) > asked) is bool(asks), what
