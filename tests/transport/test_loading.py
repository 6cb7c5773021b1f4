"""A fork waits for an import of ours in another thread: its child could never load that module."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from aikido_llm.transport.loading import Loading

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here; on POSIX: make test")

# A module that takes its time is imported by one thread, as aiohttp is on the first request, and needed by a child that
# is forked meanwhile.
PROGRAM = """
import os, sys, threading
from pathlib import Path
from aikido_llm.transport.loading import loading

sys.path.insert(0, sys.argv[1])
begun = threading.Event()

def load():
    with loading:
        begun.set()
        import slow

threading.Thread(target=load).start()
begun.wait()
child = os.fork()
if child == 0:
    import slow
    os._exit(slow.answer)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_child_that_is_forked_in_the_middle_of_an_import_can_import_too(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text("import time\ntime.sleep(0.3)\nanswer = 7\n")
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", PROGRAM, str(tmp_path)]
    assert subprocess.run(command, timeout=60, check=False).returncode == 7


def fork(loading: Loading) -> int:
    """The status of a child that imports something. A DeprecationWarning tells of threads, which are what is tried."""
    child = os.fork()
    if child == 0:
        with loading:
            os._exit(5)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_thread_may_fork_while_it_imports() -> None:
    loading = Loading()
    with loading:
        assert fork(loading) == 5
    assert fork(loading) == 5


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_import_that_hangs_holds_a_fork_up_for_a_moment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aikido_llm.transport.loading._PATIENCE", 0.05)
    loading, held, over = Loading(), threading.Event(), threading.Event()

    def hang() -> None:
        with loading:
            held.set()
            over.wait()

    thread = threading.Thread(target=hang)
    thread.start()
    held.wait()
    try:
        assert fork(loading) == 5
    finally:
        over.set()
        thread.join()
    assert fork(loading) == 5
