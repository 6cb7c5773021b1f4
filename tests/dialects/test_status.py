import time

import pytest

from aikido_llm.dialects.base import ErrorReply
from aikido_llm.dialects.status import (
    BODY_EXCERPT,
    Envelope,
    error_class,
    from_status,
    page_text,
    reply_text,
    to_error,
)
from aikido_llm.dialects.words import MONEY_CODES, TELLING_CODES, VAGUE_CODES, Words
from aikido_llm.errors import (
    AuthError,
    ConfigError,
    ContentFilteredError,
    ContextLengthError,
    InsufficientCreditsError,
    InvalidRequestError,
    LLMError,
    ModelNotFoundError,
    OverloadedError,
    RateLimitedError,
    ServerError,
    TimedOutError,
)

# ---------------------------------------------------------------- by the number alone


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidRequestError),
        (401, AuthError),
        (402, InsufficientCreditsError),
        (403, AuthError),
        (404, InvalidRequestError),
        (405, InvalidRequestError),
        (408, TimedOutError),
        (409, ServerError),
        (413, InvalidRequestError),
        (415, InvalidRequestError),
        (418, InvalidRequestError),
        (422, InvalidRequestError),
        (429, RateLimitedError),
        (498, OverloadedError),
        (500, ServerError),
        (502, ServerError),
        (503, OverloadedError),
        (504, TimedOutError),
        (520, ServerError),
        (522, ServerError),
        (524, TimedOutError),
        (529, OverloadedError),
        (599, ServerError),
        (None, ServerError),
        (200, ServerError),
    ],
)
def test_a_status_without_words(status: int | None, kind: type[LLMError]) -> None:
    assert from_status(status) is kind
    assert type(to_error(Envelope("", status=status))) is kind


# ---------------------------------------------------------------- codes and wording

# (status, codes, message, class): the normalisation tables of the wires, in their order
CASES: list[tuple[int | None, tuple[str, ...], str, type[LLMError]]] = [
    # the key
    (401, ("invalid_api_key",), "Incorrect API key provided", AuthError),
    (400, (), "Incorrect API key provided: xa***. You can obtain one from the console.", AuthError),
    (401, ("wrong_api_key",), "Wrong API Key", AuthError),
    (401, (), "You have insufficient permissions for this operation.", AuthError),
    (403, ("permission_error",), "not allowed", AuthError),
    # money
    (402, (), "Insufficient Balance", InsufficientCreditsError),
    (429, ("insufficient_quota",), "You exceeded your current quota", InsufficientCreditsError),
    (429, ("credit_balance_exhausted", "insufficient_quota"), "top up", InsufficientCreditsError),
    (429, ("new_code", "insufficient_quota"), "top up", InsufficientCreditsError),
    (
        429,
        (),
        "The team has used all available credits or reached its monthly spending limit.",
        InsufficientCreditsError,
    ),
    (
        403,
        (),
        "The team has used all available credits or reached its monthly spending limit.",
        InsufficientCreditsError,
    ),
    (400, (), "Your credit balance is too low to access the API.", InsufficientCreditsError),
    # the model
    (404, ("model_not_found",), "The model `x` does not exist", ModelNotFoundError),
    (400, ("model_not_found",), "", ModelNotFoundError),
    (400, ("1500", "invalid_model"), "Invalid model: x", ModelNotFoundError),
    (400, (), "x is not a valid model ID", ModelNotFoundError),
    (400, (), "Model Not Exist", ModelNotFoundError),
    (404, (), "No such route", InvalidRequestError),
    # too long
    (400, ("context_length_exceeded",), "too long", ContextLengthError),
    (400, (), "This model's maximum context length is 8 tokens.", ContextLengthError),
    (400, (), "Input tokens exceed the configured limit of 272000 tokens.", ContextLengthError),
    (400, ("context_length_exceeded",), "Your input exceeds the context window of this model", ContextLengthError),
    (429, ("rate_limit_exceeded", "tokens"), "Request too large for gpt-x on tokens per min (TPM)", ContextLengthError),
    (413, ("rate_limit_exceeded", "tokens"), "Request too large for model `x`", ContextLengthError),
    (400, (), "This endpoint's maximum context length is 9 tokens. However, you requested 10", ContextLengthError),
    (400, ("max_tokens_exceeded",), "", ContextLengthError),
    (400, ("token_limit_exceeded",), "", ContextLengthError),
    (400, ("string_too_long",), "", ContextLengthError),
    (400, (), "This model's maximum prompt length is 5 but the request contains 6 tokens.", ContextLengthError),
    (400, (), "Prompt contains 9 tokens, too large for model with 8 maximum context length", ContextLengthError),
    (400, ("exceed_context_size_error",), "", ContextLengthError),
    (500, ("server_error",), "Context size has been exceeded.", ContextLengthError),
    (500, (), "input is too large to process. increase the physical batch size", ContextLengthError),
    (
        400,
        ("invalid_request_error",),
        "maximum context length is 8 tokens. However, you requested 9",
        ContextLengthError,
    ),
    (400, (), "Please reduce the length of the messages or completion.", ContextLengthError),
    (400, (), "Range of input length should be [1, 8]", ContextLengthError),
    (400, (), "prompt is too long: 9 tokens > 8 maximum", ContextLengthError),
    # a policy
    (400, ("content_filter",), "", ContentFilteredError),
    (400, ("content_policy_violation",), "", ContentFilteredError),
    (400, ("moderation_blocked",), "", ContentFilteredError),
    (
        403,
        ("permission-denied",),
        "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_X",
        ContentFilteredError,
    ),
    (403, (), "Failed check: SAFETY_CHECK_TYPE_BIO", ContentFilteredError),
    (400, (), "The response was filtered due to our content management policy", ContentFilteredError),
    (400, (), "Output blocked by content filtering policy", ContentFilteredError),
    # too many
    (429, ("rate_limit_exceeded",), "Rate limit reached on tokens per min (TPM): Limit 5", RateLimitedError),
    (429, ("rate_limited",), "", RateLimitedError),
    (429, ("slow_down",), "", RateLimitedError),
    (429, (), "Too many tokens per minute", RateLimitedError),
    (None, ("rate_limit_error",), "", RateLimitedError),
    # no room, no time, no luck
    (529, ("overloaded_error",), "Overloaded", OverloadedError),
    (None, ("overloaded_error",), "Overloaded", OverloadedError),
    (503, ("server_is_overloaded",), "", OverloadedError),
    (503, ("unavailable_error",), "Loading model", OverloadedError),
    (500, (), "The model is overloaded. Please try again later.", OverloadedError),
    (498, ("capacity_exceeded",), "", OverloadedError),
    (429, (), "The server is currently at capacity, capacity exceeded", OverloadedError),
    (None, ("timeout_error",), "", TimedOutError),
    (500, ("server_error",), "oops", ServerError),
    (500, ("internal_server_error",), "", ServerError),
    (None, ("api_error",), "", ServerError),
    # nothing but the status
    (400, ("unsupported_parameter",), "Unsupported parameter: 'max_tokens'", InvalidRequestError),
    (422, (), "field required", InvalidRequestError),
]


