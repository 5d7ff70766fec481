"""Fixtures over stack.py, for tests/http, tests/browser and tests/schema (each conftest.py imports them)."""
import signal

import pytest

from models import models, running_models  # noqa: F401 (fixtures)
from stack import SERVERS, Database, Stack

_running = []


def pytest_sessionstart(session):
    # A time limit ends us by TERM: fixtures are taken down as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows the end of the logs of the stacks it used."""
    outcome = yield
    report = outcome.get_result()
    if report.failed and call.when == "call":
        for stack in [s for s in _running if s in getattr(item, "funcargs", {}).values()] or _running[-1:]:
            lines = [line for line in stack.logs().splitlines() if line]
            report.sections.append((f"logs of the {stack.server} stack", "\n".join(lines[-60:])))


@pytest.fixture(scope="session")
def database():
    with Database() as database:
        yield database


def _run(database, **options):
    stack = Stack(database, **options)
    _running.append(stack)
    try:
        yield stack
    finally:
        _running.remove(stack)
        stack.stop()


@pytest.fixture(scope="session")
def stack(database):
    """The usual one: lighttpd, real sending to the simulated Twilio. Shared: a test uses numbers and texts of its own."""
    yield from _run(database)


@pytest.fixture(scope="session")
def test_mode_stack(database):
    """The same in TEST_MODE."""
    yield from _run(database, test_mode=True)


@pytest.fixture(scope="session", params=SERVERS)
def server_stack(request, database):
    """Tests that take it run behind each web server."""
    if request.param == "lighttpd":
        yield request.getfixturevalue("stack")
    else:
        yield from _run(database, server=request.param)


@pytest.fixture
def make_stack(database):
    """make_stack(server=…, test_mode=…, own_database=True, db_io_limit_s=2, …): a stack for one test."""
    made, databases = [], []

    def make(own_database=False, **options):
        if own_database:
            databases.append(Database())
        stack = Stack(databases[-1] if own_database else database, **options)
        made.append(stack)
        _running.append(stack)
        return stack
    yield make
    problems = []
    for stack in made:
        _running.remove(stack)
        try:
            stack.stop()
        except AssertionError as error:
            problems.append(str(error))
    for own in databases:
        own.close()
    assert not problems, "\n".join(problems)
