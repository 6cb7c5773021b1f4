"""`map`: every input is answered exactly once, whatever happens."""

import asyncio
import datetime
import json
import os
import random
import re
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm.cli.rows import inputs
from aikido_llm.cli.rows.outputs import Output
from aikido_llm.testing import Answer, WireServer
from aikido_llm.testing.wires.base import Received

from .running import environment, here, run


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def echo(request: Received) -> Answer:
    said = request.body["messages"][-1]["content"]
    if "fail" in said:
        return Answer(status=400, message="not this one")
    return Answer(f"re: {said}", pace=random.uniform(0, 0.03))


# ---------------------------------------------------------------- killed


async def test_killed_at_any_moment_each_input_is_answered_once(server: WireServer, tmp_path: Path) -> None:
    answered_to: list[str] = []
    moved = asyncio.Condition()

    async def answer(request: Received) -> Answer:
        async with moved:
            answered_to.append(request.body["messages"][-1]["content"])
            moved.notify_all()
        return echo(request)

    server.respond(answer)
    count = 60
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("".join(json.dumps(f"prompt number {number}") + "\n" for number in range(1, count + 1)))
    command = (sys.executable, "-m", "aikido_llm", "map", str(source), "-o", str(out), "-p", "vllm",
               "--dsn", server.dsn("vllm"), "-c", "4")  # fmt: skip
    rng = random.Random(6)
    for _ in range(4):
        seen, enough = len(answered_to), rng.randint(2, 9)
        process = await asyncio.create_subprocess_exec(
            *command, env=environment(), stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
        async with asyncio.timeout(30), moved:
            while len(answered_to) < seen + enough:
                await moved.wait()
        await asyncio.sleep(rng.uniform(0, 0.05))
        process.kill()
        await process.wait()
    answered = len(out.read_bytes().splitlines())
    assert 4 <= answered < count
    done = await run(*command[3:])
    assert done.code == 0, done.err
    assert "were answered before" in done.err
    records = read(out)
    assert sorted(record["line"] for record in records) == list(range(1, count + 1))
    assert all(record["response"]["text"] == f"re: prompt number {record['line']}" for record in records)


def answer(line: int, **more: Any) -> dict[str, Any]:
    return {"line": line, "hash": "0123456789abcdef", "settings": "s", "response": {"text": "é\n"}, **more}


def test_cut_at_any_byte_it_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    whole = Output(path)
    for number in (1, 2, 3):
        whole.append(answer(number))
    whole.close()
    data = path.read_bytes()
    ends = [at + 1 for at, byte in enumerate(data) if byte == 10]
    for size in range(len(data) + 1):
        path.write_bytes(data[:size])
        if 0 < size < len('{"line": 1, "hash": "0123456789abcdef", '):  # nobody can say whose it is
            with pytest.raises(llm.ConfigError, match="no answer of this command"):
                Output(path)
            assert path.read_bytes() == data[:size]
            continue
        output = Output(path)
        kept = sum(end - 1 <= size for end in ends)  # a line that lacks its end alone is whole
        assert list(output.done) == [1, 2, 3][:kept]
        assert output.cut == size - ([0, *ends][kept])
        assert path.read_bytes() == data[:size]
        output.begin()
        output.append(answer(9))
        output.close()
        assert [record["line"] for record in read(path)] == [*[1, 2, 3][:kept], 9]


@pytest.mark.parametrize(
    "text",
    ["my only notes", "line one\nline two", "{", "[]\n", "{}\n", '{"line": 1, "hash": "a"}\n', '"a"\n"b"\n',
     json.dumps(answer(1)) + "\nmine", json.dumps(answer(1)) + "\n" + json.dumps(answer(1)) + "\n",
     "[" * 5000 + "\n", '{"line": 12, "text": "my own log, whose last line is not'],
)  # fmt: skip
async def test_a_file_that_is_not_its_own_stays_as_it_is(tmp_path: Path, text: str) -> None:
    (tmp_path / "in.jsonl").write_text('"a"\n')
    (tmp_path / "notes.txt").write_text(text)
    done = await here("map", str(tmp_path / "in.jsonl"), "-o", str(tmp_path / "notes.txt"))
    assert done.code == 1
    assert "pass another --out" in done.err
    assert (tmp_path / "notes.txt").read_text() == text


@pytest.mark.parametrize("other", ["settings", "line", "hash"])
async def test_what_another_run_has_written_keeps_its_torn_end(tmp_path: Path, other: str) -> None:
    """Of other settings, of another input, of more lines than there are: refused, and not a byte is cut."""
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text('"a"\n')
    assert (await here("map", str(source), "-o", str(out))).code == 0
    (mine,) = read(out)
    theirs: dict[str, Any] = {"settings": "0000", "line": 7, "hash": "0123456789abcdef"}
    for end in ('\n{"line": 2, "hash": "01234', ""):  # a line that is torn, and one that only lacks its end
        text = json.dumps({**mine, other: theirs[other]}) + end
        out.write_text(text)
        done = await here("map", str(source), "-o", str(out))
        assert (done.code, "pass another --out" in done.err) == (1, True)
        assert out.read_text() == text


async def test_a_file_of_errors_that_is_not_its_own_stays_too(tmp_path: Path) -> None:
    source, errors, out = (tmp_path / name for name in ("in.jsonl", "o.errors.jsonl", "o.jsonl"))
    source.write_text('"a"\n')
    for text in ("mine", "mine\n", '{"line": 1}\n'):
        errors.write_text(text)
        done = await here("map", str(source), "-o", str(out))
        assert done.code == 1
        assert (errors.read_text(), out.exists()) == (text, False)
    errors.write_text('"a"\n')
    done = await here("map", str(errors), "-o", str(out))
    assert done.code in (1, 2)
    assert errors.read_text() == '"a"\n'
    torn = '{"line": 1, "hash": "h", "error": {}, "reason": "r"}\n{"line": 2'
    errors.write_text(torn)
    done = await here("map", str(errors), "-o", str(out))
    assert (done.code, errors.read_text()) == (2, torn)
    done = await here("map", str(source), "-o", str(out))
    assert (done.code, errors.exists()) == (0, False)


async def test_it_writes_to_files_alone(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('"a"\n')
    os.mkfifo(tmp_path / "pipe")
    for out, code in (("-", 2), (str(tmp_path / "in.jsonl"), 2), (str(tmp_path), 2), (str(tmp_path / "pipe"), 1)):
        assert (await here("map", str(tmp_path / "in.jsonl"), "-o", out)).code == code
    assert (tmp_path / "in.jsonl").read_text() == '"a"\n'


def test_a_full_disk_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = Output(tmp_path / "out.jsonl")
    output.append(answer(1))
    write, left = os.write, [5]

    def full(descriptor: int, data: bytes) -> int:
        if not left:
            raise OSError(28, "No space left on device")
        return write(descriptor, data[: left.pop()])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space"):
            output.append(answer(2))
    output.append(answer(3))
    output.close()
    assert [record["line"] for record in read(tmp_path / "out.jsonl")] == [1, 3]


def test_the_disk_is_told_once_a_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now, synced = [0.0], list[float]()

    def fsync(descriptor: int) -> None:
        synced.append(now[0])

    monkeypatch.setattr(os, "fsync", fsync)
    output = Output(tmp_path / "out.jsonl", clock=lambda: now[0])
    for tenth in range(25):
        now[0] = tenth / 10
        output.append(answer(tenth))
    output.close()
    assert synced == [1.0, 2.0, 2.4]


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    first = Output(tmp_path / "out.jsonl")
    with pytest.raises(llm.ConfigError, match="another process"):
        Output(tmp_path / "out.jsonl")
    first.close()
    Output(tmp_path / "out.jsonl").close()


# ---------------------------------------------------------------- lines


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"3", "neither"),
        (b"{}", "needs either"),
        (b'{"prompt": "a", "messages": []}', "needs either"),
        (b'{"prompt": "a", "temprature": 1}', "no field temprature"),
        (b'{"prompt": 3}', "content"),
        (b"[" * 5000, "not JSON"),
        (b'{"prompt": "a", "extra": {"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}", "too deep"),
        (b'"half \\ud83d"', "half of a character"),
    ],
)
def test_a_line_that_is_no_input_says_why(line: bytes, problem: str) -> None:
    read = inputs.read(4, line)
    assert read.request is None
    assert problem in read.problem


