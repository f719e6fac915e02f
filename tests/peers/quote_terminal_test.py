# SPDX-License-Identifier: Apache-2.0
"""quote --watch on a terminal: what is on the screen, key by key.

The terminal is tmux's, which draws as a real one does and tells what it shows.

Run: QUOTED_BUILD=build /usr/bin/python3 -m pytest tests/peers/quote_terminal_test.py
"""

import itertools

import pytest

from fake_resp import FakeServer, error, quote
from programs import BUILD
from terminal import TMUX, Terminal

QUOTE = BUILD / "client/cli/quote"

pytestmark = [
    pytest.mark.skipif(not QUOTE.exists(), reason=f"no {QUOTE}"),
    pytest.mark.skipif(TMUX is None, reason="no tmux"),
]


def at(second, **fields):
    return quote(fetched=f"2025-11-06T20:15:{second:02d}.000Z", **fields)


@pytest.fixture
def server():
    with FakeServer(name="quoted") as fake:
        fake.quotes["IBM"] = at(1, price="100.00", change="1.50", change_percent="1.52")
        fake.quotes["Google"] = at(1, symbol="GOOGL", name="Alphabet", price="29.00",
                                   change="-0.52", change_percent="-1.2", state="stale")
        fake.quotes["nosuch"] = error("UNKNOWN nosuch: no provider knows this symbol")
        yield fake


@pytest.fixture
def terminal(server, tmp_path):
    with Terminal(tmp_path, [QUOTE, "--watch", "-s", server.address, "IBM", "Google",
                             "nosuch"]) as made:
        made.until(lambda lines: lines[4:5] and "unknown" in lines[4])
        yield made


def rise_until(server, terminal, holds):
    """Let IBM rise, since a course has one price a second, until the screen is as wanted."""
    seconds = itertools.count()

    def rises(lines):
        second = next(seconds)
        time = f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
        server.quotes["IBM"] = quote(price=f"{1000 + second}.00",
                                     fetched=f"2025-11-07T{time}.000Z")
        server.push("IBM")
        return holds(lines)

    terminal.until(rises)


def symbols(lines):
    return [line.split()[0] for line in lines[2:-1] if line.strip()]


def test_the_table_has_everything(server, terminal):
    lines = terminal.screen()
    assert lines[0] == f"quoted at {server.address}"
    assert lines[1].split() == ["SYMBOL", "NAME", "PRICE", "CHANGE", "COURSE", "AGE", "STATE"]
    assert lines[2].split()[0] == "IBM" and "International Busi" in lines[2]
    for part in ("100.00 USD", "+1.50 (+1.52%)", "fresh"):
        assert part in lines[2]
    for part in ("GOOGL", "Alphabet", "29.00 USD", "-0.52 (-1.2%)", "stale"):
        assert part in lines[3]
    assert lines[4].split() == ["nosuch", "nosuch", "-", "unknown"]
    assert "q quit" in lines[-1] and "3 of 3" in lines[-1]


def test_a_price_that_changes_stands_out_and_leaves_its_course(server, terminal):
    for second in range(2, 12):
        price = f"{102 + second}.00"
        server.quotes["IBM"] = at(second, price=price, change="5.50", change_percent="5.6")
        server.push("IBM")
        lines = terminal.until(lambda lines: price in lines[2], colors=True)
        # 7 is the reverse of the terminal's colours, 32 is green.
        before = lines[2].split(price)[0].rsplit("\x1b[", 2)
        if "7" in before[-1].split("m")[0].split(";") + before[-2].split("m")[0].split(";"):
            break  # or it is quiet again already, on a busy machine: the next is looked at
    else:
        pytest.fail(f"no price stands out: {lines[2]!r}")
    # The course goes up: its lowest block comes before its highest.
    rise_until(server, terminal, lambda lines: "▁" in lines[2] and "█" in lines[2])
    lines = terminal.until(lambda lines: "▁" in lines[2] and "█" in lines[2])
    assert lines[2].index("▁") < lines[2].index("█")
    # And the price is quiet again after a while.
    terminal.until(lambda lines: "\x1b[7" not in lines[2] and ";7m" not in lines[2],
                   colors=True)


def test_ages_go_on_by_themselves(terminal):
    first = terminal.screen()[2]
    terminal.until(lambda lines: lines[2] != first)


def test_sorting_and_turning_round(terminal):
    assert symbols(terminal.screen()) == ["IBM", "GOOGL", "nosuch"]
    terminal.keys("s")
    terminal.until(lambda lines: "sort: symbol" in lines[-1]
                   and symbols(lines) == ["GOOGL", "IBM", "nosuch"])
    terminal.keys("r")
    terminal.until(lambda lines: "(reversed)" in lines[-1]
                   and symbols(lines) == ["nosuch", "IBM", "GOOGL"])


