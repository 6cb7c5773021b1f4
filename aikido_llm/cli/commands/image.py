"""`aikido-llm image`: a prompt to picture files."""

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Any

import click
from rich.console import Console

import aikido_llm as llm

from ..access.details import pairs
from ..access.options import Access, access_options
from ..asking import media
from ..asking import request as asking
from ..terminal import preview, speak
from ..terminal.explain import explain, one_line
from ..terminal.render import counts, extension, file_size

_EPILOG = """\b
Examples:
  aikido-llm image -p gemini -m gemini-3-pro-image a lighthouse in fog --aspect 16:9
  aikido-llm image -p openrouter -m google/gemini-3-pro-image --n 3 --out fog.png "a lighthouse"
  aikido-llm image -p openai -m gpt-image-1 --image photo.jpg "the same in winter"
"""


@click.command("image", epilog=_EPILOG)
@click.argument("prompt", nargs=-1)
@access_options
@click.option("-o", "--out", metavar="PATH", type=click.Path(path_type=Path), help="A file, or a folder that is there. "
              "[default: image-TIME in this folder]")  # fmt: skip
@click.option("--size", metavar="SIZE", default="", help="1K, 2K, 4K: what the model knows.")
@click.option("--aspect", metavar="W:H", default="", help="1:1, 16:9, ...: what the model knows.")
@click.option("-n", "--n", "count", type=click.IntRange(1, 20), default=1, show_default=True, help="How many requests, "
              "at the same time.")  # fmt: skip
@click.option("--image", "images", metavar="FILE|URL", multiple=True, help="A picture to start from. Repeatable.")
@click.option("--option", "options", metavar="NAME=VALUE", multiple=True, help="Any option: seed=1, extra.NAME=...")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per picture.")
def command(access: Access, prompt: tuple[str, ...], **options: Any) -> None:
    """Have PROMPT drawn; prints path, size and media type of every picture, and shows it where the terminal can.

    What fails in passing is tried again, five attempts in all.
    """
    text = asking.prompt_text(prompt)
    text = text or ("" if "-" in options["images"] else asking.stdin_text(wanted=True))
    config = llm.ImageConfig(options["aspect"], options["size"])
    request = llm.Request(
        messages=asking.messages(None, text, options["images"], ()),
        modalities=("text", "image"),
        image_config=config if config != llm.ImageConfig() else None,
    )
    chosen = access.details(pairs(options["options"], "--option"))
    target = Target(options["out"], options["count"], force=options["force"])
    target.check()
    client = access.client(**chosen.own)
    failed = asyncio.run(_draw(client, chosen.ask(request), target, options["count"], as_json=options["as_json"]))
    if failed:
        sys.exit(1)


async def _draw(client: llm.HTTPClient, request: llm.Request, target: "Target", count: int, *, as_json: bool) -> bool:
    """Ask so many times at once; every answer is written as soon as it is there. Returns whether one failed."""
    err = Console(stderr=True)
    failed = False

    async def one() -> llm.Response | llm.LLMError:
        try:
            return await llm.complete_with_retry(client, request, llm.RetryPolicy(should_retry=llm.is_retryable))
        except llm.LLMError as error:
            return error

    async with client:
        asked = [asyncio.create_task(one()) for _ in range(count)]
        waiting = (
            err.status(f"{client.model or client.provider} is drawing") if err.is_terminal and not as_json else None
        )
        if waiting is not None:
            waiting.start()
        try:
            for done in asyncio.as_completed(asked):
                answer = await done
                if waiting is not None:
                    waiting.stop()
                failed |= not _show(answer, target, as_json=as_json)
                if waiting is not None and not all(task.done() for task in asked):
                    waiting.start()
        finally:
            if waiting is not None:
                waiting.stop()
            for task in asked:
                task.cancel()
    return failed


def _show(answer: llm.Response | llm.LLMError, target: "Target", *, as_json: bool) -> bool:
    """Write the pictures of one answer and say where. Returns whether there were any."""
    if isinstance(answer, llm.LLMError):
        speak.err(f"aikido-llm: {explain(answer)}")
        answer = answer.partial or llm.Response()
        if not answer.images:
            return False
    for image in answer.images:
        if image.data is None:
            if as_json:
                speak.line({"url": image.url})
            else:
                speak.out(f"{image.url} (the server sent a link, no bytes)")
            continue
        path = target.write(image)
        if as_json:
            speak.line(facts(path, image))
            continue
        speak.out(line(path, image))
        if sys.stdout.isatty():
            sys.stdout.write(preview.escape(image, preview.protocol(os.environ)))
    if answer.images and (said := counts(answer.usage)) and sys.stderr.isatty():
        speak.err(said)
    if not answer.images:
        said = one_line(answer.text)[:200]
        speak.err("aikido-llm: the model drew nothing" + (f" and said: {said}" if said else ""))
    return bool(answer.images)


def line(path: Path, image: llm.ImagePart) -> str:
    """`fog.png  1024x768  1.2 MB  image/png`."""
    data = image.data or b""
    size = media.pixels(data)
    return "  ".join(part for part in (str(path), f"{size[0]}x{size[1]}" if size else "", file_size(len(data)),
                                       image.content_type or "unknown type") if part)  # fmt: skip


def facts(path: Path, image: llm.ImagePart) -> dict[str, object]:
    """The same for JSON."""
    data = image.data or b""
    size = media.pixels(data) or (None, None)
    return {"path": str(path), "width": size[0], "height": size[1], "bytes": len(data), "type": image.content_type}


class Target:
    """Where pictures go. out: a file or an existing folder. A name that is taken is left alone, or, with force, is
    written over when it was given and not made."""

    def __init__(self, out: Path | None, count: int = 1, *, force: bool = False) -> None:
        self._out = out
        self._count = count
        self._force = force
        self._used: set[Path] = set()

    def check(self) -> None:
        """Before anything is paid for. Raises click.UsageError when the file is there, or cannot be."""
        if self._out is None or self._out.is_dir():
            return
        if str(self._out) == "-":
            raise click.UsageError("--out takes a file or a folder")
        if self._out.exists() and not self._force:
            raise click.UsageError(f"{self._out} is there already: --force writes over it")
        if not self._out.parent.is_dir():
            raise click.UsageError(f"there is no folder {self._out.parent}")

    def write(self, image: llm.ImagePart) -> Path:
        """The picture in a file of its own, which no other process has just made, and which is no link to another."""
        while True:
            path = self.next(image.content_type)
            try:
                with path.open("wb" if self._force and path == self._out else "xb") as file:
                    file.write(image.data or b"")
            except FileExistsError:
                if path == self._out:
                    raise
            else:
                return path

    def next(self, content_type: str) -> Path:
        """A path for the next picture."""
        if self._out is None or self._out.is_dir():
            stem = (self._out or Path()) / f"image-{time.strftime('%Y%m%d-%H%M%S')}"
            suffix = extension(content_type)
        else:
            stem, suffix = self._out.with_suffix(""), self._out.suffix or extension(content_type)
            named = stem.with_name(stem.name + suffix)
            if self._count == 1 and not self._used and (self._force or not named.exists()):
                return self._taken(named)
        number = 1
        while True:
            path = stem.with_name(f"{stem.name}-{number}{suffix}")
            if path not in self._used and not path.exists():
                return self._taken(path)
            number += 1

    def _taken(self, path: Path) -> Path:
        self._used.add(path)
        return path
