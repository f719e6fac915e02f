# SPDX-License-Identifier: Apache-2.0
"""Many symbols over one connection by HTTP, many requests at once: what the server looks
up ahead, and composes without keeping it, is what it answers to one request alone.

Claims: each request is answered in its turn with the quote of its own symbol, whatever
stands between the requests; the JSON says the same as RESP does.
"""

import pytest
from programs import Market, Server
from web import Web, get

# More than the server keeps of what it has composed.
SYMBOLS = [f"Q{i}" for i in range(1500)]

# As many as go into one MGET here.
BATCH = 500

# More than are looked up at once.
FLIGHT = 150


@pytest.fixture(name="server", scope="module")
def start_server():
    """One that has a fresh quote of each symbol."""
    with (Market("--step", "0", "--invent") as market,
          Server(market, "server.workers=1", "cache.fresh_for=1d") as server):
        with server.connect() as client:
            for at in range(0, len(SYMBOLS), BATCH):
                assert None not in client.ask("MGET", *SYMBOLS[at : at + BATCH])
        yield server


def ask_all(web, symbols):
    """The answers to a request for each, all sent at once."""
    web.send("".join(web.compose(f"/v1/quotes/{symbol}") for symbol in symbols))
    return [web.receive() for _ in symbols]


def read_hash(client, symbol):
    """What HGETALL says, but for the age."""
    words = client.ask("HGETALL", symbol)
    found = dict(zip(words[::2], words[1::2], strict=True))
    del found["age_ms"]
    return found


def test_each_of_many_is_answered_with_its_own_quote(server):
    with Web(server.address) as web, server.connect() as client:
        for first in [*range(0, len(SYMBOLS), FLIGHT), 0]:
            flight = SYMBOLS[first : first + FLIGHT]
            answers = ask_all(web, flight)
            assert [answer.json["symbol"] for answer in answers] == flight
            for i in range(0, FLIGHT, 40):
                assert answers[i].status == 200
                assert answers[i].json == read_hash(client, flight[i])


def test_an_answer_is_the_same_alone_and_among_many(server):
    symbols = SYMBOLS[100:160]
    alone = [get(server, f"/v1/quotes/{symbol}") for symbol in symbols]
    with Web(server.address) as web:
        for _ in range(3):
            for one, other in zip(alone, ask_all(web, symbols), strict=True):
                assert one.body == other.body
                assert one["ETag"] == other["ETag"]
                assert [name for name, _ in one.headers] == [name for name, _ in other.headers]


def test_what_stands_between_changes_nothing(server):
    tag = get(server, f"/v1/quotes/{SYMBOLS[0]}")["ETag"]
    expected = []
    with Web(server.address) as web:
        texts = []
        for i, symbol in enumerate(SYMBOLS[300:400]):
            texts.append(web.compose(f"/v1/quotes/{symbol}"))
            expected.append((200, symbol))
            if i % 17 == 3:
                texts.append(web.compose("/v1/quotes/%21"))
                expected.append((400, None))
            if i % 17 == 8:
                texts.append(web.compose(f"/v1/quotes/{SYMBOLS[0]}", If_None_Match=tag))
                expected.append((304, None))
            if i % 17 == 12:
                texts.append(web.compose(f"/v1/quotes/NEW{i}"))  # has to be fetched
                expected.append((200, f"NEW{i}"))
        web.send("".join(texts))
        answers = [web.receive() for _ in texts]
    assert [(answer.status, answer.json["symbol"] if answer.status == 200 else None)
            for answer in answers] == expected
