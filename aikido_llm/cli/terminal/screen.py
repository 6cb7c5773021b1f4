"""Shows one answer: its text on stdout, everything else on stderr."""

import os
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import assert_never

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

import aikido_llm as llm

from . import speak
from .hush import hushed
from .live import MarkdownWriter, NoWriter, PlainWriter, Writer
from .render import Meter, extension, file_size, footnotes, safe, server_tool, tool_result, usage_line, visible


class Screen:
    """Shows the events of one answer as they come.

    plain: text as it is, also on a terminal. as_json: one JSON object a line on stdout, nothing else there.
    show_usage: the token counts behind the answer, also where no terminal is. silent: the text is kept in `text` and
    not shown.
    """

    def __init__(
        self, *, plain: bool = False, as_json: bool = False, show_usage: bool = False, silent: bool = False
    ) -> None:
        out, self._err = Console(), Console(stderr=True)
        self._as_json = as_json
        self._show_usage = show_usage
        self._live = out.is_terminal and not out.is_dumb_terminal and not plain and not silent
        self._writer: Writer = NoWriter() if silent else MarkdownWriter(out) if self._live else PlainWriter()
        self._meter = Meter()
        self._spinner: Live | None = None
        self._thinking = False  # stderr stands in the middle of a line of thinking
        self._streamed = True
        self._pieces: list[str] = []
        self.failure: llm.LLMError | None = None
        self.response: llm.Response | None = None

    @property
    def text(self) -> str:
        """What has been shown of the answer's text."""
        return "".join(self._pieces)

    @contextmanager
    def answer(self, who: str, *, streamed: bool = True) -> Generator["Screen"]:
        """Around one answer: a spinner until its first piece; in the end the screen is left tidy, whatever happened."""
        self._streamed = streamed
        self._meter = Meter()
        self._meter.start()
        if self._err.is_terminal and not self._err.is_dumb_terminal and not self._as_json:
            self._spinner = self._start_spinner(who)
        with hushed() if self._err.is_terminal or self._live else nullcontext():
            try:
                yield self
            finally:
                self._stop_spinner()
                self._end_thinking()
                self._writer.close()

    def event(self, event: llm.Event) -> None:
        """Show one event; an ErrorEvent is kept in `failure`, the whole answer in `response`."""
        match event:
            case llm.ErrorEvent(error=error):
                self.failure = error
            case llm.EndEvent(response=response):
                self.response = response
            case llm.UsageEvent():
                pass
            case _:
                self._meter.content()
                self._stop_spinner()
        if self._as_json:
            speak.line(llm.serialize.to_dict(event))
        else:
            self._show(event)

    def whole(self, response: llm.Response) -> None:
        """Show a whole answer."""
        self._stop_spinner()
        if self._as_json:
            speak.line(llm.serialize.to_dict(response))
            return
        self.partial(response)
        self.event(llm.EndEvent(response.finish_reason, response))

    def result(self, event: llm.ToolResultEvent) -> None:
        """Show what a tool gave."""
        if self._as_json:
            speak.line(llm.serialize.to_dict(event))
        else:
            self._say(tool_result(event.message))

    def partial(self, response: llm.Response) -> None:
        """Show what there is of an answer, without an end."""
        if response.thinking:
            self.event(llm.ThinkingDelta(response.thinking))
        for index, run in enumerate(response.server_tools):
            self.event(llm.ServerToolEvent(index, run))
        if response.text:
            self.event(llm.TextDelta(response.text))
        for index, call in enumerate(response.tool_calls):
            self.event(llm.ToolCallEvent(index, call))
        for image in response.images:
            self.event(llm.ImageEvent(image))
        for audio in response.audio:
            self.event(llm.AudioEvent(audio))

    def raise_failure(self) -> None:
        """Raise what ended the stream, if something did."""
        if self.failure is not None:
            raise self.failure

    # ---------------------------------------------------------------- one event

    def _show(self, event: llm.Event) -> None:
        match event:
            case llm.TextDelta(text=text):
                self._end_thinking()
                self._pieces.append(text)
                self._writer.write(text)
            case llm.ThinkingDelta(text=text):
                if not self._thinking:
                    self._writer.close()
                self._thinking = True
                self._err.print(Text(safe(text), style="dim"), end="", soft_wrap=True)
            case llm.ToolCallEvent(call=call):
                self._say(f"tool call: {visible(call.name)}({visible(call.arguments)})")
            case llm.ImageEvent(image=image):
                self._say(f"image: {keep(image)}")
            case llm.EndEvent(finish_reason=reason, response=response):
                self._end(reason, response)
            case llm.ServerToolEvent(call=run):
                self._say(server_tool(run))
            case llm.ToolCallStart() | llm.ToolCallDelta() | llm.ServerToolStart():
                pass  # the whole call is shown
            case llm.AudioEvent() | llm.CitationEvent() | llm.UsageEvent() | llm.ErrorEvent():
                pass  # shown at the end, when it is whole
            case _:
                assert_never(event)

    def _end(self, reason: llm.FinishReason, response: llm.Response) -> None:
        self._meter.end()
        self._writer.close()
        self._name_sources(response)
        for audio in (joined for joined in (_joined(response.audio),) if joined):
            self._say(f"audio: {keep(audio)}")
        if reason == llm.FinishReason.length:
            self._say("aikido-llm: the answer stopped at the token limit (--max-tokens)")
        if self._err.is_terminal:
            self._end_thinking()
            line = self._meter.line(response.usage, streamed=self._streamed)
            self._err.print(Text(line, style="dim"))
        elif self._show_usage:
            self._say(usage_line(response.usage))

    def _name_sources(self, response: llm.Response) -> None:
        """What the text stands on, as footnotes: behind it on a terminal; where stdout goes elsewhere it is the text
        alone, and they are said on stderr."""
        notes = footnotes(response.citations)
        if notes and sys.stdout.isatty():
            speak.out("\n" + "\n".join(notes))
        elif notes:
            self._say("\n".join(notes))

    def _say(self, line: str) -> None:
        self._end_thinking()
        self._writer.close()
        speak.err(line)

    def _end_thinking(self) -> None:
        if self._thinking:
            speak.err("")
            self._thinking = False

    # ---------------------------------------------------------------- the wait

    def _start_spinner(self, who: str) -> Live:
        spinner = Spinner("dots")

        def draw() -> Spinner:
            spinner.update(text=Text(f"{safe(who)} {self._meter.elapsed:.1f} s", style="dim"))
            return spinner

        live = Live(console=self._err, get_renderable=draw, transient=True, refresh_per_second=10,
                    redirect_stdout=False, redirect_stderr=False)  # fmt: skip
        live.start()
        return live

    def _stop_spinner(self) -> None:
        spinner, self._spinner = self._spinner, None
        if spinner is not None:
            spinner.stop()


def keep(part: llm.ImagePart | llm.AudioPart) -> str:
    """Write a picture or a sound of an answer to a temporary file, for it has been paid for; the file, or the address
    when the server sent only that."""
    if part.data is None:
        return visible(part.url or "empty")
    folder = Path(tempfile.mkdtemp(prefix="aikido-llm-"))
    path = part.save(folder / f"answer{extension(part.content_type)}")
    return f"{path} ({part.content_type or 'unknown type'}, {file_size(os.path.getsize(path))})"


def _joined(pieces: tuple[llm.AudioPart, ...]) -> llm.AudioPart | None:
    """The sound of an answer in one part; None when it has none."""
    data = b"".join(piece.data or b"" for piece in pieces)
    return llm.AudioPart(data=data, content_type=pieces[0].content_type) if data else None
