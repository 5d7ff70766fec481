"""The list of every address: as the golden file has it, guarded as it says; generated files are up to date."""
import re

import pytest

from core_tools import ROOT
from panel import enter
from stack import BIN, Browser
import subprocess


def output(*arguments):
    return subprocess.run([BIN / "centralactl", *arguments], capture_output=True, text=True, check=True, timeout=60).stdout


def test_the_routes_are_those_of_the_golden_file():
    assert output("routes") == (ROOT / "tests/golden/routes.txt").read_text(), "a deliberate change: make golden"


def test_the_example_of_the_settings_is_up_to_date():
    assert output("config", "example") == (ROOT / "etc/centrala.conf.example").read_text(), "a deliberate change: make golden"


def routes():
    for line in (ROOT / "tests/golden/routes.txt").read_text().splitlines():
        method, path, kind, permission = re.split(r"\s{1,}", line, maxsplit=3)
        yield method, path, kind, permission


@pytest.mark.parametrize("method, path, kind, permission", routes())
def test_who_is_nobody_gets_nothing_but_what_is_public(stack, method, path, kind, permission):
    answer = Browser(stack.url).request(method, re.sub(r":\w+", "1", path), allow_redirects=False)
    if kind == "TWILIO":
        # Twilio reads the answer to a message, and nobody that to a state but programs made for predecessor 000.
        assert answer.status_code == 403 and answer.headers["Content-Type"] == ("application/json" if path == "/twilio/status" else "text/xml")
    elif permission == "public":
        assert answer.status_code in (200, 404, 422)
    elif kind == "API":
        assert answer.status_code == 401 and answer.headers["Content-Type"] == "application/json"
    elif method == "GET":
        assert answer.status_code == 303 and answer.headers["Location"].startswith("/login?next=")
    else:
        assert answer.status_code == 401


def test_each_address_says_what_it_takes(stack):
    rows = [(method, re.sub(r":\w+", "[^/]+", path)) for method, path, _, _ in routes()]
    for path in sorted({re.sub(r":\w+", "1", path) for _, path, _, _ in routes()}):
        known = {method for method, row in rows if re.fullmatch(row, path)}  # "/x/new" is also an "/x/:id"
        answer = enter(stack).request("PATCH", path, allow_redirects=False)
        assert answer.status_code == 405, path
        assert set(answer.headers["Allow"].split(", ")) == known | ({"HEAD"} if "GET" in known else set()), path


def test_the_table_has_public_rows_only_where_they_belong():
    public = {path for _, path, kind, permission in routes() if permission == "public" and kind != "TWILIO"}
    assert public == {"/login", "/setup", "/api/health", "/health", "/m/:token"}
