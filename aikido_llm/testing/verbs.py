"""What the test server can be asked for, one row a verb: what a request must hold, and how it is answered. Pure.

A wire says by its `routes` which verbs it has. To add one: a row here, a route and a writer in the wires that have it.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus

from attrs import frozen

from . import batch_verbs
from .answer import Answer
from .batches import KeptBatches
from .kept import Holdings, Kept, KeptAnswers
from .reply import Reply
from .wires import request_id_headers
from .wires.base import Further, Hosts, Keeps, Labels, Received, Standing, Wire


@frozen
class Verb:
    """write: the reply of status 200, without its fault.
    check: what is wrong with the JSON of a request by the wire's own rules; None where a request has none.
    raw: a request has a body that is no JSON.
    """

    write: Callable[[Wire, Answer, Received, Holdings], Reply]
    check: Callable[[Wire, Received], str | None] | None = None
    raw: bool = False

    @property
    def has_body(self) -> bool:
        return self.raw or self.check is not None


def compose(
    wire: Wire,
    answer: Answer,
    request: Received,
    *,
    models: tuple[str, ...],
    request_id: str,
    kept: KeptAnswers | None = None,
    batches: KeptBatches | None = None,
) -> Reply:
    """The reply to a request that the wire serves, without its fault."""
    if answer.status == 200:
        reply = VERBS[request.verb].write(
            wire, answer, request, Holdings(models, kept or KeptAnswers(), batches or KeptBatches())
        )
    else:
        reply = _json(wire.error(answer.status, answer.message or _phrase(answer.status), answer.code), answer.status)
        reply.pieces = reply.pieces if reply.has_body else []
    reply.headers |= dict.fromkeys(request_id_headers(request.provider), request_id)
    reply.headers |= answer.headers
    return reply


_HOSTED = ("server_tools", "citations", "container")


def _chat(wire: Wire, answer: Answer, request: Received, holdings: Holdings) -> Reply:
    reply = _answered(wire, answer, request)
    holdings.kept.begun(wire, answer, request)
    return reply


def _answered(wire: Wire, answer: Answer, request: Received) -> Reply:
    written = wire.hosts if isinstance(wire, Hosts) else ()
    for name in _HOSTED:
        if getattr(answer, name) and name not in written:
            raise ValueError(f"{wire.name} does not write the {name} of an answer")
    if not wire.wants_stream(request):
        return _json(wire.body(answer, request))
    return _stream(wire, request, wire.stream(answer, request))


def _further(wire: Wire, answer: Answer, request: Received, holdings: Holdings) -> Reply:
    assert isinstance(wire, Further)
    return _json(wire.further(answer, request))


def _check_further(wire: Wire, request: Received) -> str | None:
    assert isinstance(wire, Further)
    return wire.check_further(request)


def _models(wire: Wire, _: Answer, request: Received, holdings: Holdings) -> Reply:
    return _json(wire.models(holdings.models, request))


def _retrieve(wire: Wire, _: Answer, request: Received, holdings: Holdings) -> Reply:
    """A kept answer: the events that are asked for, or how it stands."""
    assert isinstance(wire, Keeps)
    kept = holdings.kept.find(wire.asked_id(request))
    if kept is None:
        return _unknown(wire, wire, request)
    if request.query.get("stream") != "true":
        return _json(_looked_at(wire, kept))
    if kept.cancelled or not wire.wants_stream(kept.request):
        return _refusal(wire, "This response can not be streamed: it was not created with stream=true, or cancelled.")
    return _stream(wire, request, wire.behind(wire.stream(kept.answer, kept.request), request))


def _looked_at(wire: Keeps, kept: Kept) -> bytes:
    status: Standing = "whole"
    if kept.cancelled:
        status = "cancelled"
    elif kept.unfinished:
        kept.unfinished -= 1
        status = "running"
    return wire.standing(kept.answer, kept.request, status)


def _cancel(wire: Wire, _: Answer, request: Received, holdings: Holdings) -> Reply:
    """What is not whole yet is made no further; what is stays as it is."""
    assert isinstance(wire, Keeps)
    kept = holdings.kept.find(wire.asked_id(request))
    if kept is None:
        return _unknown(wire, wire, request)
    kept.cancelled = kept.cancelled or kept.unfinished > 0
    return _json(_looked_at(wire, kept))


VERBS: Mapping[str, Verb] = {
    "chat": Verb(_chat, check=lambda wire, request: wire.check(request)),
    "models": Verb(_models),
    "embed": Verb(_further, check=_check_further),
    "rerank": Verb(_further, check=_check_further),
    "count": Verb(_further, check=_check_further),
    "retrieve": Verb(_retrieve),
    "cancel": Verb(_cancel),
    "upload": Verb(batch_verbs.upload, raw=True),
    "submit": Verb(batch_verbs.submit, check=lambda wire, request: None),
    "poll": Verb(batch_verbs.poll),
    "stop": Verb(batch_verbs.stop),
    "list_batches": Verb(batch_verbs.list_batches),
    "output": Verb(batch_verbs.output),
}


def _unknown(wire: Wire, keeps: Keeps, request: Received) -> Reply:
    return _refusal(wire, f"Response with id '{keeps.asked_id(request)}' not found.", 404)


def _refusal(wire: Wire, reason: str, status: int = 400) -> Reply:
    return _json(wire.error(status, reason, "invalid_request_error"), status)


def _stream(wire: Wire, request: Received, events: list[bytes]) -> Reply:
    media_type = wire.media_type(request) if isinstance(wire, Labels) else wire.stream_type
    return Reply(200, {"Content-Type": media_type, "Cache-Control": "no-cache"}, events, "chunked", streams=True)


def _json(body: bytes, status: int = 200) -> Reply:
    return Reply(status, {"Content-Type": "application/json"}, [body], "length", streams=False)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"status {status}"
