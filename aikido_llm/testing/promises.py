"""What a Client promises, by name, and the error that says which one broke. docs/promises.md has the same list."""

PAGE = "docs/promises.md"

PROMISES: dict[str, str] = {
    "iterator": "`stream(request)` is no coroutine: it returns an async iterator with `aclose()` at once.",
    "lazy": "Nothing is sent before the first `__anext__`.",
    "events": "A stream yields the events of `aikido_llm.types.events` and nothing else; no delta is empty.",
    "one-end": "Exactly one EndEvent, last. Nothing follows it, however often one asks.",
    "order": "Content comes first; after it usage, then at most one ErrorEvent, then the EndEvent.",
    "calls": "A call is ToolCallStart, ToolCallDelta*, ToolCallEvent, keyed by its index; only a failure or the token "
    "limit leaves one open.",
    "fold": "The EndEvent's Response is what its events say: text, thinking, calls, images, sound, usage.",
    "failure": "A failure after the answer began is one ErrorEvent with a typed error, whose `partial` is the Response "
    "of the EndEvent; the finish reason is error or content_filter, and never that without an ErrorEvent.",
    "refusal": "A failure before the answer began raises an LLMError from `__anext__`; there are no events.",
    "complete": "`complete` returns the Response that `collect(stream)` returns for the same answer.",
    "complete-failure": "`complete` raises the LLMError that a stream carries or raises, with its `partial`.",
    "leaving": "Behind `aclose()` no event follows and the connection is closed; the client is as good as new.",
    "closing": "Streams and clients may be closed twice, and streams before they began.",
    "cancellation": "A cancellation ends the call at once and is handed on; no task is left behind.",
    "one-reader": "Two readers of one stream: the second gets a RuntimeError, or each a whole stream.",
    "independence": "Streams that run at once do not mix, and end each for itself.",
    "resume": "`resume(id)`, where a client has it, returns an async iterator with `aclose()` at once, and sends "
    "nothing before the first `__anext__`; closed before that, it yields nothing.",
    "batches": "`batches()`, where a stream has it, gives the same events in lists, none of them empty, also after an "
    "event that was read alone; closed early, it is the stream that is closed.",
    "values": "Every event, Response and error goes through `aikido_llm.serialize` and JSON and comes back the same.",
    "beside": "What has no events is the same on both roads: `raw_finish_reason`, `complete`, `provider_data`, "
    "`logprobs`, `choices`.",
    "next-turn": "`Response.message`, as it came or after it was kept as JSON, with a result for each of its "
    "calls (of kind function and custom), is taken as the next turn.",
    "continuation": "An answer of several turns is one stream with one EndEvent: the indexes of its calls go on, its "
    "usage is that of all turns so far, `continuations` counts; one that stays `paused` has `complete` False.",
    "request": "The caller's Request is not changed.",
    "progress": "Every call ends; none waits for what cannot come.",
}


class BrokenPromise(AssertionError):
    """promise: its name in docs/promises.md."""

    def __init__(self, promise: str, what: str) -> None:
        super().__init__(f"{what}\n  promise {promise!r}: {PROMISES[promise]} ({PAGE})")
        self.promise = promise
        self.what = what
