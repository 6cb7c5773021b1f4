"""How many tokens a request takes, before anybody knows. Pure.

A guess for the limiter, which later usage corrects, and a bound for budgets, which must not be passed. Both count UTF-8
bytes: some four make a token of English, some three one character of Chinese, and no token is less than a byte.

source: the vendors' pages on counting tokens, pictures, sound and files (OpenAI, Anthropic, Gemini), read 2026-11.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, cast
from weakref import ref

from attrs import define, field, frozen

from ...types.messages import Message
from ...types.parts import AudioPart, FilePart, ImagePart, Part, TextPart
from ...types.request import Request
from ...types.tools import CustomTool, Tool, ToolDef
from ...types.usage import Usage

_ASSUMED_OUTPUT = 1024.0  # tokens of an answer of whose model nothing is known yet
_FEW = 10  # answers, up to which each one counts at once
_ANSWERS = 100  # of a model, by which the next is guessed
_MODELS = 200  # that are remembered
_TRUST = 200.0  # tokens that the first guess weighs beside what was used
_FADE = 0.98  # of that, with each answer more


@frozen
class Rule:
    """Tokens of what is sent: for each byte of text, around each message, of media by kind (of one, for each byte)."""

    text: float
    message: float
    image: float
    audio: tuple[float, float]
    file: tuple[float, float]


GUESS = Rule(text=1 / 4, message=4.0, image=1_000.0, audio=(50.0, 1 / 500), file=(500.0, 1 / 20))
BOUND = Rule(text=1.0, message=16.0, image=5_000.0, audio=(200.0, 1 / 50), file=(2_000.0, 1.0))


class Sizes:
    """What a request sends. text: UTF-8 bytes. around: messages, calls and tools. Of sound and files their number, and
    their bytes."""

    __slots__ = ("around", "audio", "audio_bytes", "file_bytes", "files", "images", "text")

    def __init__(self, request: Request) -> None:
        self.around = 1
        self.text: float = 0
        self.images = self.audio = self.audio_bytes = self.files = self.file_bytes = 0
        for message in request.messages:
            self._add_message(message)
        for tool in request.tools:
            self.around += 1
            self.text += _of_tool(tool)
        if request.response_format is not None and request.response_format.schema is not None:
            self.text += _of_json(request.response_format.schema)

    def tokens(self, rule: Rule) -> float:
        tokens = rule.text * self.text + rule.message * self.around
        if self.images or self.audio or self.files:
            tokens += rule.image * self.images
            tokens += rule.audio[0] * self.audio + rule.audio[1] * self.audio_bytes
            tokens += rule.file[0] * self.files + rule.file[1] * self.file_bytes
        return tokens

    def _add_message(self, message: Message) -> None:
        content = message.content
        self.around += 1 + len(message.tool_calls)
        if isinstance(content, str):
            self.text += _bytes(content)
        else:
            self._add_parts(content)
        if message.images or message.audio:
            self._add_parts((*message.images, *message.audio))
        for call in message.tool_calls:
            self.text += _bytes(call.name) + _bytes(call.arguments)
        for block in message.thinking:
            self.text += _bytes(block.text)

    def _add_parts(self, parts: Iterable[Part]) -> None:
        for part in parts:
            match part:
                case TextPart():
                    self.text += _bytes(part.text)
                case ImagePart():
                    self.images += 1
                case AudioPart(data=data):
                    self.audio += 1
                    self.audio_bytes += len(data or b"")
                case FilePart(data=data):
                    self.files += 1
                    self.file_bytes += len(data or b"")


_latest: list[tuple[ref[Request], Sizes]] = []


def input_tokens(request: Request, rule: Rule) -> float:
    """Tokens of all that a request sends. It is looked through once for the limiter and the budget before it, which are
    asked one behind the other."""
    if _latest and _latest[0][0]() is request:
        return _latest[0][1].tokens(rule)
    sizes = Sizes(request)
    _latest[:] = [(ref(request), sizes)]
    return sizes.tokens(rule)


def _of_tool(tool: Tool) -> float:
    match tool:
        case ToolDef():
            return _bytes(tool.name) + _bytes(tool.description) + _of_json(tool.parameters)
        case CustomTool():
            return _bytes(tool.name) + _bytes(tool.description) + _of_json(tool.format)
        case _:
            return _bytes(tool.name) + _of_json(tool.options)


def _of_json(value: Any) -> float:
    """Bytes of a JSON value, or a few more."""
    if isinstance(value, str):
        return _bytes(value) + 3
    if isinstance(value, Mapping):
        items = cast("Mapping[str, Any]", value).items()
        return 2 + sum(_bytes(str(name)) + 4 + _of_json(item) for name, item in items)
    if isinstance(value, list | tuple):
        return 2 + sum(1 + _of_json(item) for item in cast("list[Any]", value))
    return 0 if value is None else len(str(value))


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


class Tokens:
    """Of one request. guess: the input by `GUESS` alone, uncorrected.

    Where it is taken from a ledger: before: what had been taken in all when it had been. open: it holds a place."""

    __slots__ = ("before", "guess", "input", "open", "output", "total")

    before: tuple[float, float, float, float]
    open: bool

    def __init__(self, input: float, output: float, guess: float) -> None:
        self.input = input
        self.output = output
        self.guess = guess
        self.total = input + output


@define
class _Model:
    guessed: float = _TRUST
    used: float = _TRUST
    outputs: deque[float] = field(factory=lambda: deque[float](maxlen=_ANSWERS))
    learned: int = 0
    usual_output: float = _ASSUMED_OUTPUT  # nine answers of ten are no longer

    def learn(self, guess: float, usage: Usage) -> None:
        if usage.input_tokens is not None:
            self.guessed = self.guessed * _FADE + guess
            self.used = self.used * _FADE + usage.input_tokens
        if usage.output_tokens is not None:
            self.outputs.append(usage.output_tokens)
            if len(self.outputs) < _FEW or self.learned % _FEW == 0:  # to sort takes longer than all the rest
                ordered = sorted(self.outputs)
                self.usual_output = ordered[len(ordered) * 9 // 10]
            self.learned += 1


class Estimates:
    """What requests are guessed to take, by model, the better the more answers have come."""

    def __init__(self) -> None:
        self._models: dict[str, _Model] = {}

    def of(self, request: Request) -> Tokens:
        """The input, corrected by what the model's inputs were; and `max_tokens`, or what its answers usually take
        where that is less."""
        guess = input_tokens(request, GUESS)
        model = self._models.get(request.model or "")
        ratio, output = (1.0, _ASSUMED_OUTPUT) if model is None else (model.used / model.guessed, model.usual_output)
        if request.max_tokens is not None:
            output = min(output, request.max_tokens)
        return Tokens(guess * ratio, output * (request.n or 1), guess)

    def learn(self, model: str, tokens: Tokens, usage: Usage) -> None:
        """What a request took that was guessed to be `tokens`."""
        known = self._models.get(model)
        if known is None:
            if len(self._models) >= _MODELS:
                self._models.pop(next(iter(self._models)))
            known = self._models[model] = _Model()
        known.learn(tokens.guess, usage)
