"""What the output items of one answer hold -> events, whether they come in pieces, whole, or both."""

from typing import Any

from ...errors import MalformedStream
from ...types.events import Event, ImageEvent, TextDelta, ThinkingDelta, ToolCallStart
from ...types.logprobs import TokenLogprob
from ...types.request import Request
from ...types.response import FinishReason
from ...types.server_tools import ServerTool
from ...types.tools import CustomTool
from .. import base
from ..call_shapes import with_arguments
from ..media import Arrived, image_from_base64
from ..toolcalls import ToolCalls
from ..values import as_list, as_object, as_objects, as_text, list_in
from .calls import ASKED, SENT_BACK, Asked, asked_by, call_id_of, data_of, item_of, name_of, request_of
from .citations import Citations, read
from .items import Item, Items, Part, rest
from .replay import replay_items
from .server_tools import ServerTools, is_server_tool, waits
from .wire import StreamEvent, parts_of, text_of, texts_of

_CHECKED = ("text", "arguments", "input")  # of a summary a piece may be missing
_KNOWN = {  # fields whose meaning is in the Response; in its frame, as the item's status
    "message": {"type", "id", "role", "status", "content"},
    "reasoning": {"type", "id", "status", "summary", "content", "encrypted_content"},
}
_CALL = {"type", "id", "call_id", "name", "status", *SENT_BACK}


