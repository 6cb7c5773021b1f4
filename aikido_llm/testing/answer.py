"""What a test server shall answer: one description for every wire."""

from collections.abc import Iterable, Mapping

from attrs import field, frozen

from ..types.citations import Citation
from ..types.parts import ImagePart
from ..types.response import FinishReason
from ..types.server_tools import ServerToolCall
from ..types.tools import ToolCall
from ..types.usage import Usage
from .faults import Fault


def _calls(value: Iterable[ToolCall]) -> tuple[ToolCall, ...]:
    return tuple(value)


def _images(value: Iterable[ImagePart]) -> tuple[ImagePart, ...]:
    return tuple(value)


def _server_tools(value: Iterable[ServerToolCall]) -> tuple[ServerToolCall, ...]:
    return tuple(value)


def _citations(value: Iterable[Citation]) -> tuple[Citation, ...]:
    return tuple(value)


@frozen
class Answer:
    """One scripted answer. Every wire writes it as its provider would.

    text, thinking, tool_calls, images: what the model "says", in this order on the wire: thinking, text, images, calls.
    usage:         what the server reports; counts that are None are not sent.
    finish_reason: None: tool_calls when there are calls, else stop. content_filter: the wire's own way of refusing.
    signature:     of the thinking, on the wires that sign it.
    chunk:         characters per delta of a stream; 0: one delta per word (with the blank before it).
    pace:          seconds between two events of a stream.
    writes:        bytes per write to the socket; 0: one write per event. (Every way must give the client the same.)
    status, headers, code, message: an HTTP error instead of an answer: the wire's own envelope is put around message.
    fault:         what goes wrong (see Fault), None for nothing.
    id, model:     of the answer; "" takes a made one, and the model that was asked for.
    server_tools:  what the provider ran, before the text. citations: of the text, in the order of their places.
    container:     where code of the answer ran. A wire that cannot write these raises ValueError.
    unfinished:    how often one that is made in the background is found in the making when it is asked for as a whole.
    """

    text: str = ""
    thinking: str = ""
    tool_calls: tuple[ToolCall, ...] = field(default=(), converter=_calls)
    images: tuple[ImagePart, ...] = field(default=(), converter=_images)
    usage: Usage = field(default=Usage(input_tokens=11, output_tokens=7))
    finish_reason: FinishReason | None = None
    signature: str = ""
    chunk: int = 0
    pace: float = 0.0
    writes: int = 0
    status: int = 200
    headers: Mapping[str, str] = field(factory=lambda: dict[str, str]())
    code: str = ""
    message: str = ""
    fault: Fault | None = None
    id: str = ""
    model: str = ""
    server_tools: tuple[ServerToolCall, ...] = field(default=(), converter=_server_tools, kw_only=True)
    citations: tuple[Citation, ...] = field(default=(), converter=_citations, kw_only=True)
    container: str = field(default="", kw_only=True)
    unfinished: int = field(default=0, kw_only=True)
