# SPDX-License-Identifier: Apache-2.0
"""A client that asks a hundred times as often as the others.

Claims: where connections are balanced, one server gets all that it asks; where
requests are, round robin is even to the request, random is uniform, and by load no
server gets nearly all.
"""

from behind import SERVERS
from chances import FALSE_ALARM, chance_of_chi_square, chi_square
from greedy import ASKED, CLIENTS, FACTOR, GREEDY, WAYS, imbalance, load

NGINX, CONNECTION, ROUND_ROBIN, RANDOM, LEAST_LOADED = WAYS


def test_nobody_is_refused(outcome):
    for counts in outcome(7).counts.values():
        for client in CLIENTS:
            times = ASKED * (FACTOR if client == GREEDY else 1)
            assert sum(counts[client].values()) == times


def test_nginx_spreads_connections_and_not_load(outcome):
    counts = outcome(7).counts[NGINX]
    clients = [sum(1 for one in counts.values() if one[server]) for server in SERVERS]
    assert clients == [len(CLIENTS) // len(SERVERS)] * len(SERVERS)
    others = len(CLIENTS) // len(SERVERS) * ASKED
    assert sorted(load(counts).values()) == \
        [others, others, others - ASKED + FACTOR * ASKED]


def test_each_client_keeps_to_a_server(outcome):
    for way in (NGINX, CONNECTION):
        assert all(len(one) == 1 for one in outcome(7).counts[way].values())
        assert imbalance(outcome(7).counts[way]) > 2.5


def test_round_robin_is_even_to_the_request(outcome):
    for one in outcome(7).counts[ROUND_ROBIN].values():
        assert max(one[server] for server in SERVERS) - min(one[server] for server in SERVERS) <= 1


def test_random_is_uniform(outcome):
    counts = load(outcome(7).counts[RANDOM]).values()
    assert chance_of_chi_square(chi_square(counts), len(SERVERS)) > FALSE_ALARM


def test_by_load_no_server_gets_nearly_all(outcome):
    # Of two that are drawn the better one is asked: two thirds, if it is always the same.
    assert imbalance(outcome(7).counts[LEAST_LOADED]) < 2.5
