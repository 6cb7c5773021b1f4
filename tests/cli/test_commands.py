"""`image`, `models`, `doctor`, `completion`, `demo`."""

import json
import os
import shutil
import time
from pathlib import Path

import click
import pytest

import aikido_llm as llm
from aikido_llm.cli.commands.demo import source, steps
from aikido_llm.cli.commands.image import Target
from aikido_llm.cli.commands.models import chosen
from aikido_llm.cli.terminal.sunset import png
from aikido_llm.testing import Answer, WireServer

from .running import here, run, take

PICTURE = Answer(images=(llm.ImagePart(data=png()),))


async def test_images_are_written(server: WireServer, tmp_path: Path) -> None:
    server.answer(Answer(status=503, message="busy"), PICTURE, PICTURE)
    access = ("-p", "gemini", "--dsn", server.dsn("gemini"))
    done = await here(
        "image", *access, "--aspect", "16:9", "--size", "2K", "-n", "2", "-o", str(tmp_path / "fog.png"), "x"
    )
    assert done.code == 0, done.err
    assert sorted(done.out.splitlines()) == [
        f"{tmp_path}/fog-{n}.png  48x32  {len(png())} bytes  image/png" for n in (1, 2)
    ]
    assert (tmp_path / "fog-2.png").read_bytes() == png()
    sent = server.received[0].body["generationConfig"]
    assert sent["imageConfig"] == {"aspectRatio": "16:9", "imageSize": "2K"}


async def test_an_answer_without_a_picture(server: WireServer, tmp_path: Path) -> None:
    server.answer("I cannot draw.")
    done = await here("image", "-p", "gemini", "--dsn", server.dsn("gemini"), "-o", str(tmp_path), "fog")
    assert done.code == 1
    assert done.err == "aikido-llm: the model drew nothing and said: I cannot draw.\n"


def test_names_of_pictures(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    with pytest.raises(click.UsageError, match="--force"):
        Target(tmp_path / "a.png").check()
    with pytest.raises(click.UsageError, match="no folder"):
        Target(tmp_path / "b" / "a.png").check()
    forced = Target(tmp_path / "a.png", force=True)
    forced.check()
    assert forced.next("image/png").name == "a.png"
    assert forced.next("image/png").name == "a-1.png", "an answer may hold two"
    assert Target(tmp_path / "b").next("image/jpeg").name == "b.jpg"
    (tmp_path / "setup.py").write_bytes(b"mine")
    assert Target(tmp_path / "setup", force=True).next("text/x-python").name == "setup.bin", "no server names a program"
    assert Target(tmp_path).next("image/webp").suffix == ".webp"


def test_a_picture_is_written_to_a_file_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = llm.ImagePart(data=b"new", content_type="image/png")
    monkeypatch.setattr(time, "strftime", "{}".format)  # two processes in the same second
    one, other = Target(tmp_path), Target(tmp_path)
    first, second = one.write(picture), other.write(picture)
    assert first != second
    (tmp_path / "link.png").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        Target(tmp_path / "link.png").write(picture)
    assert not (tmp_path / "elsewhere").exists(), "a link that leads nowhere is no way out"
    first.write_bytes(b"mine")
    assert Target(first, force=True).write(picture).read_bytes() == b"new"


def test_models_are_chosen_and_sorted() -> None:
    models = [
        llm.ModelInfo("b/Fast", context_length=10, output_price=1.0),
        llm.ModelInfo("a/fast", name="Quick", output_price=2.0),
        llm.ModelInfo("c", context_length=99),
    ]
    assert [model.id for model in chosen(models, (), "id")] == ["a/fast", "b/Fast", "c"]
    assert [model.id for model in chosen(models, ("FAST",), "price")] == ["b/Fast", "a/fast"]
    assert [model.id for model in chosen(models, ("fast", "quick"), "id")] == ["a/fast"]
    assert [model.id for model in chosen(models, (), "context")] == ["c", "b/Fast", "a/fast"]


async def test_models(server: WireServer) -> None:
    access = ("-p", "mistral", "--dsn", server.dsn("mistral"))
    table = await here("models", *access, "large")
    assert [line.split()[0] for line in table.out.splitlines()] == ["model", "test-model-large"]
    lines = (await here("models", *access, "--json")).out.splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["test-model", "test-model-large"]


async def test_doctor_says_what_config_has_set(tmp_path: Path) -> None:
    home = {"AIKIDO_LLM_HOME": str(tmp_path)}
    await here("config", "set", "provider", "echo", **home)
    await here("config", "set", "model", "m", **home)
    first, _ = (await here("doctor", "echo", **home)).out.splitlines()
    assert first == "without flags: provider echo (config), model m (config)"


async def test_doctor(server: WireServer) -> None:
    env = {"LLM_PROVIDER": "mistral", "LLM_DSN": server.dsn("mistral"), "OPENAI_API_KEY": "wrong",
           "OPENAI_BASE_URL": server.base_url("openai")}  # fmt: skip
    done = await here("doctor", "mistral", "openai", "groq", "echo", **env)
    assert done.code == 1
    first, *verdicts = done.out.splitlines()
    assert first.startswith("without flags: provider mistral (LLM_PROVIDER), options of LLM_DSN, key from the DSN")
    assert [line.split()[:2] for line in verdicts] == [
        ["ok", "mistral"], ["FAIL", "openai"], ["--", "groq"], ["ok", "echo"],
    ]  # fmt: skip
    assert "2 models" in verdicts[0]
    assert "check the key: OPENAI_API_KEY" in verdicts[1]
    assert "set GROQ_API_KEY" in verdicts[2]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
async def test_completion(shell: str) -> None:
    if shell == "bash" and not shutil.which("bash"):
        pytest.skip("click asks bash for its version; with bash: make test")
    done = await here("completion", shell)
    assert done.code == 0
    assert f"_AIKIDO_LLM_COMPLETE={shell}_complete" in done.out
    words = {"COMP_WORDS": "aikido-llm chat -p op", "COMP_CWORD": "op" if shell == "fish" else "3"}
    done = await here(_AIKIDO_LLM_COMPLETE=f"{shell}_complete", **words)
    assert {"openai", "openrouter"} <= set(done.out.replace(",", "\n").split("\n"))


async def test_demo(tmp_path: Path) -> None:
    done = await run("demo", TMPDIR=str(tmp_path))
    assert done.code == 0, done.err
    assert done.err == ""
    for said in ("token by token", "weather('Oslo') is called", "take a coat", "sunset.png  48x32", "StreamTruncated",
                 "error.partial.text is \"Shall I", "Yes. (attempt 3)", "8 requests"):  # fmt: skip
        assert said in done.out
    take(Path(next(line for line in done.out.splitlines() if "48x32" in line).partition("  ")[0]), png())
    assert os.listdir(tmp_path) == []


def test_each_step_of_the_demo_is_three_lines() -> None:
    for step in steps(0):
        lines = source(step.run).splitlines()
        assert len(lines) == 3
        assert max(map(len, lines)) < 80
