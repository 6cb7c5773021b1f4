"""`aikido-llm demo`: the main job in ten seconds, over real HTTP on this machine, without a key."""

import asyncio
import inspect
import os
import stat
import tempfile
import textwrap
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

import click
from attrs import frozen
from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text

import aikido_llm as llm
from aikido_llm.testing import Answer, Fault, WireServer

from ..terminal import preview
from ..terminal.sunset import blocks, png
from .image import line

Write: TypeAlias = Callable[[str], None]


@click.command("demo")
def command() -> None:
    """Five answers from a server on this machine that speaks the providers' own wires: streamed, with a tool, with a
    picture, broken off, and after two failures. Each with the three lines of code that did it.
    """
    asyncio.run(_demo(Stage(Console())))


# ---------------------------------------------------------------- the steps: what is shown is their source


async def streamed(client: llm.HTTPClient, write: Write) -> None:
    async with client.chat_stream("Why is the sky blue?") as events:
        async for text in events.text():
            write(text)


async def with_a_tool(client: llm.HTTPClient, write: Write) -> None:
    question = llm.Request(messages=[llm.user("What is the weather in Oslo?")])
    run = await llm.run_tools(client, question, {"weather": weather})
    write(run.response.text)


async def with_a_picture(client: llm.HTTPClient, write: Write) -> None:
    request = llm.Request(messages=[llm.user("Draw a sunset.")])
    response = await llm.complete_with_retry(client, request)
    write(shown(response.images[0].save(folder() / "sunset.png")))


async def broken_off(client: llm.HTTPClient, write: Write) -> None:
    async with client.chat_stream("Recite a poem.") as events:
        async for text in events.text():
            write(text)


async def after_failures(client: llm.HTTPClient, write: Write) -> None:
    response = await client.chat("Are you there?")
    write(response.text)
    write(f" (attempt {response.attempts})")


def weather(city: str) -> str:
    """The weather in a city."""
    click.echo(f"weather({city!r}) is called")
    return f"4 degrees and rain in {city}"


def folder() -> Path:
    """For the picture: the same at every run, or a new one where somebody else has taken the name."""
    path = Path(tempfile.gettempdir()) / f"aikido-llm-demo-{getattr(os, 'getuid', int)()}"
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.lstat()
    own = stat.S_ISDIR(found.st_mode) and found.st_uid == getattr(os, "getuid", int)()
    return path if own else Path(tempfile.mkdtemp(prefix="aikido-llm-demo-"))


def shown(path: Path) -> str:
    """Where a picture is, and the picture itself where the terminal has a way to show it."""
    image = llm.ImagePart.from_path(path)
    said = line(path, image)
    console = Console()
    if not console.is_terminal:
        return said
    drawn = preview.escape(image, preview.protocol(os.environ))
    if drawn:
        return f"{said}\n{drawn}"
    if console.color_system not in ("truecolor", "256"):
        return said
    with console.capture() as captured:
        console.print(blocks(image.data or b"", console.width))
    return f"{said}\n{captured.get()}"


# ---------------------------------------------------------------- what the server is told


@frozen
class Step:
    """title: what it shows. provider: whose wire is spoken. run: does it. answers: what the server plays."""

    title: str
    provider: str
    run: Callable[[llm.HTTPClient, Write], Awaitable[None]]
    answers: tuple[Answer, ...]


def steps(pace: float) -> tuple[Step, ...]:
    """pace: seconds between two pieces of a streamed answer."""
    sky = (
        "Sunlight is a mix of all colours. Air scatters the short waves, blue, far more than the long ones, red: "
        "from wherever you look up, it is blue that reaches your eye."
    )
    call = llm.ToolCall("call_1", "weather", '{"city": "Oslo"}')
    return (
        Step("An answer, token by token", "anthropic", streamed, (Answer(sky, pace=pace),)),
        Step(
            "A tool, called and answered",
            "openai",
            with_a_tool,
            (Answer(tool_calls=(call,)), Answer("In Oslo it rains, at 4 degrees: take a coat.")),
        ),
        Step("A picture, written to a file", "gemini", with_a_picture, (Answer(images=(llm.ImagePart(data=png()),)),)),
        Step(
            "A stream that breaks off says so, to the same three lines",
            "mistral",
            broken_off,
            (Answer("Shall I compare thee to a summer's day? Thou art", pace=pace, fault=Fault.close(after_events=9)),),
        ),
        Step(
            "Two failures, then an answer: the client tries again",
            "openrouter",
            after_failures,
            (
                Answer(status=503, message="overloaded"),
                Answer(status=429, headers={"retry-after": "1"}),
                Answer("Yes."),
            ),
        ),
    )


# ---------------------------------------------------------------- the stage


class Stage:
    """Where it is shown. On a terminal with colours and at a pace that can be read; elsewhere plain and at once."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.pace = 0.05 if console.is_terminal else 0.0
        self.pause = 0.7 if console.is_terminal else 0.0

    def title(self, number: int, step: Step) -> None:
        title = Text(f"{number}. {step.title}", style="bold")
        self._console.print(title + Text(f"  {step.provider}'s wire", style="dim"))
        code = source(step.run)
        if self._console.is_terminal:
            self._console.print(Syntax(code, "python", theme="ansi_dark", background_color="default"))
        else:
            click.echo(code)

    def write(self, text: str) -> None:
        colour = "green" if self._console.is_terminal and "\x1b" not in text else None
        click.secho(text, nl=False, fg=colour)

    def failed(self, error: llm.LLMError) -> None:
        """What the step's code raised."""
        click.secho(f"\n{type(error).__name__}: {error}", fg="red" if self._console.is_terminal else None)
        if error.partial is not None:
            click.echo(f"error.partial.text is {error.partial.text!r}", nl=False)

    def end(self) -> None:
        click.echo("\n")


def source(function: Callable[..., object]) -> str:
    """The lines of a function's body, indented by four."""
    body = inspect.getsource(function).partition(" -> None:\n")[2]
    return textwrap.indent(textwrap.dedent(body), "    ").rstrip()


async def _demo(stage: Stage) -> None:
    async with WireServer() as server:
        click.echo(f"A server on this machine, {server.url}, plays the providers. No key, no network.\n")
        for number, step in enumerate(steps(stage.pace), 1):
            stage.title(number, step)
            server.answer(*step.answers)
            async with llm.open(step.provider, server.dsn(step.provider)) as client:
                try:
                    await step.run(client, stage.write)
                except llm.StreamTruncated as error:
                    stage.failed(error)
            stage.end()
            await asyncio.sleep(stage.pause)
    click.echo(f"{len(server.received)} requests were made. With a key: aikido-llm chat -p anthropic -m MODEL hello")
