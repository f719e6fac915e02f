# SPDX-License-Identifier: Apache-2.0
"""Which servers clients land on, by round robin and by random.

Claims: two clients land on servers 1 and 2; round robin is exact for any number of
clients; random is uniform, and as independent as to put all of c clients on a given
server in (1/n)^c of all cases.
"""

import collections

import pytest

from chances import FALSE_ALARM, chance_of_chi_square, chance_of_count, chi_square
from spread import CLIENTS, CONNECTIONS, GROUPS, SERVERS, together


def test_two_clients_land_on_servers_1_and_2(outcome):
    landed = [{(line.client, line.server) for line in report} for report in outcome(3).reports]
    assert landed == [{("1", "1")}, {("2", "2")}]


@pytest.mark.parametrize("clients", CLIENTS)
def test_round_robin_is_exact(outcome, clients):
    counts = outcome(3).counts[clients]
    assert sum(counts.values()) == clients
    least, more = divmod(clients, len(SERVERS))
    assert sorted(counts[server] for server in SERVERS) == \
        [least] * (len(SERVERS) - more) + [least + 1] * more


def test_random_is_uniform(outcome):
    counts = collections.Counter(outcome(3).drawn)
    assert sum(counts.values()) >= CONNECTIONS and set(counts) == set(SERVERS)
    assert chance_of_chi_square(chi_square(counts.values()), len(SERVERS)) > FALSE_ALARM


@pytest.mark.parametrize("clients", GROUPS)
def test_random_puts_all_on_one_server_as_often_as_it_should(outcome, clients):
    groups, alone = together(outcome(3).drawn, clients)
    for server in SERVERS:
        assert chance_of_count(alone[server], groups, 3 ** -clients) > FALSE_ALARM
