"""A job of Ray: `program.py JSON`, on a Ray of its own that nothing but this machine reaches.

JSON: url, log, count, and what the job is: actors, concurrency, blocks; redis, a_minute (its limit), burst; pids, a
folder into which each actor writes that it has begun; gone: a file at which one of two nodes dies; guide: the guide's
program is run instead. Prints JSON: what came of the rows, and how long it took.
"""

import json
import os
import re
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any

import aikido_llm as llm
from aikido_llm import bulk
from aikido_llm.middleware import Limiter, RedisStore, limited

_HOST = "127.0.0.1"
_GUIDE = Path(__file__).parent.parent.parent / "docs" / "guides" / "clusters.md"


@asynccontextmanager
async def client(job: dict[str, Any]) -> AsyncGenerator[llm.Client]:
    """What each actor opens."""
    (Path(job["pids"]) / str(os.getpid())).touch()
    async with llm.open("vllm", job["url"], model="m", retry=llm.RetryPolicy(max_attempts=1)) as opened:
        if not job["redis"]:
            yield opened
            return
        store = RedisStore(job["redis"], processes=job["actors"])
        yield limited(opened, Limiter(requests_per_minute=job["a_minute"], burst=job["burst"], store=store))
        await store.aclose()


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
