# SPDX-License-Identifier: Apache-2.0
"""Servers fail one way after the other, while eight clients ask all the time.

Claims, with libquoted asking three servers directly, and through nginx and HAProxy by
the files that we ship: no request fails, whatever befalls one server; every client
is answered while the fault lasts; every price is one that the provider had, none is
said to be younger than it is, and none goes back in time on its server; a server
that is well again gets its share, without anybody's help.  And: when all are gone
clients are told so, and go on by themselves as soon as one is back.

How long the longest gap was is written into the report of each test; what it is on
a quiet machine is in docs/reliability.md.
"""

import faults
import pytest
from balancer import why_no_haproxy, why_no_nginx
from faults import conclude, cut, ended, killed, restarted, stopped, suffer
from history import find_faults
from names import why_no_names
from network import why_no_network
from programs import SLOWER, wait_until
from scene import BY_HAPROXY, BY_NGINX, CLIENTS, DIRECT, PLAIN_NGINX, TIMEOUT_S, Scene

NETWORK = why_no_network()
no_network = pytest.mark.skipif(NETWORK is not None, reason=NETWORK or "")
NAMES = why_no_names()
no_names = pytest.mark.skipif(NAMES is not None, reason=NAMES or "")
no_nginx = pytest.mark.skipif(why_no_nginx() is not None, reason=why_no_nginx() or "")
no_haproxy = pytest.mark.skipif(why_no_haproxy() is not None, reason=why_no_haproxy() or "")

DIRECTLY = pytest.param(DIRECT, id="direct")
THROUGH_NGINX = pytest.param(BY_NGINX, id="nginx", marks=no_nginx)
THROUGH_HAPROXY = pytest.param(BY_HAPROXY, id="haproxy", marks=no_haproxy)
WAYS = [DIRECTLY, THROUGH_NGINX, THROUGH_HAPROXY]


@pytest.fixture(name="check")
def make_check(record_property):
    """Checks how a scene ended, and writes down what was measured."""

    def check(scene, outcome):
        for name, value in outcome._asdict().items():
            record_property(name, value)
        print(outcome)
        assert scene.history.failed() == []
        assert find_faults(scene.history, scene.prices) == []
        assert outcome.gap_s < TIMEOUT_S
        if not scene.fronts:
            scene.wait_no_connections()

    return check


# --- One server -------------------------------------------------------------------------

@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fault", [killed, stopped])
def test_no_request_fails(way, fault, check):
    with Scene(way) as scene:
        check(scene, suffer(scene, fault))


# (nginx is the slowest to take a server back, and these differ little from a kill.)
@pytest.mark.parametrize("way", [DIRECTLY, THROUGH_HAPROXY])
@pytest.mark.parametrize("fault", [ended, restarted])
def test_no_request_fails_when_a_server_is_told_to_end(way, fault, check):
    with Scene(way) as scene:
        check(scene, suffer(scene, fault))


@no_network
@pytest.mark.parametrize("way", WAYS)
def test_no_request_fails_when_a_cable_is_cut(way, check):
    with Scene(way, far=True) as scene:
        check(scene, suffer(scene, cut))


@no_nginx
def test_without_libquoted_requests_would_fail(check):
    with Scene(PLAIN_NGINX) as scene:
        with killed(scene, "2"):
            wait_until(lambda: len(scene.history.failed()) > 0, "a request fails")
        with pytest.raises(AssertionError, match="error="):
            check(scene, conclude(scene))


# --- Several servers, and the rest ------------------------------------------------------

@pytest.mark.parametrize("story", [
    faults.come_and_go, faults.leave_one, faults.replace_all, faults.restart_all,
    faults.read_again, faults.provider_hangs, faults.provider_fails, faults.provider_stops])
def test_no_request_fails_meanwhile(story, check):
    with Scene(DIRECT) as scene:
        check(scene, story(scene))


@no_names
@pytest.mark.parametrize("story", [faults.move, faults.lose_names])
def test_no_request_fails_by_one_name_of_all(story, check):
    with Scene(DIRECT, named=True) as scene:
        check(scene, story(scene))


@no_haproxy
def test_no_request_fails_while_all_are_replaced_behind_haproxy(check):
    with Scene(BY_HAPROXY) as scene:
        check(scene, faults.replace_all(scene))


@no_nginx
def test_no_request_fails_when_one_of_two_balancers_ends(check):
    with Scene(BY_NGINX, fronts=2) as scene:
        check(scene, faults.lose_balancer(scene))


def test_when_all_are_gone_clients_are_told_and_go_on_by_themselves(record_property):
    timeout_s = 3 * SLOWER  # a busy machine may stand still for one
    with Scene(DIRECT, timeout_s=timeout_s) as scene:
        outcome = faults.lose_all(scene)
        record_property("back_s", outcome.back_s)
        assert find_faults(scene.history, scene.prices) == []
        assert outcome.failed >= CLIENTS
        for answer in scene.history.failed():
            assert answer.start > scene.began - timeout_s
            assert answer.error.split(":")[0] in ("UNREACHABLE", "TIMEOUT"), answer
        longest = max(answer.end - answer.start for answer in scene.history.all())
        record_property("longest_s", longest)
        assert longest < timeout_s + TIMEOUT_S
        scene.wait_no_connections()