def test_lines() -> None:
    asked = llm.Request(messages=[llm.user("a")])
    assert inputs.read(1, b'"a"').request == asked
    read = inputs.read(2, b'{"id": "x", "prompt": "a", "max_tokens": 5}')
    assert (read.id, read.request) == ("x", llm.Request(messages=[llm.user("a")], max_tokens=5))
    assert inputs.read(3, b'{"messages": [{"role": "user", "content": "a"}]}').request == asked


# ---------------------------------------------------------------- as a user meets it


async def test_failures_are_told_and_asked_again(server: WireServer, tmp_path: Path) -> None:
    server.respond(echo)
    source, out, errors = (tmp_path / name for name in ("in.jsonl", "out.jsonl", "out.errors.jsonl"))
    source.write_text('"good"\n\n{"id": 7, "prompt": "fail", "system": 1}\n{"id": 8, "prompt": "fail"}\n')
    command = ("map", str(source), "-o", str(out), "-p", "vllm", "--dsn", server.dsn("vllm"), "-s", "be brief")
    done = await here(*command)
    assert done.code == 1
    assert "map: 3 inputs: 1 answered, 2 failed" in done.err
    assert "run it again for the rest" in done.err
    failed = {record["line"]: record for record in read(errors)}
    assert failed[4]["id"] == 8
    assert failed[4]["error"]["error"] == "InvalidRequestError"
    assert "not this one" in failed[4]["reason"]
    assert "no field system" in failed[3]["reason"]
    assert server.received[0].body["messages"][0] == {"role": "system", "content": "be brief"}

    server.respond(lambda _: Answer("now"))
    source.write_text(source.read_text().replace('{"id": 7, "prompt": "fail", "system": 1}', '"mended"'))
    done = await here(*command)
    assert (done.code, errors.exists()) == (0, False)
    assert [(record["line"], record.get("id")) for record in sorted(read(out), key=lambda record: record["line"])] == [
        *((1, None), (3, None), (4, 8))
    ]

    source.write_text('"another"\n')
    done = await here(*command)
    assert done.code == 1
    assert "line 1 of" in done.err
    assert "pass another --out" in done.err
    assert len(read(out)) == 3


