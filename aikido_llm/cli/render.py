"""Events -> terminal: the answer to stdout, everything else to stderr."""

import json
import sys
from typing import Any

import click

import aikido_llm as llm


class Renderer:
    """Shows the events of one answer as they come. as_json: one JSON object a line on stdout, nothing else there."""

    def __init__(self, *, as_json: bool, show_usage: bool) -> None:
        self._as_json = as_json
        self._show_usage = show_usage
        self._thinking = False  # stderr stands in the middle of a line of thinking
        self._text = False  # stdout stands in the middle of a line of text
        self._failure: llm.LLMError | None = None

    def event(self, event: llm.Event) -> None:
        """Show one event; an ErrorEvent is kept for `raise_failure`."""
        if isinstance(event, llm.ErrorEvent):
            self._failure = event.error
        if self._as_json:
            self._line(llm.serialize.to_dict(event))
            return
        match event:
            case llm.TextDelta(text=text):
                self._end_thinking()
                self._write(text)
            case llm.ThinkingDelta(text=text):
                self._thinking = True
                click.echo(click.style(text, dim=True), nl=False, err=True)
            case llm.ToolCallEvent(call=call):
                self._end_thinking()
                click.echo(f"tool call: {call.name}({call.arguments})", err=True)
            case llm.ImageEvent(image=image):
                size = len(image.data or b"")
                click.echo(f"image: {image.content_type or 'unknown type'}, {image.url or f'{size:,} bytes'}", err=True)
            case llm.UsageEvent(usage=usage) if self._show_usage:
                self._finish()
                click.echo(usage_line(usage), err=True)
            case llm.EndEvent(finish_reason=reason):
                self._finish()
                if reason == llm.FinishReason.length:
                    click.echo("aikido-llm: the answer stopped at the token limit (--max-tokens)", err=True)
            case _:
                pass

    def response(self, response: llm.Response) -> None:
        """Show a whole answer."""
        if self._as_json:
            self._line(llm.serialize.to_dict(response))
            return
        if response.thinking:
            self.event(llm.ThinkingDelta(response.thinking))
        if response.text:
            self.event(llm.TextDelta(response.text))
        for index, call in enumerate(response.tool_calls):
            self.event(llm.ToolCallEvent(index, call))
        for image in response.images:
            self.event(llm.ImageEvent(image))
        self.event(llm.UsageEvent(response.usage))
        self.event(llm.EndEvent(response.finish_reason, response))

    def raise_failure(self) -> None:
        """Raise what ended the stream, if something did."""
        if self._failure is not None:
            raise self._failure

    def _line(self, value: dict[str, Any]) -> None:
        self._write(json.dumps(value, ensure_ascii=False) + "\n")

    def _write(self, text: str) -> None:
        self._text = not text.endswith("\n")
        sys.stdout.write(text)
        sys.stdout.flush()

    def _end_thinking(self) -> None:
        if self._thinking:
            click.echo(err=True)
            self._thinking = False

    def _finish(self) -> None:
        self._end_thinking()
        if self._text:
            self._write("\n")


def usage_line(usage: llm.Usage) -> str:
    """`11 in (8 cached), 7 out (2 reasoning), $0.0001`: what the server has said, and nothing else."""
    parts: list[str] = []
    for name, count, detail, part in (
        ("in", usage.input_tokens, "cached", usage.cache_read_tokens),
        ("out", usage.output_tokens, "reasoning", usage.reasoning_tokens),
    ):
        if count is not None:
            parts.append(f"{count:,} {name}" + (f" ({part:,} {detail})" if part else ""))
    if usage.cost_usd is not None:
        parts.append(f"${usage.cost_usd:.6g}")
    return "usage: " + (", ".join(parts) or "not said by the server")
