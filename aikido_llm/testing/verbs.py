"""What the test server can be asked for, one row a verb: what a request must hold, and how it is answered. Pure.

A wire says by its `routes` which verbs it has. To add one: a row here, a route and a writer in the wires that have it.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus

from attrs import frozen

from .answer import Answer
from .reply import Reply
from .wires import request_id_headers
from .wires.base import Hosts, Labels, Received, Wire


@frozen
class Verb:
    """write: the reply of status 200, without its fault; models: what the server's model list holds.
    check: what is wrong with the JSON of a request by the wire's own rules; None where a request has no body.
    """

    write: Callable[[Wire, Answer, Received, tuple[str, ...]], Reply]
    check: Callable[[Wire, Received], str | None] | None = None

    @property
    def has_body(self) -> bool:
        return self.check is not None


def compose(wire: Wire, answer: Answer, request: Received, *, models: tuple[str, ...], request_id: str) -> Reply:
    """The reply to a request that the wire serves, without its fault."""
    if answer.status == 200:
        reply = VERBS[request.verb].write(wire, answer, request, models)
    else:
        reply = _json(wire.error(answer.status, answer.message or _phrase(answer.status), answer.code), answer.status)
        reply.pieces = reply.pieces if reply.has_body else []
    reply.headers |= dict.fromkeys(request_id_headers(request.provider), request_id)
    reply.headers |= answer.headers
    return reply


_HOSTED = ("server_tools", "citations", "container")


def _chat(wire: Wire, answer: Answer, request: Received, _: tuple[str, ...]) -> Reply:
    written = wire.hosts if isinstance(wire, Hosts) else ()
    for name in _HOSTED:
        if getattr(answer, name) and name not in written:
            raise ValueError(f"{wire.name} does not write the {name} of an answer")
    if not wire.wants_stream(request):
        return _json(wire.body(answer, request))
    media_type = wire.media_type(request) if isinstance(wire, Labels) else wire.stream_type
    headers = {"Content-Type": media_type, "Cache-Control": "no-cache"}
    return Reply(200, headers, wire.stream(answer, request), "chunked", streams=True)


def _models(wire: Wire, _: Answer, request: Received, models: tuple[str, ...]) -> Reply:
    return _json(wire.models(models, request))


VERBS: Mapping[str, Verb] = {
    "chat": Verb(_chat, check=lambda wire, request: wire.check(request)),
    "models": Verb(_models),
}


def _json(body: bytes, status: int = 200) -> Reply:
    return Reply(status, {"Content-Type": "application/json"}, [body], "length", streams=False)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"status {status}"
