"""The matrix: its programs, and what came of one."""

import subprocess
import sys
import time
from pathlib import Path

from attrs import frozen

from aikido_llm.testing import Answer, Received, WireServer
from tests.processes.program import ANSWER, OPTIONS, STATUS

CLIENTS = ("sync", "async")
STATES = ("open", "closed", "half read")
THREADS = ("main", "daemon")
PROCESSES = ("none", "fork", "pool", "spawn", "exec")
ENDS = tuple(STATUS)

WITHIN = 2.0  # s from the beginning of the end
_PROGRAM = Path(__file__).parent / "program.py"
_ROOT = Path(__file__).parent.parent.parent


@frozen
class Program:
    """client: whose state; thread: in which it is used; process: which other one it begins; end: how it ends."""

    client: str
    state: str
    thread: str
    process: str
    end: str

    def __str__(self) -> str:
        return ", ".join((self.client, self.state, self.thread, self.process, self.end))


@frozen
class Outcome:
    """seconds: from the beginning of the end. fault: "" when all is well."""

    seconds: float
    fault: str


def serve(server: WireServer) -> None:
    """Whole answers at once; streams that would take many seconds."""
    slow = Answer(text="word " * 2000, pace=0.01)

    def respond(request: Received) -> Answer:
        return slow if b'"stream":true' in request.raw else Answer(text=ANSWER)

    server.respond(respond)


def run(program: Program, url: str) -> Outcome:
    words = [program.client, program.state, program.thread, program.process, program.end]
    command = [sys.executable, *OPTIONS, str(_PROGRAM), url, *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=_ROOT)
    try:
        out, err = process.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return Outcome(30.0, "killed after 30 s")
    seconds = time.monotonic() - float(out.split()[-1]) if out.strip() else 0.0
    if process.returncode != STATUS[program.end]:
        return Outcome(seconds, f"status {process.returncode}: {err[-2000:]}")
    if seconds > WITHIN:
        return Outcome(seconds, f"{seconds:.1f} s")
    if err and not (program.end == "exception" and "the program's own" in err and "nclosed" not in err):
        return Outcome(seconds, f"says {err[-2000:]}")
    return Outcome(seconds, "")
