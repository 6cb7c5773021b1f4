"""`embed` and `count`: each text once, what fails found and told, tables, and how it goes on."""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from aikido_llm.cli.rows import vectors
from aikido_llm.testing import Answer, WireServer, vector_of
from aikido_llm.testing.wires.base import Received

from .running import here


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


async def test_what_is_refused_is_found_and_all_else_is_made_once(server: WireServer, tmp_path: Path) -> None:
    made = Counter[str]()
    broken = True

    def answer(request: Received) -> Answer:
        texts = request.body["input"]
        if "bad" in texts:
            return Answer(status=400, message="not this one")
        if broken and "t 500" in texts:
            return Answer(status=401)
        made.update(texts)
        return Answer()

    server.respond(answer, "embed")
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    rows: list[str] = [f"t {number}" for number in range(600)]
    rows[77] = "bad"
    source.write_text("".join(json.dumps({"id": number, "text": text}) + "\n" for number, text in enumerate(rows)))
    command = ("embed", str(source), "-o", str(out), "-p", "vllm", "--dsn", server.dsn("vllm") + "&max_retries=0")
    first = await here(*command)
    assert first.code == 1
    assert "not asked" in first.err
    some = len(read(out))
    assert 0 < some < 600
    broken = False
    second = await here(*command)
    assert second.code == 1
    assert f"{some:,} were there before" in second.err
    records, lines = read(out), dict(enumerate(rows, 1))
    assert sorted(record["line"] for record in records) == [number for number in range(1, 601) if number != 78]
    assert all(record["vector"] == list(vector_of(lines[record["line"]])) for record in records)
    assert made == Counter(text for text in rows if text != "bad")
    (failed,) = read(tmp_path / "out.errors.jsonl")
    assert (failed["line"], failed["id"], failed["error"]["message"]) == (78, 77, "not this one")
    other = await here(*command, "-d", "4")
    assert other.code == 1
    assert "other settings" in other.err


async def test_a_table_in_and_out(server: WireServer, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed; with it: make test")
    source, out = tmp_path / "in.csv", tmp_path / "out.parquet"
    source.write_text("id,body\na,first text\nb,second text\n")
    command = ("embed", str(source), "--column", "body", "-o", str(out), "-d", "4",
               "-p", "cohere", "--dsn", server.dsn("cohere"), "--input-type", "query")  # fmt: skip
    done = await here(*command)
    assert done.code == 0, done.err
    assert server.received[0].body["input_type"] == "search_query"
    table = parquet.read_table(out)
    assert str(table.schema.field("vector").type) == "list<element: float>"
    assert table.to_pydict() == {
        "line": [1, 2],
        "id": ["a", "b"],
        "vector": [list(vector_of("first text", 4)), list(vector_of("second text", 4))],
    }
    assert sorted(os.listdir(tmp_path)) == ["in.csv", "out.parquet"]
    again = await here(*command)
    assert "is there already" in again.err
    out.with_name("out.parquet.jsonl").touch()  # a kill may come behind the table and before its lines are gone
    assert (await here(*command)).code == 0
    assert parquet.read_table(out) == table


async def test_a_table_touches_no_file_that_is_not_its_own(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed; with it: make test")
    source, out = tmp_path / "in.txt", tmp_path / "out.parquet"
    source.write_text("first\nsecond\n")
    mine = [tmp_path / name for name in ("out.parquet.part", "out.parquet.new", "out.parquet.tmp")]
    for file in mine:
        file.write_text("mine")
    command = ("embed", "--text", str(source), "-p", "echo", "-o", str(out))
    assert (await here(*command)).code == 0
    for held in (b"mine", b"PAR1 and more"):
        out.write_bytes(held)
        out.with_name("out.parquet.jsonl").touch()
        done = await here(*command)
        assert (done.code, "is there already" in done.err, out.read_bytes()) == (1, True, held)
    assert [file.read_text() for file in mine] == ["mine"] * 3


async def test_a_prompt_is_counted(server: WireServer) -> None:
    done = await here("count", "-p", "anthropic", "--dsn", server.dsn("anthropic"), "-s", "be brief", "how", "long?")
    assert (done.code, done.out) == (0, "11\n"), done.err
    assert server.received[0].body["system"] == "be brief"
    refused = await here("count", "-p", "groq", "--dsn", server.dsn("groq"), "hi")
    assert refused.code == 1
    assert "these have it" in refused.err


@pytest.mark.parametrize(
    ("line", "plain", "text"),
    [
        (b"a text", True, "a text"),
        (b'"a text"', False, "a text"),
        (b'{"prompt": "a text", "id": 1}', False, "a text"),
        (b'{"text": 5}', False, None),
        (b"[]", False, None),
        (b"{", False, None),
        (b"\xff", True, None),
    ],
)
def test_what_a_row_says(line: bytes, plain: bool, text: str | None) -> None:
    row = vectors.read(3, line, None, plain=plain)
    assert (row.line, row.text) == (3, text)
    assert bool(row.problem) is (text is None)


def test_nine_digits_are_the_same_float32() -> None:
    vector = vector_of("x", 64)
    for at in range(64):
        vector[at] = vector[at] / 3
    assert type(vector)("f", vectors.numbers(vector)) == vector
