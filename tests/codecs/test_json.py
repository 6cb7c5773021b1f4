import json
import math

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aikido_llm.codecs import json as _json
from aikido_llm.codecs.base64 import Base64Text

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(-1e9, 1e9) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(values)
def test_what_is_written_is_read_again(value: object) -> None:
    assert _json.loads(_json.dumps(value)) == value
    assert _json.loads(_json.text(value)) == value
    assert json.loads(_json.dumps(value)) == value


def test_written_without_blanks_and_in_utf8() -> None:
    assert _json.dumps({"a": [1, "é"]}) == '{"a":[1,"é"]}'.encode()


# ---------------------------------------------------------------- what servers send and JSON forbids


def test_nan_and_infinity_are_read() -> None:
    found = _json.loads(b'{"a": NaN, "b": Infinity, "c": -Infinity, "d": 1e999}')
    assert math.isnan(found["a"])
    assert (found["b"], found["c"], found["d"]) == (math.inf, -math.inf, math.inf)


@pytest.mark.parametrize("data", [b'"a\\ud83d"', '"a\\ud83d"', '"a\ud83d"'])
def test_half_a_surrogate_pair_is_read(data: bytes | str) -> None:
    assert _json.loads(data) == "a\ufffd"
    assert _json.loads_frame(data) == "a\ud83d", "its other half may come in the next frame"


def test_half_a_surrogate_pair_is_not_written() -> None:
    assert _json.dumps({"a": "\ud83d", "b": Base64Text(b"x")}) == '{"a":"\ufffd","b":"eA=="}'.encode()
    assert _json.loads(_json.text(["\ud83d"])) == ["\ufffd"]


def test_numbers_beyond_64_bits_and_a_byte_order_mark_are_read() -> None:
    assert _json.loads(str(2**80)) == 2**80
    assert _json.loads(b"\xef\xbb\xbf[1]") == [1]


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"nul", b"{'a': 1}", b'{"a": 1} x', b"\xff", b'"\xff"', "\u2028", b"9" * 5000, b"<html>", b"[1,]"],
)
def test_what_is_no_json_is_a_value_error(data: bytes | str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        _json.loads(data)


@pytest.mark.parametrize("mark", [b"[", b'{"a":'])
def test_nested_too_deep_is_a_value_error_both_ways(mark: bytes) -> None:
    with pytest.raises(ValueError, match="too deep"):
        _json.loads(mark * 100_000)
    value: list[object] = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(ValueError, match="too deep"):
        _json.dumps(value)


def test_only_json_can_be_written() -> None:
    with pytest.raises(TypeError, match="object cannot be written as JSON"):
        _json.dumps({"a": object()})


def test_an_object_is_asked_for() -> None:
    assert _json.loads_object('{"a": 1}') == {"a": 1}
    for other in ("[]", "1", "null", '"a"'):
        with pytest.raises(ValueError, match="not a JSON object"):
            _json.loads_object(other)


# ---------------------------------------------------------------- cut short, or something else?

DOCUMENT = b'{"a": [1, true, null, -2.5e3], "b": {"c": "\\u00e9\\n x"}, "d": false, "e": "\xc3\xa9"}'


@pytest.mark.parametrize("size", range(len(DOCUMENT)))
def test_every_beginning_of_a_document_is_cut_short(size: int) -> None:
    assert _json.cut_short(DOCUMENT[:size])


@pytest.mark.parametrize(
    "data",
    [b"<html><body>Bad gateway</body></html>", b"upstream error", b'{"a": oops, "b": "long enough"}', DOCUMENT,
     DOCUMENT + b"garbage", DOCUMENT + b"\0", DOCUMENT + DOCUMENT, b"[" * 100_000 + b"]" * 100_000],
)  # fmt: skip
def test_something_else_is_not_cut_short(data: bytes) -> None:
    assert not _json.cut_short(data)


def test_a_deep_beginning_is_cut_short() -> None:
    assert _json.cut_short(b"[" * 100_000)


@pytest.mark.parametrize(
    ("text", "valid"),
    [('{"a":1}', True), ('{"a":1', False), ('{"a":1}x', False), ('{"a":NaN}', True), ('{"a":01}', False),
     ('"\\ud83d"', True), ("\ud83d", False), ('"\\q"', False), ("", False)],
)  # fmt: skip
def test_valid_is_what_can_be_read(text: str, valid: bool) -> None:
    assert _json.is_valid(text) is valid
    try:
        _json.loads(text)
    except ValueError:
        assert not valid


# ---------------------------------------------------------------- typed


class Delta(msgspec.Struct):
    text: str | None = None
    count: int = 0


def _mend(value: object) -> object:
    return {"text": "mended"} if value == {"text": 5} else value


def test_typed_reads_the_named_fields_and_skips_the_rest() -> None:
    assert _json.Typed(Delta).decode(b'{"text": "a", "count": 2, "other": {"x": [1]}}') == Delta("a", 2)


def test_typed_falls_back_to_the_lenient_road() -> None:
    typed = _json.Typed(Delta)
    assert typed.decode(b'{"text": "\\ud83d", "other": NaN}') == Delta("\ud83d")
    assert typed.decode(b'{"count": "3"}') == Delta(None, 3)
    assert typed.convert({"count": 4}) == Delta(None, 4)


def test_typed_mends_what_it_is_told_to() -> None:
    assert _json.Typed(Delta, _mend).decode(b'{"text": 5}') == Delta("mended")


@pytest.mark.parametrize("data", [b'{"text": 5}', b"[]", b"{", b"[" * 100_000, b"\xff", b'{"count": 1e999}'])
def test_typed_raises_value_errors_only(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        _json.Typed(Delta).decode(data)
