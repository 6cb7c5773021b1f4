"""A job of Ray: `program.py JSON`, on a Ray of its own that nothing but this machine reaches.

JSON: url, log, count, and what the job is: actors, concurrency, blocks; redis, a_minute (its limit), burst; pids, a
folder into which each actor writes that it has begun; gone: a file at which one of two nodes dies; moments: where the
first actors kill themselves, one each; guide: the guide's program is run instead. Prints JSON: what came of the rows,
and how long it took.
"""

import json
import os
import re
import sys
import tempfile
import threading
import time
import warnings
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from threading import Thread
from types import FrameType
from typing import Any

import aikido_llm as llm
from aikido_llm import bulk
from aikido_llm.middleware import Limiter, RedisStore, limited
from tests.bulk.program import Sending, killer

_HOST = "127.0.0.1"
_GUIDE = Path(__file__).parent.parent.parent / "docs" / "guides" / "clusters.md"


@asynccontextmanager
async def client(job: dict[str, Any]) -> AsyncGenerator[llm.Client]:
    """What each actor opens."""
    (Path(job["pids"]) / str(os.getpid())).touch()
    moment = my_moment(job)
    async with llm.open("vllm", job["url"], model="m", retry=llm.RetryPolicy(max_attempts=1)) as opened:
        if moment:
            kill_in_append(killer(moment, "appending", _NUMBER), killer(moment, "appended", _NUMBER))
            yield Mortal(opened, killer(moment, "sending", _NUMBER), killer(moment, "answered", _NUMBER))
            return
        if not job["redis"]:
            yield opened
            return
        store = RedisStore(job["redis"], processes=job["actors"])
        yield limited(opened, Limiter(requests_per_minute=job["a_minute"], burst=job["burst"], store=store))
        await store.aclose()


MOMENTS = ("sending", "answered", "appending", "appended")
"""A request is about to be sent; its answer is there, and not kept; its line is about to be written into the part; the
line is written, and neither the index nor anybody else has heard of it."""
_NUMBER = 25  # the how manieth time it comes there


def my_moment(job: dict[str, Any]) -> str:
    """The next one that no actor has taken yet, "" when there is none."""
    for moment in job["moments"]:
        with suppress(FileExistsError):
            (Path(job["taken"]) / moment).touch(exist_ok=False)
            return str(moment)
    return ""


class Mortal(Sending):
    """A client that is told before each request, and when its answer is there."""

    def __init__(self, client: llm.HTTPClient, sending: Callable[[], None], answered: Callable[[], None]) -> None:
        super().__init__(client, sending)
        self._answered = answered

    async def _events(self, stream: llm.EventStream) -> AsyncGenerator[llm.Event]:
        try:
            async for event in stream:
                if isinstance(event, llm.EndEvent):
                    self._answered()
                yield event
        finally:
            await stream.aclose()

    def stream(self, request: llm.Request) -> Any:
        return self._events(super().stream(request))


def kill_in_append(appending: Callable[[], None], appended: Callable[[], None]) -> None:
    """Told by the interpreter when a thread that begins after this writes a line into a part, and when it has."""

    def seen(frame: FrameType, event: str, function: Any) -> None:
        if event in ("c_call", "c_return") and frame.f_code.co_name == "_append" and function.__name__ == "write":
            (appending if event == "c_call" else appended)()

    threading.setprofile(seen)


@contextmanager
def started(gone: Path | None = None) -> Generator[Any]:
    """A Ray that sends no byte to anything but 127.0.0.1. gone: see `two_nodes`."""
    with tempfile.TemporaryDirectory(prefix="r", ignore_cleanup_errors=True) as folder:  # short: sockets stand in it
        (Path(folder) / "ray_bootstrap_config.yaml").write_text("{}")  # where it is not, Ray asks the clouds' services
        os.environ["HOME"] = folder
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        os.environ["RAY_USAGE_STATS_REPORT_URL"] = f"http://{_HOST}:9"  # a cluster reports that it does not report
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # else Ray takes another address in place of 127.0.0.1
        ray: Any = import_module("ray")
        import_module("ray.data")
        quiet = {"logging_level": "ERROR", "log_to_driver": False, "_node_ip_address": _HOST}
        machine = {"num_cpus": 2, "include_dashboard": False, "object_store_memory": 100 << 20}
        if gone is None:
            ray.init(address=None, _temp_dir=folder, **machine, **quiet)
        else:
            ray.init(address=two_nodes({**machine, "temp_dir": folder}, gone), **quiet)
        ray.data.DataContext.get_current().enable_progress_bars = False
        try:
            yield ray
        finally:
            ray.shutdown()


def two_nodes(head: dict[str, Any], gone: Path) -> str:
    """The address of a cluster whose second node dies when that file is there."""
    (Path(tempfile.gettempdir()) / "ray").mkdir(exist_ok=True)  # Ray notes the address there, and does not make it
    cluster: Any = import_module("ray.cluster_utils").Cluster(
        initialize_head=True, head_node_args={**head, "node_ip_address": _HOST}
    )
    doomed = cluster.add_node(num_cpus=1, object_store_memory=100 << 20, node_ip_address=_HOST)

    def kill() -> None:
        while not gone.exists():
            time.sleep(0.02)
        cluster.remove_node(doomed, allow_graceful=False)

    Thread(target=kill, daemon=True).start()
    return str(cluster.address)


def ask(row: dict[str, Any]) -> dict[str, Any]:
    return {"id": f"k{row['id']}", "prompt": f"k{row['id']}"}


def run(job: dict[str, Any], ray: Any) -> dict[str, Any]:
    rows = ray.data.range(job["count"], override_num_blocks=job["blocks"])
    began = time.monotonic()
    answered = bulk.ray(
        rows,
        open=partial(client, job),
        rows=ask,
        log=job["log"],
        key="id",
        actors=job["actors"],
        concurrency=job["concurrency"],
        policy=llm.RetryPolicy(max_attempts=1),
    )
    try:
        found = answered.take_all()
    except Exception as error:
        return {"raised": type(error.__cause__ or error).__name__, "text": str(error)}
    wrong = [row["id"] for row in found if row["error"] is None and row["answer"] != f"re: k{row['id']}"]
    return {
        "keys": sorted(row["id"] for row in found),
        "wrong": wrong,
        "errors": Counter(row["error"] for row in found if row["error"]),
        "cached": sum(row["cached"] for row in found),
        "seconds": time.monotonic() - began,
    }


def guide(job: dict[str, Any]) -> dict[str, Any]:
    """The page's blocks for Ray, between those that the other tests run."""
    text = _GUIDE.read_text("utf-8")
    blocks = re.findall(
        r"^```(?:python|python continued|\{code-block\} python)\n(.*?)^```", text, re.DOTALL | re.MULTILINE
    )
    tempfile.tempdir = job["pids"]
    place: dict[str, Any] = {"__name__": "__main__"}
    exec("\n".join(blocks), place)
    found = place["answered"].take_all()
    return {"keys": len(found), "cached": sum(row["cached"] for row in found), "written": os.listdir(place["log"])}


def main() -> None:
    job = json.loads(sys.argv[1])
    warnings.simplefilter("ignore")
    with started(Path(job["gone"]) if job["gone"] else None) as ray:
        print(json.dumps(guide(job) if job["guide"] else run(job, ray)), flush=True)


if __name__ == "__main__":
    main()