class Answer:
    """provider_data: what of the items has no typed field. refusal: what the model said in place of an answer. gaps: by
    the server's own count of its events some have not come."""

    def __init__(self, request: Request, *, stored: bool, open_reasoning: bool) -> None:
        self.items = Items()
        self.calls = ToolCalls()
        self.provider_data: dict[str, Any] = {}
        self.logprobs: list[TokenLogprob] = []
        self.arrived: Arrived = {}
        self.gaps = False
        self._tools = ServerTools(self.calls)
        self._citations = Citations()
        self._offered = _custom_names(request)
        self._stored = stored
        self._open_reasoning = open_reasoning
        self._call_ids: dict[int, str] = {}  # by the item's key, as is the next
        self._names: dict[int, str] = {}
        self._images: dict[int, int] = {}
        self._refusal: list[str] = []
        self._thought: tuple[int, str, int] | None = None  # the part that the latest thinking belongs to
        self._said = False
        self._strange = False  # there was an item of a type that nobody knows

    @property
    def refusal(self) -> str:
        return "".join(self._refusal)

    # ---------------------------------------------------------------------------------------------- pieces

    def text_at(self, index: int, part: int) -> list[str]:
        """Where to note the text of a part, which its reader hands out itself."""
        self._said = True
        item = self.items.at(StreamEvent(output_index=index), "text")
        if item.whole is not None:  # said again
            return []
        return self.items.part(item, "text", part).pieces

    def delta(self, event: StreamEvent, lane: str, number: Any, text: str, out: list[Event]) -> None:
        if text:
            item = self.items.at(event, lane)
            if item.whole is None:
                self._hand_out(item, lane, number, text, out)

    def refused(self, text: str, *, again: bool) -> None:
        """again: it is the whole of what came before."""
        if not (again and self._refusal):
            self._refusal.append(text)

    def called(self, event: StreamEvent, name: str) -> None:
        """The name that the end of a call's arguments tells, for a call that no item names."""
        if name:
            self._names[self.items.at(event, "arguments").key] = name

    def part_done(self, event: StreamEvent, lane: str, number: Any, full: str, out: list[Event]) -> None:
        item = self.items.at(event, lane)
        if item.whole is not None:
            return
        part = self.items.part(item, lane, number)
        if len(full) > part.length():
            self._hand_out(item, lane, number, self._rest(lane, full, "".join(part.pieces)), out)
        part.over = True

    def annotated(self, event: StreamEvent, annotation: Any, out: list[Event]) -> None:
        item = self.items.at(event, "text")
        number = event.content_index if type(event.content_index) is int else 0
        part = self.items.part(item, "text", number)
        self._citations.note((item.key, number), read(annotation, part.base))
        self._citations.send(out, until=part.base + part.length())

    def _hand_out(self, item: Item, lane: str, number: Any, text: str, out: list[Event]) -> None:
        if not text:
            return
        number = number if type(number) is int else 0
        self.items.part(item, lane, number).pieces.append(text)
        self._said = True
        if lane == "text":
            out.append(TextDelta(text))
        elif lane in ("arguments", "input"):
            if not self.calls.piece(out, item.key, text):
                self.calls.delta(out, key=item.key, arguments=text)
        else:  # parts of the reasoning are told apart by their numbers alone
            apart = "\n\n" if self._thought not in (None, (item.key, lane, number)) else ""
            self._thought = (item.key, lane, number)
            out.append(ThinkingDelta(apart + text))

    # ---------------------------------------------------------------------------------------------- items

    def added(self, event: StreamEvent, head: dict[str, Any], out: list[Event]) -> None:
        if not head:
            return
        item = self.items.added(event, head)
        if item.whole is not None:
            return
        asked = self._asked(head)
        if asked is not None and asked.field:
            self._name_call(item, head, asked, out)
        elif asked is None and is_server_tool(item.kind) and item.kind != "shell_call":
            self._tools.begin(item.key, _without_result(head), out)

    def done(self, event: StreamEvent, whole: dict[str, Any], out: list[Event]) -> None:
        item = self.items.done(event, whole) if whole else None
        if item is not None:
            self._finish(item, whole, out)

    def account_for(self, output: list[dict[str, Any]], out: list[Event]) -> None:
        """The server's own list of the items: those that no event finished are finished by it."""
        ids = {as_text(whole.get("id")) for whole in output} - {""}
        for place, whole in enumerate(output):
            item = self.items.of_output(place, whole, ids)
            if item.whole is None:
                self._finish(item, whole, out)

    def _finish(self, item: Item, whole: dict[str, Any], out: list[Event]) -> None:
        """A complete output item, the authority on what it holds (encrypted reasoning comes only here)."""
        item.whole = whole
        asked = self._asked(whole)
        match item.kind:
            case "message":
                self._message(item, whole, out)
            case "reasoning":
                self._complete(item, "summary", texts_of(whole.get("summary")), out)
                self._complete(item, "reasoning", texts_of(whole.get("content")), out)
                self._leave(whole, _KNOWN["reasoning"])
            case "image_generation_call":
                self._image(item, whole, out)
            case _ if asked is not None:
                self._call(item, whole, asked, out)
            case _ if is_server_tool(item.kind):
                self._tools.end(item.key, whole, out)
            case _:  # something newer than this code
                self._strange = True
                self._keep("items", whole)

    def _complete(self, item: Item, lane: str, fulls: list[str], out: list[Event]) -> None:
        """Hand out what is still missing of an item, part by part."""
        sent = [part for (name, _), part in sorted(item.parts.items()) if name == lane]
        length = sum(part.length() for part in sent)
        if sum(map(len, fulls)) <= length:
            return
        joined = "".join(piece for part in sent for piece in part.pieces)
        if not self._rest(lane, "".join(fulls), joined):
            return
        for number, full in enumerate(fulls):
            self._hand_out(item, lane, number, full[length:] if length > 0 else full, out)
            length -= len(full)

    def _rest(self, lane: str, full: str, sent: str) -> str:
        return rest(full, sent, checked=lane in _CHECKED, gaps=self.gaps)

    def _message(self, item: Item, whole: dict[str, Any], out: list[Event]) -> None:
        parts = parts_of(whole.get("content"))
        texts = [text_of(part) for part in parts]
        refusals = [text for part, text in zip(parts, texts, strict=True) if part.get("type") == "refusal"]
        self._complete(item, "text", texts, out)
        base = self._text_begins(item)
        for number, (part, text) in enumerate(zip(parts, texts, strict=True)):
            if not text and part.get("type") not in ("output_text", "refusal"):
                self._keep("parts", part)
            for annotation in as_list(part.get("annotations"))[self._citations.noted((item.key, number)) :]:
                self._citations.note((item.key, number), read(annotation, base))
            for logprob in as_list(part.get("logprobs")):
                self._logprob(logprob)
            base += len(text)
        if not self._refusal:
            self._refusal = refusals
        self._citations.send(out)
        self._leave(whole, _KNOWN["message"])

    def _text_begins(self, item: Item) -> int:
        numbers = [number for lane, number in item.parts if lane == "text"]
        return self.items.part(item, "text", min(numbers, default=0)).base

    def _logprob(self, value: Any) -> None:
        token = _token(value)
        if token is None:
            self._keep("logprobs", value)
        else:
            self.logprobs.append(token)

    def _image(self, item: Item, whole: dict[str, Any], out: list[Event]) -> None:
        result = whole.get("result")
        item.whole = _without_result(whole)
        self._tools.begin(item.key, item.whole, out)
        if isinstance(result, str) and result:
            kind = as_text(whole.get("output_format"))
            image = image_from_base64(result, f"image/{kind}" if kind else "", self.arrived)
            self._images[item.key] = len(self._images)
            self._said = True
            out.append(ImageEvent(image))
        self._tools.end(item.key, item.whole, out)

    # ---------------------------------------------------------------------------------------------- calls

    def _asked(self, item: dict[str, Any]) -> Asked | None:
        """How the item asks the caller to do something. A custom tool that was not offered is one of the server's, if
        those were."""
        asked = asked_by(item)
        if asked is not None and asked.kind == "custom" and self._offered is not None:
            return asked if as_text(item.get("name")) in self._offered else None
        return asked

    def _name_call(self, item: Item, whole: dict[str, Any], asked: Asked, out: list[Event]) -> None:
        """Start the call, if its name is known now and was not before."""
        if item.key in self._call_ids:
            return
        before = len(out)
        id, name = call_id_of(whole), name_of(whole, asked)
        self.calls.delta(out, key=item.key, id=id, name=name, kind=asked.kind)
        for event in out[before:]:
            if isinstance(event, ToolCallStart):
                self._call_ids[item.key] = event.id

    def _call(self, item: Item, whole: dict[str, Any], asked: Asked, out: list[Event]) -> None:
        self._name_call(item, whole, asked, out)
        whole = with_arguments(whole, "arguments") if asked.kind == "function" else whole
        try:
            request = request_of(whole, asked)
        except (ValueError, RecursionError) as error:  # text that no JSON can hold
            raise MalformedStream(f"the arguments of a tool call cannot be read: {error}") from None
        self._complete(item, "input" if asked.kind == "custom" else "arguments", [request], out)
        is_cut = whole.get("status") == "incomplete"
        ended = not is_cut if asked.kind != "function" else whole.get("status") == "completed" and not request.strip()
        self.calls.delta(out, key=item.key, data=data_of(whole), whole=ended)
        if asked.field:
            self._leave(whole, {*_CALL, asked.field})

    # ---------------------------------------------------------------------------------------------- the end

    def flush(self, out: list[Event]) -> None:
        """All text has been."""
        self._citations.send(out)

    def end(self, out: list[Event], reason: FinishReason, word: str) -> FinishReason:
        """The answer is over: what was held back, and how it ended. word: the wire's own.

        raises: MalformedStream for an answer that holds something, but nothing that can be read."""
        self.flush(out)
        self._tools.leave(out)
        if self.gaps and any(item.whole is None and not item.over for item in self.items.all):
            raise MalformedStream(
                "events are missing by the server's own count, and it does not say again what they held"
            )
        for item in self.items.all:
            if item.key in self._names and item.key not in self._call_ids:
                head = {"call_id": item.call_id, "id": item.id, "name": self._names[item.key]}
                self._name_call(item, head, ASKED["function_call"], out)
        reason = self.calls.end(out, reason)
        if reason is FinishReason.other and len(self.calls.finished) < len(self._call_ids):
            raise base.truncated(f"a tool call was whole (incomplete: {word})")
        if reason is FinishReason.stop and not self._said:
            if self.provider_data.get("parts"):
                raise MalformedStream("the answer's content is of a kind that cannot be read")
            if self._strange:  # it stopped, and nobody can tell with what
                return FinishReason.other
            if any(tool.status == "failed" for tool in self._tools.told):  # a picture, mostly, and there is none
                return FinishReason.other
        if reason is FinishReason.stop and waits([item.whole for item in self.items.ordered()]):
            return FinishReason.other
        return reason

    def replay(self) -> tuple[Any, ...]:
        finished = {call.id: call for call in self.calls.finished}
        calls = {key: finished[id] for key, id in self._call_ids.items() if id in finished}
        items: list[tuple[int, dict[str, Any]]] = []
        for item in self.items.ordered():
            whole = item.whole
            if whole is None and item.key in calls:  # the server never said that it is complete, but the answer is
                whole = item_of(calls[item.key], calls[item.key].id)
            if whole is None and item.kind == "message":
                text = "".join(piece for part in _parts(item) for piece in part.pieces)
                whole = {"type": "message", "content": [{"type": "output_text", "text": text}]}
            if whole is not None:
                items.append((item.key, whole))
        return replay_items(items, calls, self._images, stored=self._stored, open_reasoning=self._open_reasoning)

    def _keep(self, name: str, value: Any) -> None:
        list_in(self.provider_data, name).append(value)

    def _leave(self, item: dict[str, Any], known: set[str]) -> None:
        """Keep what an item of a known type says beside."""
        left = {name: value for name, value in item.items() if name not in known and value not in _NOTHING}
        if left:
            self._keep("items", {**{name: item[name] for name in ("type", "id") if item.get(name)}, **left})


_NOTHING: tuple[Any, ...] = (None, {}, [], "")


def _parts(item: Item) -> list[Part]:
    return [part for (lane, _), part in sorted(item.parts.items()) if lane == "text"]


def _without_result(item: dict[str, Any]) -> dict[str, Any]:
    """A picture's bytes are held once, by the picture."""
    return {name: value for name, value in item.items() if name != "result"}


def _token(value: Any) -> TokenLogprob | None:
    said = as_object(value)
    token, logprob = said.get("token"), said.get("logprob")
    if not isinstance(token, str) or isinstance(logprob, bool) or not isinstance(logprob, int | float):
        return None
    others = (_token(other) for other in as_objects(said.get("top_logprobs")))
    return TokenLogprob(token, float(logprob), tuple(other for other in others if other is not None))


def _custom_names(request: Request) -> set[str] | None:
    """Names of the custom tools that the caller offered beside tools of the provider; None for a request that offers no
    such tools, or says so in the wire's words."""
    if request.extra.get("tools") or not any(isinstance(tool, ServerTool) for tool in request.tools):
        return None
    return {tool.name for tool in request.tools if isinstance(tool, CustomTool)}
