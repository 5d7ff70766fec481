"""Migrating: once, again, two at a time; and who may do what afterwards. (tests/lint/schema.sh looks at the tables themselves.)"""
import concurrent.futures
import subprocess

import pytest

from stack import BIN, clean_env
from core_tools import ROOT

# Tables that belong to the installation and not to a tenant.
COMMON = {"throttle", "hook_rejection", "job_slot", "heartbeat", "tenant", "schema_version", "migration_lease"}


def ctl(env, *words):
    return subprocess.run([BIN / "centralactl", *words], env=env, capture_output=True, text=True, timeout=120, cwd=ROOT)


@pytest.fixture(scope="module")
def environment(database, tmp_path_factory):
    folder = tmp_path_factory.mktemp("schema")
    return clean_env(**database.create("schema"), CENTRALA_ROOT=ROOT, CENTRALA_KEY_FILE=folder / "centrala.key", CENTRALA_SETUP_CODE_FILE=folder / "setup.code")


OTHERWISE = {"hook_rejection", "message_event", "session"}  # found by the minute, the order of arrival, the token: before anybody knows the tenant


@pytest.fixture(scope="module")
def query(database, environment):
    done = ctl(environment, "migrate")
    assert done.returncode == 0, done.stdout + done.stderr
    connection = database.connect("schema")

    def query(text, *values):
        with connection.cursor() as cursor:
            cursor.execute(text, values or None)
            return list(cursor.fetchall())
    yield query
    connection.close()


def test_customer_data_names_its_tenant_first(query):
    tables = {row["t"] for row in query("SELECT table_name AS t FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'")}
    with_tenant = {row["t"] for row in query("SELECT table_name AS t FROM information_schema.columns WHERE table_schema = DATABASE() AND column_name = 'tenant_id'")}
    assert tables - with_tenant - COMMON == set()
    first = {row["t"]: row["c"] for row in query("SELECT table_name AS t, column_name AS c FROM information_schema.statistics WHERE table_schema = DATABASE() "
                                                 "AND index_name = 'PRIMARY' AND seq_in_index = 1")}
    assert {t: first[t] for t in with_tenant - OTHERWISE if first[t] != "tenant_id"} == {}


def test_a_row_leans_only_on_rows_of_its_tenant(query):
    """A foreign key between tables of tenants begins with the tenant on both sides."""
    keys = query("SELECT k.table_name AS t, k.constraint_name AS c, k.column_name AS f, k.referenced_table_name AS r, k.referenced_column_name AS rf "
                 "FROM information_schema.key_column_usage k WHERE k.table_schema = DATABASE() AND k.referenced_table_name IS NOT NULL AND k.ordinal_position = 1")
    assert len(keys) > 20
    assert [k for k in keys if (k["f"], k["rf"]) not in (("tenant_id", "tenant_id"), ("tenant_id", "id"))] == []
    assert {k["r"] for k in keys if k["rf"] == "id"} == {"tenant"}


def test_every_table_and_column_says_what_it_is(query):
    silent = query("SELECT table_name AS t, column_name AS c FROM information_schema.columns WHERE table_schema = DATABASE() AND column_comment = ''")
    assert [r for r in silent] == [] and query("SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' AND table_comment = ''") in ((), [])


def test_migrating_again_changes_nothing(query, environment):
    def state():
        return query("SELECT table_name, column_name, column_type FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY 1, ordinal_position")
    before = state()
    done = ctl(environment, "migrate")
    assert done.returncode == 0, done.stderr
    assert state() == before


def test_two_migrators_at_once(database, tmp_path):
    env = clean_env(**database.create("schema_two"), CENTRALA_ROOT=ROOT, CENTRALA_KEY_FILE=tmp_path / "centrala.key", CENTRALA_SETUP_CODE_FILE=tmp_path / "setup.code")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: ctl(env, "migrate"), range(2)))
    assert [d.returncode for d in done] == [0, 0], [d.stderr for d in done]


def test_reader_may_only_read(database, environment, query):
    import pymysql
    connection = database.connect("schema", (environment["CENTRALA_DB_READER_USER"], environment["CENTRALA_DB_READER_PASSWORD"]))
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM tenant")
        with pytest.raises(pymysql.err.OperationalError):
            cursor.execute("UPDATE tenant SET name = 'x'")