async def test_it_stops_when_every_input_would_fail(server: WireServer, tmp_path: Path) -> None:
    server.respond(lambda _: Answer(status=401, message="no such key"))
    source = tmp_path / "in.jsonl"
    source.write_text('"a"\n' * 50)
    out = str(tmp_path / "out.jsonl")
    done = await here("map", str(source), "-o", out, "-p", "vllm", "--dsn", server.dsn("vllm"), "-c", "2")
    assert done.code == 1
    assert "no such key" in done.err
    assert "not asked" in done.err
    assert len(server.received) <= 2


async def test_what_passes_is_tried_again(server: WireServer, tmp_path: Path) -> None:
    server.answer(Answer(status=429, headers={"retry-after": "0"}), "then")
    (tmp_path / "in.jsonl").write_text('"a"\n')
    out = tmp_path / "out.jsonl"
    done = await here("map", str(tmp_path / "in.jsonl"), "-o", str(out), "-p", "vllm", "--dsn", server.dsn("vllm"))
    assert done.code == 0
    assert read(out)[0]["response"]["attempts"] == 2


@pytest.mark.parametrize("way", ["pipe", "stdin", "dash"])
async def test_what_can_be_read_only_once(tmp_path: Path, way: str) -> None:
    out = tmp_path / "out.jsonl"
    if way == "pipe":
        os.mkfifo(tmp_path / "in")
        writing = asyncio.create_task(asyncio.to_thread((tmp_path / "in").write_text, '"a"\n"b"\n'))
        done = await run("map", str(tmp_path / "in"), "-o", str(out))
        await writing
    else:
        done = await run("map", "-" if way == "dash" else "/dev/stdin", "-o", str(out), stdin='"a"\n"b"\n')
    assert (done.code, sorted(record["response"]["text"] for record in read(out))) == (0, ["a", "b"])


