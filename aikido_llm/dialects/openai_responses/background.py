"""An answer that is made in the background, asked for again by its id.

Its statuses are queued, in_progress, completed, incomplete, failed, cancelled. A stream is taken up behind the event of
a number, if the answer was begun as a stream; after five minutes it is refused (400, "can no longer be streamed"). What
was made is kept for some ten minutes, or as long as answers are where they are stored. Only what was begun with
`background` can be cancelled, once or more often; an end that came before stands. Azure does all of this the same way.

source: OpenAI API reference, "Get a model response" and "Cancel a response"; its guide "Background mode"; Azure OpenAI,
"Responses API", background tasks; openai/openai-python issue 2828 (five minutes). All read 2026-11.
"""

from urllib.parse import urlencode

from ...types.exchange import ResumeToken
from ..base import WireRequest
from ..paths import segment
from ..values import as_list
from .quirks import Quirks


def encode_resume(quirks: Quirks, token: ResumeToken, asked: WireRequest | None) -> WireRequest:
    """The events behind token.after, as a stream."""
    wanted = [("stream", "true")]
    if token.after is not None:
        wanted.append(("starting_after", str(token.after)))
    return _get(quirks, token.id, [*wanted, *_included(asked)])


def encode_poll(quirks: Quirks, id: str, asked: WireRequest | None) -> WireRequest:
    """The answer as it stands."""
    return _get(quirks, id, _included(asked))


def encode_cancel(quirks: Quirks, id: str) -> WireRequest:
    """The POST has no body; the label is what the hosts' own examples send."""
    return WireRequest(f"{_path(quirks, id)}/cancel", None, {"Content-Type": "application/json"})


def _get(quirks: Quirks, id: str, query: list[tuple[str, str]]) -> WireRequest:
    return WireRequest(_path(quirks, id) + (f"?{urlencode(query)}" if query else ""), None, method="GET")


def _path(quirks: Quirks, id: str) -> str:
    return f"{quirks.path}/{segment(id, 'the id of an answer')}"


def _included(asked: WireRequest | None) -> list[tuple[str, str]]:
    """What the answer shall hold beside, which each request has to say anew. A list is written as the host's own
    libraries do, with brackets."""
    body = {} if asked is None else asked.body or {}
    return [("include[]", name) for name in as_list(body.get("include")) if isinstance(name, str)]
