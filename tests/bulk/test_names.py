"""What rows and batches are called at a host."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import aikido_llm as llm
from aikido_llm.bulk.names import BatchName, label_of, new_uid, read_name, row_name

KEYS = st.one_of(st.text(max_size=40), st.integers(), st.booleans(), st.floats(allow_nan=False, allow_infinity=False))


@given(place=st.integers(0, 10**9), key=KEYS)
def test_a_name_says_place_and_key(place: int, key: object) -> None:
    uid = new_uid()
    name = row_name(uid, place, key, 10**6)
    assert re.fullmatch(r"[A-Za-z0-9_-]+", name)
    found = read_name(name, uid)
    assert found == (place, key)
    assert found is not None
    assert type(found[1]) is type(key)
    assert read_name(name, "") == found
    assert read_name(name, new_uid()) is None


@given(st.text())
def test_another_name_is_none(name: str) -> None:
    assert read_name(name, "") is None or name.startswith("aik")


def test_a_key_that_a_host_has_no_room_for() -> None:
    assert row_name("aik1234567", 5, 5, 64) == "aik1234567-5"
    with pytest.raises(llm.InvalidRequestError, match="64"):
        row_name("aik1234567", 5, "x" * 60, 64)


@pytest.mark.parametrize(
    "name",
    [
        BatchName(("batch_1", "batches/2"), "aik1234567", 8, keyed=False),
        BatchName(("msgbatch_1",), "aik1234567", None),
        BatchName(("batches/x",)),
    ],
)
def test_a_batch_is_read_from_its_id(name: BatchName) -> None:
    assert BatchName.read(str(name)) == name


@pytest.mark.parametrize("id", ["", ",", "a b", "batch_1, batch_2"])
def test_what_is_no_id(id: str) -> None:
    with pytest.raises(llm.InvalidRequestError):
        BatchName.read(id)


def test_labels() -> None:
    assert label_of("aik1234567-12") == ("aik1234567", 12)
    assert label_of("aik1234567") is None
    assert label_of("my batch-1") is None
