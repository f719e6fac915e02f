# SPDX-License-Identifier: Apache-2.0
"""What can befall servers, and how clients fare meanwhile.

    with Scene(DIRECT) as scene:
        outcome = suffer(scene, killed)

First the faults: each a context in which it lasts, given the scene and the name of a
server; it has been mended when the context is left.  Then whole stories, each given
a scene and the seconds that its fault lasts at least; each waits for what must come
(every client is answered while the fault lasts, and the server is back), ends the
clients and returns the outcome.
"""

import contextlib
import signal
import time
from collections import namedtuple

from balancer import finish_told
from programs import SLOWER, wait_until
from scene import NAME

# What became of a scene.  `gap_s` is the longest time that any client, once all had
# had answers, went without a good one; `back_s` the time until a server that is well
# again gave its first answer or, behind a balancer, was given a new connection;
# `steps_back` how often an earlier price came after a later one, from another server.
Outcome = namedtuple("Outcome", "requests failed gap_s back_s steps_back")


# --- Faults -----------------------------------------------------------------------------

@contextlib.contextmanager
def killed(scene, name):
    """The process is ended without a word, and later started again."""
    scene.fleet.kill(name)
    yield
    scene.fleet.start(name)


@contextlib.contextmanager
def ended(scene, name):
    """It is told to end, ends in order, and is started again later."""
    scene.fleet.finish(name)
    yield
    scene.fleet.start(name)


@contextlib.contextmanager
def restarted(scene, name):
    """Nothing, and then it is told to end and started again at once."""
    yield
    scene.fleet.finish(name)
    scene.fleet.start(name)


@contextlib.contextmanager
def stopped(scene, name):
    """The process stands still; its kernel still takes connections."""
    with scene.fleet.stopped(name):
        yield


@contextlib.contextmanager
def cut(scene, name):
    """Its host's cable is cut: nothing comes back, not even a refusal."""
    scene.network.cut(name)
    yield
    scene.network.mend(name)


# --- Stories ----------------------------------------------------------------------------

def conclude(scene, back_s=None):
    """End the clients; the outcome from what they were answered."""
    scene.end_clients()
    history = scene.history
    return Outcome(len(history.all()), len(history.failed()), history.worst_gap_s(scene.began),
                   back_s, history.steps_back(scene.prices))


def suffer(scene, fault, least_s=0):
    """A fault befalls server 2."""
    with fault(scene, "2"):
        scene.wait_answers(least_s=least_s)
    return conclude(scene, scene.wait_back("2"))


def endure(scene, fault, least_s):
    """The same, but clients may be without answers."""
    with fault(scene, "2"):
        scene.wait_time(least_s)
    return conclude(scene, scene.wait_back("2"))


def come_and_go(scene, least_s=0):
    """Server 2 is killed and started, again and again."""
    end = time.monotonic() + least_s
    times = 0
    while times < 4 or time.monotonic() < end:
        with killed(scene, "2"):
            scene.wait_answers(15)
        scene.wait_answers(15)
        times += 1
    return conclude(scene, scene.wait_back("2"))


def leave_one(scene, least_s=0):
    """Server 2 is killed and server 3 is stopped, at the same time."""
    with stopped(scene, "3"), killed(scene, "2"):
        scene.wait_answers(least_s=least_s)
    return conclude(scene, max(scene.wait_back("2"), scene.wait_back("3")))


def replace_all(scene, _least_s=0):
    """Each server is restarted, the next one when the one before is back."""
    worst_s = 0
    for name in scene.fleet.names:
        with restarted(scene, name):
            pass
        worst_s = max(worst_s, scene.wait_back(name))
    return conclude(scene, worst_s)


def restart_all(scene, _least_s=0):
    """All servers are told to end at the same time, and started again when they have; they
    are back when every client has an answer."""
    for name in scene.fleet.names:
        scene.fleet[name].signal(signal.SIGTERM)
    for name in scene.fleet.names:
        finish_told(scene.fleet.servers.pop(name))
    for name in scene.fleet.names:
        scene.fleet.start(name)
    began = time.monotonic()
    scene.wait_answers(1)
    back_s = time.monotonic() - began
    scene.wait_answers()
    return conclude(scene, back_s)


def read_again(scene, least_s=0):
    """Every server reads its settings again, one of them finds a mistake."""
    for name in scene.fleet.names:
        assert scene.reload(name) == "loaded again"
    key = scene.fleet["2"].folder / "market"
    key.rename(key.with_name("away"))
    assert scene.reload("2") == "refused"
    scene.wait_answers(least_s=least_s)
    key.with_name("away").rename(key)
    assert scene.reload("2") == "loaded again"
    scene.wait_answers()
    return conclude(scene)


def wait_fresh(scene):
    """Wait until a price is fresh again: after a failure the servers leave a provider alone
    for seconds."""
    began = time.monotonic()
    wait_until(lambda: any(answer.state == "fresh" for name in scene.history.answers
                           for answer in scene.history.since(name, began)),
               "prices are fresh again", 60 * SLOWER)


def provider_hangs(scene, least_s=0):
    """The provider takes calls and answers none."""
    scene.market.hold()
    scene.market.wait("held", 3)
    scene.wait_answers(least_s=least_s)
    scene.market.release()
    wait_fresh(scene)
    return conclude(scene)


def provider_fails(scene, least_s=0):
    """The provider's calls fail, once for each server, which then leaves it alone."""
    before = scene.market.calls()
    scene.market.answer_next("*", {"class": "down", "repeat": 3})
    scene.market.wait("calls", before + 3)
    scene.wait_answers(least_s=least_s)
    wait_fresh(scene)
    return conclude(scene)


def provider_stops(scene, least_s=0):
    """The provider's process stands still."""
    scene.market.signal(signal.SIGSTOP)
    try:
        scene.wait_answers(least_s=least_s)
    finally:
        scene.market.signal(signal.SIGCONT)
    wait_fresh(scene)
    return conclude(scene)


def move(scene, least_s=0):
    """Server 2 dies, and comes back at another address, which its name tells."""
    scene.fleet.kill("2")
    scene.wait_answers(least_s=least_s)
    scene.fleet.move("2")
    scene.fleet.start("2")
    scene.tell_names()
    return conclude(scene, scene.wait_back("2"))


def lose_names(scene, least_s=0):
    """The name stands for nothing any more, and then server 2 is killed too."""
    scene.names.set(NAME, [])
    scene.wait_answers(least_s=least_s)
    with killed(scene, "2"):
        scene.wait_answers()
    back_s = scene.wait_back("2")
    scene.tell_names()
    return conclude(scene, back_s)


def lose_all(scene, least_s=0):
    """All servers are killed; every client is told that its requests fail, and goes on when
    one is back, then the others."""
    for name in scene.fleet.names:
        scene.fleet.kill(name)
    scene.wait_failure()
    scene.wait_time(least_s)
    scene.fleet.start("2")
    began = time.monotonic()
    scene.wait_answers(1)
    back_s = time.monotonic() - began
    for name in ("1", "3"):
        scene.fleet.start(name)
        scene.wait_back(name)
    return conclude(scene, back_s)


def lose_balancer(scene, least_s=0):
    """One of two balancers ends."""
    scene.fronts[0].finish()
    scene.wait_answers(least_s=least_s)
    return conclude(scene)