def test_filtering(terminal):
    terminal.keys("/", "a", "l", "p", "h")
    terminal.until(lambda lines: lines[-1].startswith("/alph_") and symbols(lines) == ["GOOGL"])
    terminal.keys("Enter")
    terminal.until(lambda lines: "filter: alph" in lines[-1] and "1 of 3" in lines[-1])
    terminal.keys("Escape")
    terminal.until(lambda lines: symbols(lines) == ["IBM", "GOOGL", "nosuch"])


def test_q_ends_it_and_gives_the_terminal_back(terminal):
    terminal.keys("q")
    terminal.until(lambda _: terminal.status.exists()
                   and terminal.status.read_text() == "0\n")
    assert "q quit" not in "\n".join(terminal.screen())


def test_a_server_that_is_lost_is_said_and_found_again(server, terminal):
    server.stop()
    lines = terminal.until(lambda lines: "trying again" in lines[0])
    assert "100.00 USD" in lines[2]  # the last price stays, and its age goes on
    with FakeServer(name="quoted", port=server.port) as again:
        again.quotes["IBM"] = at(40, price="111.00")
        terminal.until(lambda lines: lines[0].startswith("quoted at ")
                       and "111.00 USD" in lines[2])


def test_many_rows_scroll_and_a_small_terminal_shows_what_fits(server, tmp_path):
    names = [f"S{i:03d}" for i in range(50)]
    for i, name in enumerate(names):
        server.quotes[name] = at(1, symbol=name, price=f"{i}.00")
    with Terminal(tmp_path, [QUOTE, "--watch", "-s", server.address, *names], width=50,
                  height=10) as terminal:
        lines = terminal.until(lambda lines: len(symbols(lines)) == 7)
        assert symbols(lines) == names[:7] and "STATE" not in lines[1]
        terminal.keys("Down")
        terminal.until(lambda lines: symbols(lines) == names[1:8])
        terminal.keys("End")
        terminal.until(lambda lines: symbols(lines) == names[-7:])
        terminal.keys("Home")
        terminal.until(lambda lines: symbols(lines) == names[:7])
        terminal.tmux("resize-window", "-t", "t", "-x", "100", "-y", "14")
        terminal.until(lambda lines: symbols(lines) == names[:11] and "STATE" in lines[1])


@pytest.mark.parametrize("width", [20, 27, 28, 12, 4, 1])
def test_a_narrow_terminal_keeps_its_lines(server, tmp_path, width):
    server.quotes["BRK.B.LONG"] = at(1, symbol="BRK.B.LONG", price="1234.56")
    with Terminal(tmp_path, [QUOTE, "--watch", "-s", server.address, "IBM", "BRK.B.LONG"],
                  width=width, height=6) as terminal:
        if width >= 20:
            lines = terminal.until(lambda lines: "1234.56" in lines[3])
            assert lines[2].split()[:2] == ["IBM", "100.00"]
            assert lines[1].split() == ["SYMBOL", "PRICE"]
            assert lines[4] == ""
            assert lines[5].startswith("q quit")
        # However narrow, it goes on, and is whole when there is room again.
        terminal.tmux("resize-window", "-t", "t", "-x", "80", "-y", "10")
        lines = terminal.until(lambda lines: "1234.56 USD" in lines[3] and "STATE" in lines[1])
        assert "BRK.B.LONG" in lines[3] and "fresh" in lines[2]


@pytest.mark.parametrize("key", ["C-c", "C-\\"])
def test_keys_that_end_programs_give_the_terminal_back(server, tmp_path, key):
    """As it was: with echo and a cursor."""
    with Terminal(tmp_path, ["sh", "-c", "cd \"$0\"; stty -a >before; trap : INT QUIT; \"$@\"; "
                             "stty -a >after; cmp before after && echo as before",
                             str(tmp_path), QUOTE, "--watch", "-s", server.address,
                             "IBM"]) as terminal:
        terminal.until(lambda lines: "100.00" in lines[2])
        terminal.keys(key)
        terminal.until(lambda lines: "as before" in lines)
        assert terminal.tmux("display-message", "-p", "-t", "t", "#{cursor_flag}") == "1\n"


def test_a_terminal_without_utf8_gets_letters(server, tmp_path):
    with Terminal(tmp_path, [QUOTE, "--watch", "-s", server.address, "IBM"],
                  locale="C") as terminal:
        terminal.until(lambda lines: "100.00" in lines[2])
        rise_until(server, terminal, lambda lines: "#" in lines[2] and "_" in lines[2])


def test_a_terminal_that_is_not_known_gets_lines(server, tmp_path):
    with Terminal(tmp_path, ["env", "TERM=nonsense", QUOTE, "--watch", "-s", server.address,
                             "IBM"]) as terminal:
        terminal.until(lambda lines: "$TERM" in "".join(lines)
                       and any("IBM 100.00 USD" in line for line in lines))
