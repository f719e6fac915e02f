# SPDX-License-Identifier: Apache-2.0
"""What a run of the tests makes goes with it, however it ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from docker import Run, ask, is_left, make_id

TESTING = Path(__file__).resolve().parents[1] / "testing"

# Makes one thing of each kind, says its name, and waits for its end.
SCRIPT = """
import sys
from docker import Run, call
with Run() as run:
    network = run.make_network()
    call("volume", "create", "--label", f"quoted.test={run.id}", run.id)
    call("tag", sys.argv[1], f"quoted-test:{run.id}")
    call("create", "--name", run.make_name("server"), "--label", f"quoted.test={run.id}",
         "--network", network, sys.argv[1])
    call("create", "--name", run.make_name("composed"), "--label",
         f"com.docker.compose.project={run.id}-project1", sys.argv[1])
    print(run.id, flush=True)
    sys.stdin.read()
"""


def list_names():
    """Of all that there is."""
    return "\n".join((ask("ps", "--all", "--format", "{{.Names}}"),
                      ask("network", "ls", "--format", "{{.Name}}"),
                      ask("volume", "ls", "--format", "{{.Name}}"),
                      ask("image", "ls", "--format", "{{.Tag}}")))


@pytest.fixture(name="other")
def start_other(run):
    """Another run, in a process of its own, and its name."""
    with subprocess.Popen([sys.executable, "-B", "-c", SCRIPT, run.image], text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          env={**os.environ, "PYTHONPATH": str(TESTING)}) as process:
        yield process, process.stdout.readline().strip()
        process.kill()


def test_a_run_ends_all_that_it_has_made(other):
    process, name = other
    assert list_names().count(name) == 5
    process.communicate()
    assert process.returncode == 0
    assert name not in list_names()


def test_what_a_killed_run_has_left_goes_with_the_next(other):
    process, name = other
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert list_names().count(name) == 5
    with Run():
        assert name not in list_names()


def test_a_run_leaves_alone_what_another_still_uses(other):
    process, name = other
    with Run():
        pass
    assert list_names().count(name) == 5
    process.communicate()


def test_a_run_is_left_when_its_process_is_gone():
    mine = make_id()
    word, began, space, pid, start, more = mine.split("-")
    assert not is_left(mine)
    assert is_left("-".join((word, began, space, pid, str(int(start) + 1), more)))
    assert is_left("-".join((word, str(int(began) - 86400), space, pid, start, more)))
    assert not is_left("-".join((word, began, str(int(space) + 1), pid, "1", more)))
    assert not is_left("somebody-else")
