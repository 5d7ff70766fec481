"""deploy/packages: silent when nothing is missing, sudo where there is one, and words an administrator can use where there is neither."""
import os
import shutil
import subprocess

import pytest

from core_tools import ROOT

PACKAGES = ROOT / "deploy/packages"


@pytest.fixture
def machine(tmp_path):
    """A Debian in which the programs are what the test says; nobody is root."""
    for name in ("bash", "dirname", "xargs", "cat", "tail", "mktemp", "rm"):
        os.symlink(shutil.which(name), tmp_path / name)

    def program(name, script):
        (tmp_path / name).write_text(f"#!/bin/bash\n{script}\n")
        (tmp_path / name).chmod(0o755)

    def run(*arguments, missing=()):
        installed = [line for line in (ROOT / "deploy/packages.txt").read_text().split() if line not in missing]
        program("dpkg-query", "\n".join(f"echo {name} installed" for name in installed))
        return subprocess.run([PACKAGES, *arguments], env={"PATH": str(tmp_path)}, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)

    program("id", "echo 1000")
    run.program = program
    return run


def test_nothing_is_said_when_nothing_is_missing(machine):
    for part in ("run", "check"):
        done = machine(part)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_is_missing_is_named_where_nobody_may_install_it(machine):
    done = machine(missing=["lighttpd", "libcjson-dev"])
    assert done.returncode == 1 and done.stdout == ""
    assert "neither root nor sudo" in done.stderr
    (line,) = [line for line in done.stderr.splitlines() if "apt-get install" in line]
    assert set(line.split("apt-get install")[1].split()) == {"lighttpd", "libcjson-dev"}


def test_a_sudo_that_wants_a_password_nobody_can_type_is_none(machine):
    machine.program("sudo", "exit 1")
    done = machine(missing=["lighttpd"])
    assert done.returncode == 1 and "apt-get install lighttpd" in done.stderr


def test_sudo_is_used_where_it_is_given(machine, tmp_path):
    machine.program("sudo", f'echo "$*" >>{tmp_path}/asked')
    assert machine("check", missing=["lighttpd"]).returncode == 0
    assert (tmp_path / "asked").read_text().splitlines() == ["-n true", f"-n {PACKAGES} check"]


def test_what_only_tests_need_is_not_asked_for_by_a_run(machine):
    section, tests_only = "", []
    for line in (ROOT / "deploy/packages.txt").read_text().splitlines():
        section = line if line.startswith("[") else section
        if section == "[check]" and line and line[0] not in "#[":
            tests_only.append(line)
    assert tests_only and machine("run", missing=tests_only[:1]).returncode == 0
    assert machine("check", missing=tests_only[:1]).returncode == 1


def test_wrong_words(machine):
    done = machine("everything")
    assert done.returncode == 2 and "usage" in done.stderr
