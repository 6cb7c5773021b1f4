"""What every wire writes with: text in pieces, made ids, JSON in a provider's own spacing. Pure."""

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any, cast

from ...types.citations import Citation
from ...types.parts import ImagePart
from ...types.response import FinishReason
from ...types.tools import ToolCall
from ..answer import Answer
from .base import Received
from .rules import as_object

_WORD = re.compile(r"\s*\S+|\s+")
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def deltas(text: str, size: int) -> list[str]:
    """Text as a stream cuts it: `size` characters each, or word by word (with the blank before it) when 0."""
    return _every(text, size) if size > 0 else _WORD.findall(text)


def fragments(arguments: str, size: int) -> list[str]:
    """A call's arguments as a stream cuts them: anywhere, also inside escapes."""
    return _every(arguments, size if size > 0 else 7)


def _every(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def cut_by_citations(text: str, citations: Sequence[Citation]) -> list[tuple[str, list[Citation]]]:
    """The text in pieces, cut where a citation begins and ends, with the citations of each."""
    pieces: list[tuple[str, list[Citation]]] = []
    at = 0
    places = [(citation.start or 0, citation.end or len(text)) for citation in citations]
    for start, end in dict.fromkeys(places):
        if start > at:
            pieces.append((text[at:start], []))
        here = [citation for citation, place in zip(citations, places, strict=True) if place == (start, end)]
        pieces.append((text[start:end], here))
        at = end
    return [*pieces, (text[at:], [])] if text[at:] else pieces


def made_id(answer: Answer, request: Received, length: int, kind: str = "", letters: str = _LETTERS) -> str:
    """`length` characters that look random and are the same for the same question, answer and kind, streamed or not."""
    asked = {key: value for key, value in (as_object(request.body) or {}).items() if not key.startswith("stream")}
    said = f"{asked}\0{answer.text}\0{answer.thinking}\0{answer.tool_calls!r}\0{kind}"
    number = int.from_bytes(hashlib.shake_256(said.encode("utf-8", "surrogatepass")).digest(length), "big")
    made = ""
    for _ in range(length):
        number, letter = divmod(number, len(letters))
        made += letters[letter]
    return made


def made_signature(answer: Answer, request: Received) -> str:
    """Made base64, where a wire signs and the answer brings no signature."""
    return base64.b64encode(made_id(answer, request, 35, "signature").encode()).decode()


def made_uuid(answer: Answer, request: Received) -> str:
    digits = made_id(answer, request, 32, "uuid", "0123456789abcdef")
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def finish_of(answer: Answer) -> FinishReason:
    """The answer's finish reason, or the one that its content implies."""
    if answer.finish_reason is not None:
        return answer.finish_reason
    return FinishReason.tool_calls if answer.tool_calls else FinishReason.stop


def word_for(wire: str, words: dict[FinishReason, str], finish: FinishReason) -> str:
    """The wire's word for a finish reason. Raises ValueError when it has none."""
    if finish not in words:
        raise ValueError(f"{wire} has no word for the finish reason {finish}")
    return words[finish]


def model_of(answer: Answer, request: Received) -> str:
    """The model that answers: the answer's, else the one that the body asks for."""
    return answer.model or str((as_object(request.body) or {}).get("model") or "")


def arguments_of(call: ToolCall) -> dict[str, Any]:
    """A call's arguments, for the wires that send them whole. Raises ValueError when they are no JSON object."""
    try:
        value: Any = json.loads(call.arguments)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ValueError(f"this wire sends arguments as a JSON object, and {call.name!r} has {call.arguments!r}")
    return cast("dict[str, Any]", value)


def image_bytes(image: ImagePart) -> bytes:
    """What an image in an answer holds. Raises ValueError for one that is only a URL."""
    if image.data is None:
        raise ValueError("this wire sends images as bytes, and this one is only a URL")
    return image.data


def no_images(wire: str, answer: Answer) -> None:
    if answer.images:
        raise ValueError(f"{wire} cannot answer with images")


def known(**counts: int | None) -> dict[str, Any]:
    """The counts that are not None, in order."""
    return {name: count for name, count in counts.items() if count is not None}


def write(value: Any, separators: tuple[str, str] = (",", ":")) -> str:
    """JSON on one line."""
    return json.dumps(value, ensure_ascii=False, separators=separators)


def write_pretty(value: Any) -> str:
    """JSON with an indent of two, as some services write whole bodies and errors."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def page_size(text: str | None, default: int, most: int = 1000) -> int:
    """The size of a page that a query asks for, within the service's limits."""
    asked = int(text) if text and text.isdigit() else default
    return max(1, min(most, asked))


def page_token(start: int) -> str:
    """The opaque token of the page that begins there."""
    return base64.b64encode(f"{start}".encode()).decode()


def page_start(token: str | None) -> int:
    """Where the page of a token begins; a token that is none of ours begins at the first."""
    try:
        return int(base64.b64decode(token or ""))
    except ValueError:
        return 0