async def test_a_bad_line_is_a_row(tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(b'"a"\n' + b"[" * 5000 + b'\n"\xff"\n"\\ud800"\n"b"\n')
    done = await here("map", str(source), "-o", str(out))
    assert done.code == 1
    assert "5 inputs: 2 answered, 3 failed" in done.err
    assert sorted(record["line"] for record in read(tmp_path / "out.errors.jsonl")) == [2, 3, 4]


async def test_lines_of_text(tmp_path: Path) -> None:
    source, out = tmp_path / "in.txt", tmp_path / "out.jsonl"
    source.write_text("why?\nplain\n")
    done = await here("map", str(source), "-o", str(out))
    assert done.code == 2
    assert "no line of" in done.err
    assert "--text" in done.err
    assert not out.exists()
    assert (await here("map", str(source), "-o", str(out), "--text")).code == 0
    assert sorted(record["response"]["text"] for record in read(out)) == ["plain", "why?"]


async def test_answers_of_other_settings_are_not_taken_for_these(server: WireServer, tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text('"a"\n')
    access = ("-p", "vllm", "--dsn", server.dsn("vllm"))
    command = ("map", str(source), "-o", str(out))
    assert (await here(*command, *access)).code == 0
    for change in (("-m", "other"), ("-s", "in French"), ("-t", "1"), ("--max-tokens", "9"), ("--thinking", "low"),
                   ("-p", "echo"), ("--dsn", server.dsn("vllm") + "&top_p=0.5")):  # fmt: skip
        done = await here(*command, *access, *change)
        assert done.code == 1, change
        assert "other settings" in done.err
    done = await here(*command, *access[:3], server.dsn("vllm") + "&timeout=9&max_retries=1", "--attempts", "2")
    assert (done.code, len(server.received)) == (0, 1)
    record = read(out)[0]
    del record["settings"]
    out.write_text(json.dumps(record) + "\n")
    done = await here(*command, *access)
    assert (done.code, len(server.received)) == (0, 1)
    assert "version 0.1" in done.err


# ---------------------------------------------------------------- tables, templates, several files


def prompts(server: WireServer) -> list[str]:
    return sorted(str(request.body["messages"][-1]["content"]) for request in server.received)


async def test_tables(server: WireServer, tmp_path: Path) -> None:
    server.respond(echo)
    (tmp_path / "in.csv").write_text('id,prompt,topic\nx,"why, then?",sky\ny,"how\nso?",sea\n', "utf-8-sig")
    (tmp_path / "in.tsv").write_text("prompt\ttopic\nand?\tland\n")
    access = ("-p", "vllm", "--dsn", server.dsn("vllm"))
    out = tmp_path / "out.jsonl"
    done = await here("map", str(tmp_path / "in.csv"), str(tmp_path / "in.tsv"), "-o", str(out), *access)
    assert done.code == 0, done.err
    assert prompts(server) == ["and?", "how\nso?", "why, then?"]
    assert [(record["line"], record.get("id")) for record in sorted(read(out), key=lambda record: record["line"])] == [
        (1, "x"), (2, "y"), (3, None),
    ]  # fmt: skip
    (tmp_path / "other.csv").write_text("question,topic\nwhy?,sky\n")
    done = await here("map", str(tmp_path / "other.csv"), "-o", str(tmp_path / "o.jsonl"), *access)
    assert done.code == 1
    assert "no column `prompt`" in done.err
    assert "question, topic" in done.err
    (tmp_path / "bad.csv").write_bytes(b"prompt\n\xff\n")
    done = await here("map", str(tmp_path / "bad.csv"), "-o", str(tmp_path / "o.jsonl"), *access)
    assert (done.code, "no CSV in UTF-8" in done.err) == (1, True)


async def test_parquet(server: WireServer, tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed; with it (extra parquet): make test")
    parquet: Any = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed; with it: make test")
    table: Any = arrow.table({"id": [1, 2], "word": ["sky", None], "day": [datetime.date(2026, 11, 29)] * 2})
    parquet.write_table(table, tmp_path / "in.parquet")
    server.respond(echo)
    access = ("-p", "vllm", "--dsn", server.dsn("vllm"))
    command = ("map", str(tmp_path / "in.parquet"), "-o", str(tmp_path / "out.jsonl"), "--prompt", "{word} on {day}")
    done = await here(*command, *access)
    assert done.code == 0, done.err
    assert prompts(server) == [" on 2026-11-29", "sky on 2026-11-29"]
    (tmp_path / "bad.parquet").write_text("no table")
    done = await here("map", str(tmp_path / "bad.parquet"), *command[2:], *access)
    assert (done.code, "cannot be read as Parquet" in done.err) == (1, True)


async def test_templates(server: WireServer, tmp_path: Path) -> None:
    server.respond(echo)
    (tmp_path / "in.jsonl").write_text('{"id": 1, "word": "sky", "n": 2}\n"plain"\n{"id": 3, "n": 1}\n[1]\n')
    access = ("-p", "vllm", "--dsn", server.dsn("vllm"))
    out = tmp_path / "out.jsonl"
    command = ("map", str(tmp_path / "in.jsonl"), "-o", str(out), *access)
    done = await here(*command, "--prompt", "{{{word}}} {n}")
    assert done.code == 1
    assert prompts(server) == ["{sky} 2"]
    reasons = {record["line"]: record["reason"] for record in read(tmp_path / "out.errors.jsonl")}
    assert "there is no column 'word'; the row has: text" in reasons[2]
    assert "there is no column 'word'; the row has: id, n" in reasons[3]
    assert "neither" in reasons[4]
    done = await here(*command, "--prompt", "other {n}")
    assert "other settings" in done.err
    for wrong in ("{", "{}", "{a.b!r}", "{a:3}"):
        done = await here("map", str(tmp_path / "in.jsonl"), "-o", str(tmp_path / "o.jsonl"), "--prompt", wrong)
        assert (done.code, "template" in done.err) == (2, True), wrong
    (tmp_path / "in.txt").write_text("one\ntwo\n")
    await here(
        "map", str(tmp_path / "in.txt"), "-o", str(tmp_path / "t.jsonl"), *access, "--text", "--prompt", "say {text}"
    )
    assert prompts(server)[:2] == ["say one", "say two"]


async def test_several_files_and_patterns(server: WireServer, tmp_path: Path) -> None:
    server.respond(echo)
    for name in "ab":
        (tmp_path / f"{name}.jsonl").write_text(f'"{name} one"\n\n"{name} two"\n')
    access = ("-p", "vllm", "--dsn", server.dsn("vllm"))
    out = tmp_path / "out"
    done = await here("map", str(tmp_path / "*.jsonl"), "-o", str(out), *access)
    assert done.code == 0, done.err
    assert prompts(server) == ["a one", "a two", "b one", "b two"]
    assert sorted(record["line"] for record in read(out)) == [1, 3, 4, 6]
    for names, problem in ((["none*.jsonl"], "no file fits"), (["nothing"], "there is no file"), ([""], "is a folder"),
                           (["a.jsonl", "-"], "stdin")):  # fmt: skip
        paths = [name if name == "-" else str(tmp_path / name) for name in names]
        done = await here("map", *paths, "-o", str(tmp_path / "o"), *access)
        assert (done.code, problem in done.err) == (2, True), done.err


# ---------------------------------------------------------------- what stands around it


async def test_a_log_is_shared(server: WireServer, tmp_path: Path) -> None:
    server.respond(echo)
    (tmp_path / "in.jsonl").write_text("".join(f'"prompt {number}"\n' for number in range(20)))
    command = (
        "map",
        str(tmp_path / "in.jsonl"),
        "-p",
        "vllm",
        "--dsn",
        server.dsn("vllm"),
        "--log",
        str(tmp_path / "log.db"),
    )
    assert (await here(*command, "-o", str(tmp_path / "a.jsonl"))).code == 0
    again = await here(*command, "-o", str(tmp_path / "b.jsonl"))
    assert "20 answered (20 of them from the log)" in again.err
    assert len(server.received) == 20
    texts = [sorted(record["response"]["text"] for record in read(tmp_path / f"{name}.jsonl")) for name in "ab"]
    assert texts[0] == texts[1]


async def test_a_schema_is_asked_for(server: WireServer, tmp_path: Path) -> None:
    server.respond(lambda _: Answer('{"a": 1}'))
    (tmp_path / "in.jsonl").write_text('"a"\n')
    (tmp_path / "schema.json").write_text(
        '{"title": "my answer", "type": "object", "properties": {"a": {"type": "integer"}}}'
    )
    access = ("-p", "vllm", "--dsn", server.dsn("vllm"))
    command = ("map", str(tmp_path / "in.jsonl"), "-o", str(tmp_path / "out.jsonl"), *access, "--schema")
    done = await here(*command, str(tmp_path / "schema.json"))
    assert done.code == 0, done.err
    asked = server.received[0].body["response_format"]["json_schema"]
    assert (asked["name"], asked["schema"]["properties"]) == ("my_answer", {"a": {"type": "integer"}})
    (tmp_path / "schema.json").write_text("[]")
    done = await here(*command, str(tmp_path / "schema.json"))
    assert (done.code, "no JSON Schema" in done.err) == (2, True)
    done = await here(*command[:3], str(tmp_path / "of fields.jsonl"), *access, "--schema", "a int")
    assert done.code == 0, done.err
    asked = server.received[-1].body["response_format"]["json_schema"]
    assert (asked["name"], asked["schema"]["required"]) == ("answer", ["a"])


async def test_limits_hold(server: WireServer, tmp_path: Path) -> None:
    server.respond(echo)
    (tmp_path / "in.jsonl").write_text("".join(f'"prompt {number}"\n' for number in range(5)))
    access = ("-p", "vllm", "--dsn", server.dsn("vllm"))
    begun = time.monotonic()
    done = await here(
        "map", str(tmp_path / "in.jsonl"), "-o", str(tmp_path / "out.jsonl"), *access, "--limit-rpm", "40"
    )
    assert done.code == 0, done.err
    assert time.monotonic() - begun > 1  # a burst of a tenth of a minute's, then one each 1.5 s


async def test_a_dry_run_sends_nothing(server: WireServer, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('"four words of text"\n{"prompt": "b", "max_tokens": 50}\n[]\n')
    out = tmp_path / "out.jsonl"
    command = (
        "map",
        str(tmp_path / "in.jsonl"),
        "-o",
        str(out),
        "-p",
        "vllm",
        "--dsn",
        server.dsn("vllm"),
        "--dry-run",
    )
    done = await here(*command)
    assert done.code == 0
    assert "2 rows would be asked, 1 are no rows" in done.err
    assert "some answers have no bound" in done.err
    done = await here(*command, "--max-tokens", "100")
    assert "at most 150 out; nothing was sent" in done.err
    assert (server.received, out.exists()) == ([], False)


async def test_a_dry_run_says_what_it_costs(tmp_path: Path) -> None:
    pytest.importorskip("genai_prices", reason="genai-prices is not installed; with it (extra prices): make test")
    (tmp_path / "in.jsonl").write_text('"four words of text"\n' * 100)
    command = (
        "map",
        str(tmp_path / "in.jsonl"),
        "-o",
        str(tmp_path / "out.jsonl"),
        "--max-tokens",
        "1000",
        "--dry-run",
    )
    done = await here(*command, "-p", "openai", "-m", "gpt-4o-mini", "--api-key", "none")
    assert done.code == 0, done.err
    assert re.search(r"100 rows would be asked.* 100,000 out, \$0\.06\d*; nothing was sent", done.err), done.err


async def test_a_budget_stops_it(server: WireServer, tmp_path: Path) -> None:
    pytest.importorskip("genai_prices", reason="genai-prices is not installed; with it (extra prices): make test")
    server.respond(echo)
    (tmp_path / "in.jsonl").write_text("".join(f'"prompt {number}"\n' for number in range(200)))
    out = tmp_path / "out.jsonl"
    command = ("map", str(tmp_path / "in.jsonl"), "-o", str(out), "-p", "openai-chat", "-m", "gpt-4o-mini",
               "--dsn", server.dsn("openai-chat"), "--max-tokens", "1000", "-c", "16")  # fmt: skip
    done = await here(*command, "--budget", "0.002")
    assert done.code == 1
    assert "not asked" in done.err
    assert "budget" in done.err
    assert 0 < len(server.received) < 200
    assert (await here(*command)).code == 0
    assert len(read(out)) == 200
    assert len(server.received) == 200
