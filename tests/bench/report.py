"""Tables, for a terminal and for the README."""
import datetime
import os
import platform
import re
import subprocess

from measure import CONNECTIONS, CPUS, median, of


def text_table(head, rows):
    cells = [head, *[[str(c) for c in row] for row in rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    lines = ["  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths))).rstrip() for row in cells]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def markdown_table(head, rows):
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in [head, ["---"] + ["---:"] * (len(head) - 1), *rows])


def machine():
    cpu = re.search(r"^model name\s*: (.*)$", open("/proc/cpuinfo").read(), re.M)
    system = re.search(r'^PRETTY_NAME="(.*)"$', open("/etc/os-release").read(), re.M)
    version = subprocess.run(["mariadbd", "--version"], capture_output=True, text=True, env=dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin")).stdout
    mariadb = re.search(r"Ver (\d+\.\d+\.\d+)", version)
    return f"{CPUS} x {cpu.group(1) if cpu else platform.machine()}, {system.group(1) if system else platform.system()}, MariaDB {mariadb.group(1) if mariadb else '?'}"


def conditions(results, options):
    text = (f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC, {machine()}. {results['messages']:,} messages in {results['conversations']:,} "
            f"conversations, 4 workers, lighttpd, wrk -t1 -c{CONNECTIONS}.")
    others = [x.other for loads in results["loads"].values() for x in loads]
    if others:
        rounds = f"medians of {options.rounds} rounds" if options.rounds > 1 else "one round"
        text += f" Figures are {rounds} of {options.secs} s. Others used {min(others):.0%} to {max(others):.0%} of the machine meanwhile (load average {os.getloadavg()[0]:.1f})."
    return text


HEAD = ["request", "req/s", "p50 ms", "p99 ms", "worker µs", "budget", "web µs", "database µs", "s/worker", "MB/worker", "statements", "rows read", "tables on disk"]


def rows(results, workloads):
    out = []
    for w in workloads:
        loads = results["loads"].get(w.name)
        if not loads:
            continue
        worker = of(loads, "worker")
        budget = "" if not w.budget_us else f"{w.budget_us} {'ok' if worker <= w.budget_us else 'OVER'}"
        cost = results["costs"][w.name]
        resident = median(kb for x in loads for kb in x.resident_kb) / 1024
        out.append([w.title, f"{of(loads, 'per_second'):,.0f}", f"{of(loads, 'p50_ms'):.1f}", f"{of(loads, 'p99_ms'):.1f}", f"{worker:.0f}", budget, f"{of(loads, 'web'):.0f}",
                    f"{of(loads, 'db'):.0f}", f"{of(loads, 'worker_s'):.2f}", f"{resident:.1f}", cost.statements, cost.rows, cost.disk_tables])
    return out


SIDE_HEAD = ["", "measured", "budget"]


def verdict(good):
    return "ok" if good else "OVER"


def sides(results):
    out = []
    if "sizes" in results:
        s = results["sizes"]
        out.append([f"conversation list, {results['messages']:,} against {s['small']:,} messages: processor time of the servers", f"{s['cpu']:.2f} x", f"1 ± 0.2 {verdict(s['cpu'] <= 1.2)}"])
        out.append(["the same: p50", f"{s['p50']:.2f} x", f"1 ± 0.2 {verdict(s['p50'] <= 1.2)}"])
        few, many = s["costs"]
        out.append(["the same: statements a request", f"{many.statements} / {few.statements}", "the same"])
        out.append(["the same: rows read a request", f"{many.rows} / {few.rows}", "the same"])
    if "memory" in results:
        m = results["memory"]
        out.append([f"resident memory of a worker after {m['requests']:,} mixed requests", f"{m['most'] / 1024:.1f} MB", f"12 MB {verdict(m['most'] <= 12 * 1024)}"])
        out.append([f"growth between {m['first_at']:,} and {m['requests']:,} requests", f"{m['growth']} kB", f"flat {verdict(m['growth'] <= m['flat'])}"])
    if "run" in results:
        out.append(["`make run`, built and initialised, to the ready line", f"{results['run']['again']:.1f} s", f"5 s {verdict(results['run']['again'] <= 5)}"])
        out.append(["`make run`, built, the first time (database and demonstration)", f"{results['run']['first']:.1f} s", ""])
    return out


def render(results, workloads, options, markdown):
    table = markdown_table if markdown else text_table
    parts = [conditions(results, options)]
    if results["loads"]:
        parts.append(table(HEAD, rows(results, workloads)))
    if sides(results):
        parts.append(table(SIDE_HEAD, sides(results)))
    return "\n\n".join(parts) + "\n"
