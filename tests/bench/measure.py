"""Measuring: processor time and memory from /proc, statements and rows from the server's counters, wrk."""
import dataclasses
import json
import os
import pathlib
import re
import resource
import statistics
import subprocess
import time

TICK = os.sysconf("SC_CLK_TCK")
CPUS = len(os.sched_getaffinity(0))
CONNECTIONS = 16


def _stat(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None


def own_seconds(pid):
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / TICK if fields else 0.0


def ended_seconds(pid):
    """Of children that are gone."""
    fields = _stat(pid)
    return (int(fields[13]) + int(fields[14])) / TICK if fields else 0.0


def seconds(place):
    """Processor seconds so far. Workers that left and the master that replaces them count as workers."""
    living = sum(own_seconds(pid) for pid in place.worker_pids())
    master = place.fcgi.pid
    return {"worker": living + own_seconds(master) + ended_seconds(master), "web": own_seconds(place.web.pid), "db": own_seconds(place.database.pid())}


def resident_kb(pid):
    try:
        found = re.search(r"^VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M)
        return int(found.group(1)) if found else 0
    except OSError:
        return 0


def memory_kb(place):
    """Resident size of each worker that is there."""
    return [kb for kb in map(resident_kb, place.worker_pids()) if kb]


def busy_seconds():
    fields = [int(x) for x in pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICK


@dataclasses.dataclass
class Load:
    """One run of wrk. Times in microseconds of processor time a request unless the name says otherwise."""
    requests: int
    per_second: float
    p50_ms: float
    p99_ms: float
    bytes: float
    failures: int
    statuses: dict
    worker: float
    web: float
    db: float
    wrk: float
    worker_s: float
    resident_kb: list
    other: float  # share of the machine that somebody else used

    @property
    def all(self):
        return self.worker + self.web + self.db


def load(place, script, argument, secs, count=False):
    here = pathlib.Path(__file__).resolve().parent
    command = ["wrk", "-t", "1", "-c", str(CONNECTIONS), "-d", f"{secs}s", "--timeout", "10s", "-s", here / "wrk" / script, place.url, "--", argument]
    before, usage, busy, began = seconds(place), resource.getrusage(resource.RUSAGE_CHILDREN), busy_seconds(), time.monotonic()
    done = subprocess.run([*command, *(["count"] if count else [])], capture_output=True, text=True, timeout=secs + 60)
    took, after, usage_after = time.monotonic() - began, seconds(place), resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = busy_seconds() - busy
    found = re.search(r"^BENCH (\{.*\})$", done.stdout, re.M)
    assert found, f"wrk: {done.stdout[-500:]}{done.stderr[-500:]}"
    answer = json.loads(found.group(1))
    used = {k: after[k] - before[k] for k in after}
    wrk = usage_after.ru_utime + usage_after.ru_stime - usage.ru_utime - usage.ru_stime
    n = max(answer["requests"], 1)
    memory = memory_kb(place)
    return Load(
        requests=answer["requests"], per_second=answer["requests"] / answer["seconds"], p50_ms=answer["p50_us"] / 1e3, p99_ms=answer["p99_us"] / 1e3,
        bytes=answer["bytes"] / n, failures=answer["errors"] + answer["refused"], statuses=answer["statuses"],
        **{k: v / n * 1e6 for k, v in used.items()}, wrk=wrk / n * 1e6, worker_s=used["worker"] / max(len(memory), 1), resident_kb=memory,
        other=max(0.0, busy - sum(used.values()) - wrk) / took / CPUS)


def median(values):
    return statistics.median(list(values))


def of(loads, name):
    return median(getattr(x, name) for x in loads)


@dataclasses.dataclass(order=True)
class Cost:
    """What one request asks of the database."""
    statements: int
    rows: int         # steps of reading, in any index or table
    disk_tables: int  # temporary tables that did not fit into memory, or hold long texts


def costs(place, requests, send):
    """For each request, by the server's own counters. Asking for them counts as well: that is measured first, without a
    request. A session that is noted as used (once a minute) is one statement more: each is sent three times and the least
    counts. A request may be a function that makes it."""
    connection = place.database.connect()

    def counters():
        with connection.cursor() as cursor:
            cursor.execute("SHOW GLOBAL STATUS WHERE Variable_name IN ('Questions', 'Created_tmp_disk_tables') OR Variable_name LIKE 'Handler\\_read\\_%'")
            found = {row["Variable_name"]: int(row["Value"]) for row in cursor.fetchall()}
        return found.pop("Questions"), found.pop("Created_tmp_disk_tables"), sum(found.values())

    def change(action):
        before = counters()
        action()
        statements, disk_tables, rows = (b - a for a, b in zip(before, counters()))
        return Cost(statements, rows, disk_tables)

    with connection:
        change(lambda: None)
        empty = min(change(lambda: None) for _ in range(3))
        least = [min(change(lambda r=r: send(r() if callable(r) else r)) for _ in range(3)) for r in requests]
    return [Cost(c.statements - empty.statements, c.rows - empty.rows, c.disk_tables - empty.disk_tables) for c in least]
