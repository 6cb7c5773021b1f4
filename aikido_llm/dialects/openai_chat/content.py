"""What a delta or a message says -> events: text, reasoning, calls, pictures, sound. The same keys in both."""

from functools import partial
from typing import Any

from ...codecs import json
from ...types.events import AudioEvent, CitationEvent, Event, ImageEvent, TextDelta, ThinkingDelta
from ...types.request import Request
from .. import reasoned
from ..media import Arrived, image_from_url
from ..values import as_list, as_object, as_text, is_list, is_object
from .alike import Say
from .calls import Calls
from .executed import Executed
from .media import audio_type, image_of, sound
from .quirks import Quirks
from .reasoning import ReasoningDetails, keep_on, text_of_details, thought
from .rest import MESSAGE, keep
from .sources import TYPED as LISTED
from .sources import Sources
from .wire import Json, Place, PlainDelta

_READ = MESSAGE | LISTED | frozenset((*reasoned.NAMES, "context"))
_USUAL = frozenset((
    "role", "content", "refusal", "tool_calls", "function_call", "reasoning_details", "name", "channel", *reasoned.NAMES
))  # fmt: skip
_TEXT = ("text", "output_text", "input_text")
_THOUGHT = ("thinking", "reasoning")


class Content:
    """The content of one choice. refused: the model said no, in a place of its own. spoken: its sound is over.

    unknown: there was content in a shape that nobody knows. provider_data: the choice's, for what no event carries.
    """

    def __init__(self, quirks: Quirks, request: Request, provider_data: Json) -> None:
        self._quirks = quirks
        self._provider_data = provider_data
        self._request = request
        self._details: ReasoningDetails | None = None  # this and the next two are made for the first that they hold
        self._executed: Executed | None = None
        self._sources: Sources | None = None
        self._draws = "image" in quirks.output_modalities
        self._audio_type = ""  # of the sound that has come
        self._audio_id = ""
        self._last_thought = ""
        self.calls = Calls(request)
        self.refused = False
        self.spoken = False
        self.unknown = False

    def replay(self) -> tuple[Any, ...]:
        """What the assistant's message must carry beside its text and calls, as one object to merge into it."""
        kept: Json = {}
        if self._details is not None and self._details.seen and self._quirks.reasoning_replay == "details":
            kept["reasoning_details"] = self._details.replay()
        if self._audio_id:
            kept["audio"] = {"id": self._audio_id}
        if self.calls.extra_content:
            kept["extra_content"] = self.calls.extra_content  # call id -> Google's thought signatures
        return (kept,) if kept else ()

    def plain(self, delta: PlainDelta, out: list[Event]) -> None:
        """A delta with text, reasoning or calls in it, and nothing rarer."""
        details = delta.reasoning_details
        said = delta.reasoning_content or delta.reasoning
        if details is not None:
            self._add_details(details)
            said = said or text_of_details(details)
        if said:
            self.think(said, out)
        if delta.content:
            out.append(TextDelta(delta.content))
        if delta.tool_calls:
            for call in delta.tool_calls:
                self.calls.plain(call, out)

    def at(self, place: Place) -> Say | None:
        """What takes the next pieces there; None for those of the text."""
        if place == "text":
            return None
        return self.think if place == "thinking" else partial(self.calls.more, place)

    def read(self, message: Json, out: list[Event], arrived: Arrived, *, whole: bool) -> None:
        details = message.get("reasoning_details")
        if details is not None:
            self._add_details(details)
        said = thought(message, self._provider_data)
        if said:
            self.think(said, out)
        content = message.get("content")
        if content is not None and content != "":
            self._content(content, out, arrived, thoughts=not said)
        if message.get("refusal") and (refusal := reasoned.text_of(message["refusal"])):
            self._refuse(refusal, out)
        if message.get("tool_calls") or message.get("function_call"):
            self.calls.read(message, out, whole=whole)
        if not _USUAL.issuperset(message):
            self._rarer(message, out, arrived)

    def think(self, text: str, out: list[Event]) -> None:
        if self._quirks.drop_repeated_reasoning:
            if text == self._last_thought:
                return
            self._last_thought = text
        out.append(ThinkingDelta(text))

    def close(self, out: list[Event]) -> None:
        """The answer is whole: what had to wait for that."""
        if self._executed is not None:
            self._executed.close(out)
        if self._sources is not None:
            out.extend(map(CitationEvent, self._sources.found()))
        kept = self._details
        if kept is not None and self._quirks.reasoning_replay != "details" and (details := kept.proofs()):
            self._provider_data["reasoning_details"] = details

    @property
    def sources(self) -> Sources:
        if self._sources is None:
            self._sources = Sources()
        return self._sources

    def _add_details(self, details: Any) -> None:
        if self._details is None:
            self._details = ReasoningDetails()
        self._details.add(details)

    # ---------------------------------------------------------------- the shapes of `content`

    def _content(self, content: Any, out: list[Event], arrived: Arrived, *, thoughts: bool) -> None:
        """Text, or a list of parts and texts. An object that is no part is what a JSON mode gives at some hosts, as are
        numbers: they are their JSON text."""
        if isinstance(content, str):
            self._text(content, out)
        elif is_list(content):
            for item in content:
                if is_object(item):
                    self._part(item, out, arrived, thoughts=thoughts)
                elif item is not None and item != "":
                    self._content(item, out, arrived, thoughts=thoughts)
        elif is_object(content) and content.get("type") in _PARTS:
            self._part(content, out, arrived, thoughts=thoughts)
        else:
            out.append(TextDelta(json.text(content)))

    def _text(self, text: str, out: list[Event]) -> None:
        """A picture may be sent as text: the one shape in which some models of a host that draws can."""
        if self._draws and text.startswith("data:image/") and ";base64," in text[:64]:
            out.append(ImageEvent(image_from_url(text)))
        else:
            out.append(TextDelta(text))

    def _part(self, part: Json, out: list[Event], arrived: Arrived, *, thoughts: bool) -> None:
        """A part of a list; kinds that we do not know are kept for the caller, and their text is text."""
        kind = part.get("type")
        image = image_of(part, arrived)
        if kind in _THOUGHT:
            said = reasoned.text_of(part)
            if said and thoughts:
                self.think(said, out)
        elif kind == "refusal" and (refusal := reasoned.text_of(part.get("refusal"))):
            self._refuse(refusal, out)
        elif image is not None:
            out.append(ImageEvent(image))
        elif text := reasoned.text_of(part.get("text") or (part.get("content") if kind in (None, *_TEXT) else None)):
            out.append(TextDelta(text))
        if kind in _TEXT and part.get("annotations"):
            self.sources.annotated(part["annotations"], self._provider_data)
        if not _is_part(part):
            self.unknown = True
            keep_on(self._provider_data, "parts", [part])

    def _rarer(self, message: Json, out: list[Event], arrived: Arrived) -> None:
        self._media(message, out, arrived)
        if message.get("executed_tools"):
            self._executed = self._executed or Executed(self.calls.next_index)
            self._executed.read(message["executed_tools"], out)
        self.sources.listed(message)
        self.sources.annotated(message.get("annotations"), self._provider_data)
        self.sources.context(message.get("context"), self._provider_data)
        keep(message, _READ, self._provider_data)

    def _refuse(self, words: str, out: list[Event]) -> None:
        self.refused = True
        out.append(TextDelta(words))

    def _media(self, message: Json, out: list[Event], arrived: Arrived) -> None:
        for item in as_list(message.get("images")):
            image = image_of(item, arrived)
            if image is not None:
                out.append(ImageEvent(image))
        audio = as_object(message.get("audio"))
        if not audio:
            return
        self._audio_id = self._audio_id or as_text(audio.get("id"))
        self.spoken = self.spoken or bool(audio.get("expires_at"))
        if audio.get("expires_at"):
            self._provider_data["audio"] = {"expires_at": audio["expires_at"]}
        data, transcript = as_text(audio.get("data")), as_text(audio.get("transcript"))
        if data or transcript:
            piece = sound(data, transcript, self._audio_type or audio_type(self._request), arrived)
            self._audio_type = self._audio_type or piece.content_type
            out.append(AudioEvent(piece))


def _is_part(value: Json) -> bool:
    """Whether a part of a list is of a kind that is known, or words or a picture without a kind."""
    kind = value.get("type")
    if isinstance(kind, str):
        return kind in _PARTS
    return any(isinstance(value.get(key), str) for key in ("text", "content")) or not _IMAGE.isdisjoint(value)


_IMAGE = frozenset(("image_url", "b64_json", "image_base64"))
_PARTS = frozenset((*_TEXT, *_THOUGHT, "refusal", "image", "image_url", "output_image"))