@pytest.mark.parametrize(("status", "codes", "message", "kind"), CASES)
def test_codes_and_wording(status: int | None, codes: tuple[str, ...], message: str, kind: type[LLMError]) -> None:
    assert error_class(Envelope(message, codes, status)) is kind


@pytest.mark.parametrize(("status", "codes", "message", "kind"), [case for case in CASES if case[0] is None])
def test_an_error_inside_a_200_is_read_alike(
    status: None, codes: tuple[str, ...], message: str, kind: type[LLMError]
) -> None:
    assert error_class(Envelope(message, codes, 200)) is kind


def test_an_error_inside_a_200_is_told_by_its_wording() -> None:
    for status in (None, 200):
        assert error_class(Envelope("insufficient credits", status=status)) is InsufficientCreditsError
        assert error_class(Envelope("rate limit exceeded", status=status)) is RateLimitedError


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (500, "rate limit service failed", ServerError),
        (400, "rate limit must be a number", InvalidRequestError),
        (400, "the word overloaded", InvalidRequestError),
        (500, "invalid api key format in cache", ServerError),
        (500, "model not found in cache", ServerError),
    ],
)
def test_wording_does_not_overrule_a_status_that_says_something_else(
    status: int, message: str, kind: type[LLMError]
) -> None:
    assert error_class(Envelope(message, status=status)) is kind


def test_a_dialect_s_own_codes_are_asked_for() -> None:
    own = Words({"odd": ConfigError}, {"the moon is full": AuthError})
    assert error_class(Envelope("", ("odd",), 500), own) is ConfigError
    assert error_class(Envelope("insufficient balance", ("ODD",), 402), own) is ConfigError
    assert error_class(Envelope("Sorry, the Moon is full.", (), 500), own) is AuthError
    assert error_class(Envelope("Sorry, the Moon is full.", ("odd",), 500)) is ServerError


def test_no_code_leads_to_a_class_that_is_not_the_server_s_word() -> None:
    for table in (MONEY_CODES, TELLING_CODES, VAGUE_CODES):
        assert all(kind is not LLMError and issubclass(kind, LLMError) for kind in table.values())


# ---------------------------------------------------------------- facts


def test_the_error_carries_what_the_envelope_says() -> None:
    error = to_error(
        Envelope("slow", ("", "slow_down", "x"), 429, 2.0, "req", "b" * 5000, {"retry-after": "9"}),
    )
    assert (type(error), error.message, error.code, error.status) == (RateLimitedError, "slow", "slow_down", 429)
    assert (error.retry_after, error.request_id, len(error.body)) == (2.0, "req", BODY_EXCERPT)


def test_a_dialect_may_know_the_class_better() -> None:
    assert type(to_error(Envelope("x", status=500), kind=AuthError)) is AuthError


def test_an_envelope_without_a_message_still_says_something() -> None:
    assert "503" in to_error(Envelope("", status=503)).message
    assert to_error(Envelope("")).message


def test_the_header_s_wait_beats_the_wording_s() -> None:
    message = "Please try again in 20s"
    assert to_error(Envelope(message, status=429, headers={"retry-after": "5"})).retry_after == 5
    assert to_error(Envelope(message, status=429)).retry_after == 20
    assert to_error(Envelope(message, status=503)).retry_after == 20
    assert to_error(Envelope(message, status=400)).retry_after is None


# ---------------------------------------------------------------- bodies that are no envelope


def test_a_page_says_its_title_or_its_beginning_in_one_line() -> None:
    assert page_text("<html><head><TITLE>\n 502 Bad\n Gateway</title></head><body>x</body>") == "502 Bad Gateway"
    assert page_text("<p>up<b>stream</b></p><script>var x = 1</script>\n error") == "up stream error"
    assert page_text("upstream error") == "upstream error"
    assert page_text("") == ""
    assert len(page_text("word " * 1000)) == 300


@pytest.mark.parametrize("flood", ["<title>", "<title", "<script>", "<script", "<", "<style "])
def test_a_hostile_page_takes_no_time(flood: str) -> None:
    began = time.process_time()
    page_text(flood * (1_000_000 // len(flood)))
    assert time.process_time() - began < 2


def test_a_body_is_text_whatever_its_bytes() -> None:
    assert reply_text(ErrorReply(500, {}, b" \xff\xfe oops \n")) == "\ufffd\ufffd oops"
