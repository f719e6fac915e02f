# SPDX-License-Identifier: Apache-2.0
"""quote(1) and libquoted against servers that do as they are told.

Claims: every call ends within its deadline whatever the other side does; what
was lost is asked again, once, and elsewhere where there is an elsewhere; what is
printed is exact, in each format; and the exit status says what happened.

Run: QUOTED_BUILD=build /usr/bin/python3 -m pytest tests/peers/quote_test.py
"""

import csv
import io
import json
import os
import pty
import re
import resource
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

from fake_resp import (Close, Cut, Drip, FakeServer, Hang, Last, Reset, array,
                       bulk, error, past, quote)

ROOT = Path(__file__).resolve().parents[2]
BUILD = (ROOT / os.environ.get("QUOTED_BUILD", "build")).resolve()
QUOTE = BUILD / "client/cli/quote"
LIBRARY = BUILD / "client/lib/libquoted.so"
COMPLETION = ROOT / "client/cli/completion"
SLOWER = float(os.environ.get("QUOTED_SLOWER", "1"))

TEN = ["Google", "Microsoft", "Amazon", "Apple", "Meta", "IBM", "Tesla",
       "Walmart", "Ahold Delhaize", "Walt Disney Co"]

DAY_MS = 86400000
BARS = [(1763596800000, "135.60", "137.00", "0.50", "136.10", 12),
        (1763596800000 + DAY_MS, "136.10", "136.10", "136.10", "136.10", 1)]

pytestmark = pytest.mark.skipif(not QUOTE.exists(), reason=f"no {QUOTE}")


@pytest.fixture
def server():
    with FakeServer() as fake:
        fake.quotes["IBM"] = quote()
        fake.quotes["Google"] = quote(symbol="GOOGL", name="Google",
                                      price="29.00", change="-0.52",
                                      change_percent="-1.2", state="stale",
                                      age_ms="123456")
        fake.quotes["MSFT"] = quote(symbol="MSFT", name="Microsoft",
                                    price="326.67", change="0.00",
                                    change_percent=None)
        yield fake


@pytest.fixture
def other():
    with FakeServer() as fake:
        fake.quotes["IBM"] = quote(price="999.00", server="2")
        fake.quotes["Google"] = quote(symbol="GOOGL", server="2")
        fake.quotes["MSFT"] = quote(symbol="MSFT", server="2")
        yield fake


@pytest.fixture(name="closed_port")
def fixture_closed_port():
    """A port at which nobody listens, nor can but a FakeServer."""
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", 0))
        yield s.getsockname()[1]


def environment(tmp=None, **more):
    """Ours, without what would change quote's manners."""
    env = {k: v for k, v in os.environ.items()
           if k not in ("QUOTE_SERVER", "NO_COLOR", "XDG_CONFIG_HOME")}
    return env | {"HOME": str(tmp or "/nowhere"), "TERM": "xterm"} | more


def run(*words, env=None, **more):
    return subprocess.run([str(QUOTE), *map(str, words)], text=True,
                          capture_output=True, timeout=60,
                          env=env or environment(), **more)


def ask(server, *words, **more):
    """Ask with all patience: who is left after which silence is not tested here, and
    a fake on a busy machine may be slow."""
    address = server if isinstance(server, str) else server.address
    return run("-s", address, "--attempt", "60s", *words, **more)


def timed(limit_s, *words, **more):
    """Run, and fail when it takes ten times as long as it may; a machine that
    is busy may need two or three times, and some seconds to begin at all."""
    started = time.monotonic()
    result = ask(*words, **more)
    assert time.monotonic() - started < 10 * limit_s + 10 * SLOWER
    return result


def until_asked(server, ask_once):
    """The results of asking until a server has taken its steps: which of several
    is asked first is drawn at random."""
    for _ in range(60):
        yield ask_once()
        if not server.steps:
            return
    raise AssertionError("the server was never asked")


# --- Formats -------------------------------------------------------------------


def test_table_is_aligned(server):
    result = ask(server, "IBM", "Google", "MSFT", "Nope")
    assert result.stdout == """\
NAME                             SYMBOL       PRICE            CHANGE    AGE  STATE
International Business Machines  IBM     135.60 USD  +1.10 (+0.8178%)  240ms  fresh
Google                           GOOGL    29.00 USD     -0.52 (-1.2%)     2m  stale
Microsoft                        MSFT    326.67 USD              0.00  240ms  fresh
Nope                             -                -                 -      -  unknown
"""
    assert result.stderr == "quote: Nope: no provider knows it\n"
    assert result.returncode == 3


def test_report_has_its_lines(server):
    result = ask(server, "-f", "report", "--client", "7", "Google", "Nope")
    assert re.sub(r"\d+\.\d{3} m", "T m", result.stdout) == """\
Stock Price for Google: $29.00
  From server: 1, From client: 7
  request answered in T milliseconds
Stock Price for Nope: $-1
  From server: -, From client: 7
  request answered in T milliseconds
Average response time: T milliseconds
"""
    assert result.stderr == "quote: Nope: no provider knows it\n"
    assert result.returncode == 3


def test_report_average_is_over_all_passes(server):
    result = ask(server, "-f", "report", "--repeat", "3", "IBM", "Google")
    times = [float(t) for t in
             re.findall(r"answered in (\d+\.\d{3}) ", result.stdout)]
    average = re.findall(r"Average response time: (\d+\.\d{3}) mill",
                         result.stdout)
    assert len(times) == 6 and len(average) == 1
    assert float(average[0]) == pytest.approx(sum(times) / 6, abs=0.002)
    assert result.stdout.startswith(
        "Stock Price for IBM: $135.60\n  From server: 1, From client: 1\n")


def test_json_is_exact_and_has_errors_in_it(server):
    server.quotes["X"] = quote(symbol="X", name='a "b\\', price="12345.678901",
                               volume="9007199254740993")
    result = ask(server, "--json", "X", "Nope", "IBM")
    rows = json.loads(result.stdout)
    assert rows[0]["price"] == "12345.678901"
    assert rows[0]["volume"] == "9007199254740993"  # 2^53 + 1
    assert rows[0]["name"] == 'a "b\\'
    assert rows[0]["age_ms"] == 240
    assert rows[1] == {"asked": "Nope", "error": "UNKNOWN",
                       "message": "Nope: no provider knows it"}
    assert result.stdout.splitlines()[3] == (
        '  {"asked": "IBM", "symbol": "IBM", "name": "International Business '
        'Machines", "price": "135.60", "currency": "USD", "open": "134.00", '
        '"high": "136.25", "low": "133.10", "previous_close": "134.50", '
        '"change": "1.10", "change_percent": "0.8178", "volume": "3801423", '
        '"as_of": "2025-11-06", "fetched": "2025-11-06T20:15:01.123Z", '
        '"age_ms": 240, "state": "fresh", "delay": "15m", "unit_factor": "100", '
        '"source": "alphavantage", "server": "1"}')
    assert result.returncode == 3


def test_json_of_a_server_that_is_away_is_json(server):
    server.stop()
    result = timed(0.2, server, "--json", "--timeout", "200ms", "IBM", "X")
    assert [row["error"] for row in json.loads(result.stdout)] == [
        "UNREACHABLE", "UNREACHABLE"]
    assert result.returncode == 5


def test_csv_is_quoted(server):
    server.quotes["X"] = quote(symbol="X", name='Say "A", Inc')
    result = ask(server, "-f", "csv", "--repeat", "2", "X", "Nope")
    assert result.stdout.startswith(
        "asked,symbol,name,price,currency,open,high,low,previous_close,change,"
        "change_percent,volume,as_of,fetched,age_ms,state,delay,unit_factor,source,server,error,"
        'message\nX,X,"Say ""A"", Inc",135.60,USD,134.00,136.25,133.10,134.50,'
        "1.10,0.8178,3801423,2025-11-06,2025-11-06T20:15:01.123Z,240,fresh,"
        "15m,100,alphavantage,1,,\nNope,,")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["asked"] for row in rows] == ["X", "Nope", "X", "Nope"]
    assert rows[0]["name"] == 'Say "A", Inc'
    assert rows[1]["error"] == "UNKNOWN" and rows[1]["price"] == ""


def test_plain_lines_are_for_scripts(server):
    result = ask(server, "--plain", "Google", "Nope", "IBM")
    assert result.stdout == "GOOGL 29.00\nIBM 135.60\n"
    assert result.returncode == 3


def test_fields_that_are_absent_are_left_out(server):
    server.quotes["X"] = array(["symbol", "X", "price", "0.000012345678",
                                "currency", "", "novelty", "later"])
    assert json.loads(ask(server, "--json", "X").stdout) == [
        {"asked": "X", "symbol": "X", "price": "0.000012345678"}]
    assert ask(server, "X").stdout == (
        "NAME  SYMBOL           PRICE  CHANGE  AGE  STATE\n"
        "X     X       0.000012345678       -    -  -\n")


# --- Terminals -----------------------------------------------------------------


def on_terminal(*words, **variables):
    """What the program writes when its standard output is a terminal."""
    try:
        ours, theirs = pty.openpty()
    except OSError as error:  # a chroot without /dev/pts
        pytest.skip(f"no terminal can be had here: {error}")
    child = subprocess.Popen([str(QUOTE), *words], stdout=theirs,
                             stderr=subprocess.DEVNULL,
                             env=environment(**variables))
    os.close(theirs)
    written = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # EIO: the other end is closed
            break
        if not part:
            break
        written += part
    os.close(ours)
    child.wait(timeout=60)
    return written.decode().replace("\r\n", "\n")


def test_colours_only_on_a_terminal_that_wants_them(server):
    words = ["-s", server.address, "IBM", "Google", "Nope"]
    coloured = on_terminal(*words)
    plain = ask(server, "IBM", "Google", "Nope").stdout
    assert "\033[32m+1.10 (+0.8178%)\033[0m" in coloured
    assert "\033[31m-0.52 (-1.2%)\033[0m" in coloured
    assert "\033[33mstale\033[0m" in coloured
    assert "\033[31munknown\033[0m" in coloured
    assert re.sub(r"\033\[\d*m", "", coloured) == plain
    assert "\033" not in plain
    assert on_terminal(*words, NO_COLOR="1") == plain
    assert on_terminal("--no-color", *words) == plain
    assert on_terminal(*words, TERM="dumb") == plain
    assert on_terminal(*words, NO_COLOR="") == coloured


def test_control_characters_never_reach_the_terminal(server):
    evil = "\033]0;owned\007\033[2J\u009b31m"
    for step in [quote(name=evil), quote(server=evil), quote(symbol=evil),
                 quote(price=evil), error("NODATA " + evil), error(evil)]:
        server.steps = [step]
        result = ask(server, "--timeout", "200ms", "IBM")
        for text in (result.stdout, result.stderr):
            assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)
        assert result.returncode in (1, 3)


# --- Exit status ---------------------------------------------------------------


def test_stale_is_fine_unless_fresh_is_asked_for(server):
    assert ask(server, "IBM", "Google").returncode == 0
    assert ask(server, "--fresh", "IBM").returncode == 0
    result = ask(server, "--fresh", "IBM", "Google")
    assert result.returncode == 4
    assert result.stderr == ("quote: Google: the price is stale, its age 2m\n")
    assert "GOOGL" in result.stdout


@pytest.mark.parametrize("answer, status", [
    ("UNKNOWN x", 3), ("NODATA x", 3), ("LIMIT x", 3), ("UPSTREAM x", 3),
    ("SYMBOL x", 3), ("OVERLOADED x", 1), ("DRAINING x", 5), ("ERR x", 1),
    ("NOAUTH x", 1),
])
def test_exit_status_of_each_error(server, answer, status):
    server.quotes["X"] = error(answer)
    # A server that is going away is waited for; the other answers are final.
    timeout = "200ms" if answer.startswith("DRAINING") else "60s"
    result = timed(3, server, "--timeout", timeout, "X")
    assert result.returncode == status
    assert result.stderr.count("\n") == 1


def test_the_gravest_status_wins(server):
    server.quotes["X"] = error("NODATA X")
    server.quotes["Y"] = error("ERR Y")
    assert ask(server, "--fresh", "Google", "X").returncode == 3
    assert ask(server, "--fresh", "Google", "X", "Y").returncode == 1


def test_ping_is_a_health_check(server):
    result = ask(server, "--ping")
    assert (result.returncode, result.stdout) == (0, "PONG\n")
    server.steps = [error("DRAINING going away")]
    result = ask(server, "--ping")
    assert (result.returncode, result.stdout) == (5, "")
    server.steps = [b"HTTP/1.1 400 Bad Request\r\n\r\n"]
    assert ask(server, "--ping").returncode == 5
    server.stop()
    result = timed(0.5, server, "--ping", "--timeout", "60s")  # one round only
    assert result.returncode == 5
    assert "Connection refused" in result.stderr


def test_wrong_usage_is_2_and_says_what_is_allowed(server):
    for words in [["--nope"], ["-f", "xml"], ["--repeat", "0"], ["--ping", "X"],
                  ["--timeout", "2"], ["--client", "a b"], [""], ["\033[2J"],
                  ["-s", "nowhere:x"], ["-s", ""], ["-s", "a,,b"], ["-s"]]:
        result = run(*words)
        assert result.returncode == 2, words
        assert result.stdout == ""
        assert result.stderr.startswith("quote: ")
        assert "\033" not in result.stderr
    assert run(env=environment(QUOTE_SERVER="a b")).returncode == 2
    assert server.asked == []


def test_full_disk_is_an_error(server):
    with open("/dev/full", "w") as full:
        result = subprocess.run([str(QUOTE), "-s", server.address, "IBM"],
                                stdout=full, stderr=subprocess.PIPE, text=True,
                                env=environment(), timeout=60)
    assert result.returncode == 1
    assert result.stderr == "quote: standard output: No space left on device\n"


def run_with(server, *words, **streams):
    """Run with other streams; a shell opens and closes what subprocess can't."""
    shell = streams.pop("shell", "")
    return subprocess.run(
        ["sh", "-c", f'"$@" {shell}', "sh", str(QUOTE), "-s", server.address, "--attempt", "60s",
         *words], env=environment(), timeout=60, check=False, text=True,
        **({"stderr": subprocess.PIPE} | streams))


@pytest.mark.parametrize("words", [["IBM"], ["--history", "IBM"], ["--ping"], ["--help"],
                                   ["--watch", "--plain", "IBM"], ["--every", "10ms", "IBM"],
                                   ["--repeat", "100000", "IBM"]], ids=" ".join)
@pytest.mark.parametrize("shell, why", [
    (">&-", "Bad file descriptor"), ("<&- >&-", "Bad file descriptor"),
    (">/dev/full", "No space left on device"), ("<&- >&- 2>&-", None)])
def test_output_that_can_t_be_written_ends_it(server, words, shell, why):
    """And is written to no connection instead, which has got its descriptor."""
    server.name = "quoted"  # who is watched is no older one
    server.pasts["IBM"] = past(BARS)
    result = run_with(server, *words, shell=shell)
    assert result.returncode == 1
    said = [f"quote: standard output: {why}\n", "quote: standard output can't be written\n"]
    if why is None:
        said = [""]
    assert result.stderr in said
    assert {command[0] for command in server.commands()} <= {
        "HGETALL", "HISTORY", "PING", "SUBSCRIBE"}


@pytest.mark.parametrize("words", [["--watch", "IBM"], ["--every", "10ms", "IBM"]],
                         ids=" ".join)
@pytest.mark.parametrize("ignores", [False, True])
def test_reader_that_has_gone_ends_it(server, words, ignores):
    """Also where nothing is new, and for who ignores SIGPIPE."""
    server.name = "quoted"
    reading, writing = os.pipe()
    trap = ["env", "--ignore-signal=PIPE"] if ignores else ["env", "--default-signal=PIPE"]
    process = subprocess.Popen([*trap, str(QUOTE), "-s", server.address, "--attempt", "60s",
                                "--plain", *words], stdout=writing, env=environment(),
                               stderr=subprocess.DEVNULL)
    os.close(writing)
    assert os.read(reading, 4) == b"IBM "
    os.close(reading)
    assert process.wait(60) in (0, 1, -13)


def test_help_and_version():
    result = run("--help")
    assert result.returncode == 0 and result.stderr == ""
    assert result.stdout.index("Examples:") < result.stdout.index("Usage:")
    assert re.fullmatch(r"quote \d+\.\d+\.\d+\n", run("--version").stdout)


# --- Deadlines -----------------------------------------------------------------


def test_server_that_never_answers_costs_the_timeout(server):
    server.steps = [Hang()]
    result = timed(0.3, server, "--timeout", "300ms", "IBM")
    assert result.returncode == 5
    assert "no answer came in time: " + server.address in result.stderr


def test_server_that_drips_costs_the_timeout(server):
    server.steps = [Drip(0.02)]
    result = timed(0.3, server, "--timeout", "300ms", "IBM")
    assert result.returncode == 5


def test_connecting_in_vain_costs_the_timeout():
    # The queue of a listener that accepts nobody fills up; further SYNs are
    # dropped, as by a host that is gone.
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        name = listener.getsockname()
        waiting = []
        for _ in range(8):
            s = socket.socket()
            s.setblocking(False)
            s.connect_ex(name)
            waiting.append(s)
        result = timed(0.3, "127.0.0.1:%d" % name[1], "--timeout", "300ms",
                       "IBM")
        for s in waiting:
            s.close()
    assert result.returncode == 5
    assert "connecting takes too long" in result.stderr


@pytest.fixture
def hanging_resolver(tmp_path):
    """A library that makes getaddrinfo() hang for any name."""
    source = tmp_path / "hang.c"
    source.write_text("""
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <netdb.h>
        #include <unistd.h>
        int getaddrinfo(const char *node, const char *service,
                        const struct addrinfo *hints, struct addrinfo **out)
        {
            int (*real)(const char *, const char *, const struct addrinfo *,
                        struct addrinfo **) = dlsym(RTLD_NEXT, "getaddrinfo");
            while ((hints->ai_flags & AI_NUMERICHOST) == 0) {
                pause();
            }
            return real(node, service, hints, out);
        }
    """)
    library = tmp_path / "hang.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"],
                   check=True)
    return environment(LD_PRELOAD=str(library),
                       ASAN_OPTIONS="verify_asan_link_order=0")


def test_name_server_that_hangs_costs_the_timeout(server, hanging_resolver):
    result = timed(0.3, "quoted.example:7400", "--timeout", "300ms", "IBM",
                   env=hanging_resolver)
    assert result.returncode == 5
    assert "looking up the name takes too long" in result.stderr
    # And it does not keep us from the next address.
    result = timed(3, "quoted.example:7400," + server.address, "--timeout",
                   "60s", "--attempt", "250ms", "--plain", "IBM",
                   env=hanging_resolver)
    assert (result.returncode, result.stdout) == (0, "IBM 135.60\n")


def test_unreachable_server_costs_no_cpu(closed_port):
    address = "127.0.0.1:%d" % closed_port

    def spend(timeout):
        """The result, and the time of the processor that it took."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        result = ask(address, "--timeout", timeout, "IBM")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return result, (after.ru_utime + after.ru_stime
                        - before.ru_utime - before.ru_stime)

    _, start_s = spend("1ms")
    result, spent_s = spend("1s")
    assert result.returncode == 5
    assert result.stderr == ("quote: no server could be reached: %s: "
                             "Connection refused\n" % address)
    assert spent_s < start_s + 0.5


def test_report_waits_once_for_a_server_that_is_away(closed_port):
    address = "127.0.0.1:%d" % closed_port
    result = timed(0.3, address, "--timeout", "300ms", "-f", "report", *TEN)
    assert result.returncode == 5
    assert result.stdout.count(": $-1\n") == 10
    assert result.stdout.endswith("Average response time: - milliseconds\n")


# --- Again and again -------------------------------------------------------------


def test_every_pass_begins_so_much_after_the_last(server):
    began = time.monotonic()
    result = ask(server, "--plain", "--every", "60ms", "--repeat", "3", "IBM")
    assert time.monotonic() - began >= 0.12
    assert (result.returncode, result.stdout) == (0, "IBM 135.60\n" * 3)
    assert server.connections == 1


def test_every_pass_can_be_read_before_the_next(server):
    command = [QUOTE, "-s", server.address, "--plain", "--every", "60m", "IBM"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                          env=environment()) as process:
        try:
            assert process.stdout.readline() == "IBM 135.60\n"
            assert process.poll() is None
        finally:
            process.kill()


# --- Losing connections --------------------------------------------------------


@pytest.mark.parametrize("step", [
    Close(), Reset(), Cut(1), Cut(17), Cut(200),
], ids=lambda step: type(step).__name__)
def test_lost_answer_is_asked_for_again(server, step):
    server.steps = [step]
    result = ask(server, "--plain", "--repeat", "2", "IBM")
    assert (result.returncode, result.stdout) == (
        0, "IBM 135.60\nIBM 135.60\n")
    assert server.commands() == [["HGETALL", "IBM"]] * 3
    assert server.connections == 2


def test_held_connection_that_goes_silent_is_replaced(server):
    server.steps = [quote(), Hang()]
    result = ask(server, "--timeout", "6s", "--plain", "--repeat", "3", "IBM")
    assert (result.returncode, result.stdout) == (0, "IBM 135.60\n" * 3)
    assert server.connections == 2


def test_only_what_is_not_answered_is_asked_again(server):
    server.steps = [quote(price="1.00"), Cut(40)]
    result = ask(server, "--plain", "IBM", "MSFT", "Google")
    assert result.stdout == "IBM 1.00\nMSFT 326.67\nGOOGL 29.00\n"
    assert server.commands(2) == [["HGETALL", "MSFT"], ["HGETALL", "Google"]]


def test_connection_closed_while_idle_is_made_anew(server):
    server.steps = [Last(), Last()]
    result = ask(server, "-f", "report", "IBM", "MSFT", "Google")
    assert result.returncode == 0
    assert "$-1" not in result.stdout
    assert server.connections == 3


def test_server_that_restarts_is_waited_for(closed_port):
    child = subprocess.Popen(
        [str(QUOTE), "-s", "127.0.0.1:%d" % closed_port, "--timeout", "30s", "--plain",
         "IBM"], stdout=subprocess.PIPE, text=True, env=environment())
    late = FakeServer(port=closed_port)
    late.quotes["IBM"] = quote()  # before it answers: the client waits already
    with late:
        assert child.communicate(timeout=60)[0] == "IBM 135.60\n"
    assert child.returncode == 0


def test_many_are_pipelined_and_answered_in_order(server):
    names = ["S%d" % i for i in range(3000)]
    for i, name in enumerate(names):
        server.quotes[name] = quote(symbol=name, price="%d.25" % i)
    result = ask(server, "--plain", "--timeout", "30s", *names)
    assert result.stdout == "".join("S%d %d.25\n" % (i, i)
                                    for i in range(3000))
    assert server.connections == 1


# --- More than one address -----------------------------------------------------


@pytest.mark.parametrize("step", [
    error("DRAINING going away"), error("OVERLOADED try elsewhere"),
    b"HTTP/1.1 400 Bad Request\r\n\r\n", b"*0\r\n", b"+OK\r\n", b":1\r\n",
    b"$-1\r\n", b"*1\r\n*1\r\n:1\r\n", b"*2147483647\r\n", b"*4294967296\r\n",
    b"$536870912\r\n", array(["symbol", "IBM"]),
    quote(price="NaN"), quote(high="-"), Close(), Reset(), Hang(), Cut(30),
], ids=lambda step: type(step).__name__.lower())
def test_next_address_answers_for_one_that_does_not(server, other, step):
    server.steps = [step]
    for result in until_asked(server, lambda: timed(
            3, server.address + "," + other.address, "--plain", "--timeout",
            "9s", "IBM")):
        assert (result.returncode, result.stdout) == (0, "IBM 999.00\n")
        assert result.stderr == ""


@pytest.mark.parametrize("gone", ["127.0.0.1:%d", "unix:/nowhere/%d.sock"])
def test_address_that_works_is_kept(closed_port, other, gone):
    address = gone % closed_port
    result = ask(address + "," + other.address, "-f", "report", "IBM", "MSFT",
                 "Google")
    assert result.returncode == 0
    assert result.stdout.count("From server: 2") == 3
    assert other.connections == 1


def test_draining_half_way_moves_the_rest_on(server, other):
    server.steps = [quote(), error("DRAINING bye"), error("DRAINING bye")]
    *_, result = until_asked(server, lambda: ask(
        server.address + "," + other.address, "--json", "IBM", "MSFT", "Google"))
    assert [row["server"] for row in json.loads(result.stdout)] == [
        "1", "2", "2"]
    assert [words[1] for words in other.commands()[-2:]] == ["MSFT", "Google"]


def test_draining_server_is_tried_again_behind_its_address(server):
    server.steps = [error("DRAINING bye")] * 2
    result = ask(server, "--plain", "IBM")
    assert (result.returncode, result.stdout) == (0, "IBM 135.60\n")
    assert server.connections == 3


def test_overloaded_servers_are_asked_once_each(server, other):
    server.quotes["IBM"] = other.quotes["IBM"] = error("OVERLOADED busy")
    result = timed(1, server.address + "," + other.address, "--timeout", "60s",
                   "IBM")
    assert result.returncode == 1
    assert result.stderr == (
        "quote: the server has too much to do: %s: busy; %s: busy\n"
        % (server.address, other.address))
    assert len(server.commands()) == len(other.commands()) == 1


def test_what_is_no_server_is_known_at_once(server):
    server.quotes["IBM"] = b"SSH-2.0-OpenSSH_9.2\r\n"
    result = timed(1, server, "--timeout", "60s", "IBM")
    assert result.returncode == 1
    assert "what answered is no quoted server: " in result.stderr
    assert len(server.commands()) == 1


def test_all_addresses_are_named_when_none_answers(closed_port, server):
    server.steps = [Hang()] * 9
    gone = "127.0.0.1:%d" % closed_port
    result = timed(3, gone + "," + server.address, "--timeout", "3s", "IBM")
    assert result.returncode == 5
    assert gone + ": Connection refused; " in result.stderr
    assert server.address + ": no answer in time" in result.stderr


def test_answer_that_comes_too_late_is_nobody_elses(server):
    # Two answers to one ask: the second must not become the next one's price.
    server.steps = [quote() + quote(symbol="EVIL", price="0.01")]
    result = ask(server, "-f", "report", "IBM", "MSFT")
    assert "IBM: $135.60" in result.stdout
    assert "MSFT: $326.67" in result.stdout
    assert server.connections == 2


def test_unix_socket_and_name(server, tmp_path):
    path = str(tmp_path / "quoted.sock")
    with FakeServer(path=path) as fake:
        fake.quotes["IBM"] = quote()
        assert ask("unix:" + path, "--plain", "IBM").stdout == "IBM 135.60\n"
    try:
        socket.getaddrinfo("localhost", None)
    except OSError:  # a chroot without /etc/hosts
        pytest.skip("no name can be looked up here, not even localhost")
    # localhost may be ::1 first, where nobody listens.
    result = ask("localhost:%d" % server.port, "--plain", "IBM")
    assert result.stdout == "IBM 135.60\n"


def test_endless_reply_is_refused_in_bounded_memory(server):
    server.steps = [b"+" + b"x" * 50_000_000]
    result = timed(2, server, "IBM")
    assert result.returncode == 1
    assert "a reply that is too long" in result.stderr


# --- Who asks, and what --------------------------------------------------------


def test_client_id_is_told_on_each_connection(server):
    ask(server, "--client", "7", "-f", "report", "IBM", "MSFT")
    assert server.commands() == [["CLIENT", "SETNAME", "client-7"],
                                 ["HGETALL", "IBM"], ["HGETALL", "MSFT"]]
    ask(server, "--client", "7", "--reconnect", "-f", "report", "IBM", "MSFT")
    assert server.connections == 3
    assert server.commands()[3:] == [["CLIENT", "SETNAME", "client-7"],
                                     ["HGETALL", "IBM"],
                                     ["CLIENT", "SETNAME", "client-7"],
                                     ["HGETALL", "MSFT"]]


def test_no_client_id_tells_nothing(server):
    ask(server, "-f", "report", "IBM")
    assert server.commands() == [["HGETALL", "IBM"]]


def test_reconnect_of_other_formats_is_by_pass(server):
    ask(server, "--plain", "--reconnect", "--repeat", "3", "IBM", "MSFT")
    assert server.connections == 3


def test_names_are_sent_as_they_were_typed(server):
    server.quotes["Ahold Delhaize"] = quote(symbol="ADRNY", price="29.00")
    result = ask(server, "-f", "report", "Ahold Delhaize")
    assert result.stdout.startswith("Stock Price for Ahold Delhaize: $29.00\n")


def test_without_names_the_ten_are_asked_for(server, tmp_path):
    ask(server, env=environment(tmp_path))
    assert [words[1] for words in server.commands()] == TEN


def test_watchlist_is_asked_for(server, tmp_path):
    folder = tmp_path / ".config/quote"
    folder.mkdir(parents=True)
    (folder / "watchlist").write_text("# mine\nMSFT\n\n  IBM  # big blue\n")
    result = ask(server, "--plain", env=environment(tmp_path))
    assert result.stdout == "MSFT 326.67\nIBM 135.60\n"
    result = ask(server, "--plain", "Google", env=environment(tmp_path))
    assert result.stdout == "GOOGL 29.00\n"
    config = tmp_path / "xdg/quote"
    config.mkdir(parents=True)
    (config / "watchlist").write_text("Google\n")
    xdg = environment(tmp_path, XDG_CONFIG_HOME=str(tmp_path / "xdg"))
    assert ask(server, "--plain", env=xdg).stdout == "GOOGL 29.00\n"
    (config / "watchlist").write_text("Google\n\x1b[2J\n")
    result = ask(server, "--plain", env=xdg)
    assert result.returncode == 1
    assert "watchlist:2: not a name" in result.stderr


def test_server_comes_from_the_environment(closed_port, server):
    env = environment(QUOTE_SERVER=server.address)
    assert run("--plain", "IBM", env=env).stdout == "IBM 135.60\n"
    env = environment(QUOTE_SERVER="127.0.0.1:%d" % closed_port)
    result = run("--timeout", "100ms", "IBM", env=env)
    assert result.returncode == 5
    assert "quote: is quoted running there?" in result.stderr
    assert run("-s", server.address, "--plain", "IBM",
               env=env).stdout == "IBM 135.60\n"


# --- Young prices, and those of the past ------------------------------------------

def test_max_age_is_demanded_of_every_quote(server):
    result = ask(server, "--max-age", "5s", "--plain", "IBM", "MSFT")
    assert (result.returncode, result.stdout) == (0, "IBM 135.60\nMSFT 326.67\n")
    assert server.commands() == [["HGETALL", "IBM", "MAXAGE", "5000ms"],
                                 ["HGETALL", "MSFT", "MAXAGE", "5000ms"]]
    assert ask(server, "--max-age=0", "-f", "report", "IBM").returncode == 0
    assert server.commands()[-1] == ["HGETALL", "IBM", "MAXAGE", "0ms"]
    assert ask(server, "IBM").returncode == 0
    assert server.commands()[-1] == ["HGETALL", "IBM"]


def test_price_that_is_too_old_is_no_price(server):
    server.quotes["IBM"] = error("TOOOLD IBM: the price is 9s old, and the provider failed")
    result = ask(server, "--max-age", "5s", "IBM", "MSFT")
    assert result.returncode == 3
    assert "tooold" in result.stdout
    assert result.stderr == (
        "quote: IBM: the price is 9s old, and the provider failed\n")


def test_past_in_each_format(server):
    server.pasts["IBM"] = past(BARS)
    result = ask(server, "--history", "IBM")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == (
        "TIME          OPEN    HIGH     LOW   CLOSE  COUNT\n"
        "2025-11-20  135.60  137.00    0.50  136.10     12\n"
        "2025-11-21  136.10  136.10  136.10  136.10      1\n")
    assert server.commands() == [["HISTORY", "IBM"]]
    assert ask(server, "--history", "--plain", "IBM").stdout == (
        "IBM 2025-11-20T00:00:00Z 136.10\nIBM 2025-11-21T00:00:00Z 136.10\n")
    rows = list(csv.DictReader(io.StringIO(ask(server, "--history", "-fcsv", "IBM").stdout)))
    assert rows[0] == {"asked": "IBM", "time": "2025-11-20T00:00:00Z", "open": "135.60",
                       "high": "137.00", "low": "0.50", "close": "136.10", "count": "12"}
    assert json.loads(ask(server, "--history", "--json", "IBM").stdout) == [
        row | {"count": int(row["count"])} for row in rows]


def test_period_is_the_servers_to_judge(server):
    server.pasts["IBM"] = past([(1763648999123, "1", "1", "1", "1", 1)])
    result = ask(server, "--history", "--from", "-7d", "--to=now", "--step", "1ms", "IBM")
    assert result.stdout.splitlines()[1].startswith("2025-11-20T14:29:59.123Z")
    assert server.commands() == [
        ["HISTORY", "IBM", "FROM", "-7d", "TO", "now", "EVERY", "1ms"]]


def test_pasts_of_several_and_one_that_is_not_there(server):
    server.pasts["IBM"] = past(BARS[:1])
    server.pasts["MSFT"] = past([])
    server.pasts["X"] = error("STORE no prices of the past are kept")
    result = ask(server, "--history", "IBM", "X", "MSFT")
    assert result.returncode == 1
    assert result.stderr == f"quote: X: {server.address}: no prices of the past are kept\n"
    assert [line for line in result.stdout.splitlines() if " " not in line] == [
        "IBM", "", "MSFT"]
    found = json.loads(ask(server, "--history", "--json", "X", "IBM", "MSFT").stdout)
    assert [one.get("error") for one in found] == ["STORE", None]
    assert ask(server, "--history", "--json", "MSFT").stdout == "[]\n"


@pytest.mark.parametrize("size", [5, 20, 60, 100])
def test_past_that_is_lost_halfway_is_asked_for_anew(server, other, size):
    other.pasts["IBM"] = past(BARS)
    server.pasts["IBM"] = past([(row[0], "7", "7", "7", "7", 7) for row in BARS])
    server.steps = [Cut(size)]
    both = f"{server.address},{other.address}"
    results = list(until_asked(server, lambda: ask(both, "--history", "--plain", "IBM")))
    assert {result.returncode for result in results} == {0}
    assert results[-1].stdout.splitlines() == [
        "IBM 2025-11-20T00:00:00Z 136.10", "IBM 2025-11-21T00:00:00Z 136.10"]


@pytest.mark.parametrize("answer", [
    b"*1\r\n*5\r\n:1\r\n$1\r\n1\r\n$1\r\n1\r\n$1\r\n1\r\n$1\r\n1\r\n",
    b"*1\r\n-ERR no\r\n", b"*1\r\n*1000000\r\n", b"*1000000000\r\n", b"+OK\r\n", b"$-1\r\n",
    b"*2\r\n>1\r\n:1\r\n*1\r\n:1\r\n", b"*-2\r\n", quote(), past(BARS) + b"+more\r\n"],
    ids=[str(number) for number in range(10)])
def test_past_that_is_none_is_refused(server, answer):
    server.pasts["IBM"] = answer
    result = ask(server, "--history", "--plain", "IBM")
    if answer.endswith(b"+more\r\n"):  # the connection is given up, and that is all
        assert (result.returncode, len(result.stdout.splitlines())) == (0, 2)
    else:
        assert (result.returncode, result.stdout) == (1, "")
        assert result.stderr.startswith("quote: IBM: what answered is no quoted server: ")


def test_more_rows_than_any_server_has_harm_nobody(server):
    server.pasts["IBM"] = past([(at, "1", "1", "1", "1", 1) for at in range(12000)])
    result = ask(server, "--history", "--plain", "--timeout", "60s", "IBM")
    assert (result.returncode, len(result.stdout.splitlines())) == (0, 10000)


# --- Completion ----------------------------------------------------------------


def complete(home, *words):
    """What bash offers for the last of the words."""
    script = """
        source "$1"; shift
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
        _quote
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    result = subprocess.run(
        ["bash", "-uc", script, "bash", COMPLETION / "quote.bash", *words],
        capture_output=True, text=True, check=True, env=environment(home))
    assert result.stderr == ""
    return result.stdout.split("\n")[:-1]


def test_bash_completes(tmp_path):
    subprocess.run(["bash", "-n", COMPLETION / "quote.bash"], check=True)
    assert complete(tmp_path, "quote", "-f", "") == [
        "table", "report", "json", "csv", "plain"]
    assert complete(tmp_path, "quote", "--format", "=", "c") == ["csv"]
    assert complete(tmp_path, "quote", "--re") == ["--repeat", "--reconnect"]
    assert complete(tmp_path, "quote", "wal") == ["Walmart",
                                                  "Walt\\ Disney\\ Co"]
    assert complete(tmp_path, "quote", "--client", "x") == [""]
    folder = tmp_path / ".config/quote"
    folder.mkdir(parents=True)
    (folder / "watchlist").write_text("# mine\nTSCO.LON # shop\n BRK.B\n\n")
    assert complete(tmp_path, "quote", "") == ["TSCO.LON", "BRK.B"]


def test_completions_know_all_options():
    long_options = set(re.findall(r"--[a-z-]+", run("--help").stdout))
    for name in ("quote.bash", "_quote"):
        text = (COMPLETION / name).read_text()
        for option in long_options:
            assert re.search(re.escape(option) + r"\b", text) or (
                "{" in text and option.lstrip("-") in text), (name, option)


@pytest.mark.skipif(shutil.which("zsh") is None, reason="no zsh")
def test_zsh_completion_parses():
    subprocess.run(["zsh", "-n", COMPLETION / "_quote"], check=True)


# --- The library as others see it ----------------------------------------------

EXPORTED = """
    quoted_close quoted_error_name quoted_error_text quoted_explain quoted_get
    quoted_get_many quoted_get_many_with quoted_get_with quoted_history
    quoted_last_message quoted_open quoted_ping quoted_state_name
    quoted_version quoted_watch_close quoted_watch_fd quoted_watch_message
    quoted_watch_next quoted_watch_open quoted_watch_server
"""


def has_sanitizer():
    symbols = subprocess.run(["nm", "-D", str(LIBRARY)], capture_output=True,
                             text=True, check=True).stdout
    return re.search(r"__(asan|tsan|ubsan)_", symbols) is not None


def test_library_exports_what_is_promised():
    text = subprocess.run(["nm", "-D", "--defined-only", str(LIBRARY)],
                          capture_output=True, text=True, check=True).stdout
    names = {line.split()[-1] for line in text.splitlines()}
    if has_sanitizer():
        names = {n for n in names if not re.match(r"_|asan|\.", n)}
    assert names == set(EXPORTED.split())
    dynamic = subprocess.run(["readelf", "-d", str(LIBRARY)], text=True,
                             capture_output=True, check=True).stdout
    assert "[libquoted.so.0]" in dynamic


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    if has_sanitizer():
        pytest.skip("a sanitizer build is not for others to link with")
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run(["meson", "install", "-C", str(BUILD), "--no-rebuild",
                    "--quiet", "--tags", "client,devel", "--destdir",
                    str(folder)], check=True, capture_output=True)
    files = [p.relative_to(folder) for p in folder.rglob("*")]
    pkgconfig = next(p for p in files if p.name == "quoted.pc").parent
    env = environment(PKG_CONFIG_PATH=str(folder / pkgconfig),
                      PKG_CONFIG_SYSROOT_DIR=str(folder),
                      LD_LIBRARY_PATH=str(folder / pkgconfig.parent))
    return folder, files, env


def test_install_has_its_places(installed):
    _, files, _ = installed
    ends = {"/".join(p.parts[-3:]) for p in files}
    assert {"include/quoted/quoted.h"} <= ends
    assert {"completions/quote", "site-functions/_quote", "bin/quote"} <= {
        "/".join(p.parts[-2:]) for p in files}


def test_installed_program_finds_its_library(installed):
    """Whatever the prefix, and without the loader's cache."""
    folder, files, _ = installed
    program = next(p for p in files if p.parts[-2:] == ("bin", "quote"))
    result = subprocess.run([folder / program, "--version"], env=environment(),
                            capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


def build_with_pkg_config(installed, tmp_path, source):
    _, _, env = installed
    (tmp_path / "example.c").write_text(source)
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "quoted"],
                           env=env, capture_output=True, text=True,
                           check=True).stdout.split()
    subprocess.run(["cc", "-std=c99", "-Wall", "-Wextra", "-Wpedantic",
                    "-Werror", "-o", tmp_path / "example",
                    tmp_path / "example.c", *flags], check=True, env=env)
    return tmp_path / "example", env


def example_of_the_manual_page(number, address):
    page = (ROOT / "docs/man/libquoted.3.scd").read_text()
    example = page[page.index("# EXAMPLE"):].split("```")[2 * number + 1]
    example = example.replace("\\\\n", "\\n")
    source = example.replace("127.0.0.1:7400", address)
    assert source != example
    return source


def test_second_example_of_the_manual_page_works(installed, tmp_path, server):
    program, env = build_with_pkg_config(installed, tmp_path,
                                         example_of_the_manual_page(1, server.address))
    server.pasts["IBM"] = past(BARS)
    result = subprocess.run([program], capture_output=True, text=True, env=env,
                            timeout=60)
    assert (result.stdout, result.stderr) == ("IBM 135.60\n136.10\n136.10\n", "")
    assert server.commands() == [["HGETALL", "IBM", "MAXAGE", "5000ms"],
                                 ["HISTORY", "IBM", "FROM", "-7d", "EVERY", "1h"]]
    server.quotes["IBM"] = error("TOOOLD IBM: 9s")
    server.pasts["IBM"] = error("STORE none")
    result = subprocess.run([program], capture_output=True, text=True, env=env,
                            timeout=60)
    assert result.stdout == ""
    assert result.stderr == f"{server.address}: IBM: 9s\n{server.address}: none\n"


def test_example_of_the_manual_page_works(installed, tmp_path, server):
    program, env = build_with_pkg_config(installed, tmp_path,
                                         example_of_the_manual_page(0, server.address))
    result = subprocess.run([program], capture_output=True, text=True, env=env,
                            timeout=60)
    assert (result.stdout, result.stderr) == ("IBM 135.60\n", "")
    server.quotes["IBM"] = error("NODATA IBM: the market is closed")
    result = subprocess.run([program], capture_output=True, text=True, env=env,
                            timeout=60)
    assert result.stderr == server.address + ": IBM: the market is closed\n"


def test_handle_outlives_errors_and_raises_no_sigpipe(installed, tmp_path,
                                                      server, other):
    program, env = build_with_pkg_config(installed, tmp_path, """
        #include <quoted/quoted.h>
        #include <stdio.h>
        #include <stdlib.h>
        int main(int argc, char **argv)
        {
            const char *names[] = {"IBM", "Nope", "MSFT", ""};
            struct quoted_quote quotes[4] = {QUOTED_QUOTE_INIT};
            struct quoted_options options = QUOTED_OPTIONS_INIT;
            struct quoted *q;
            options.timeout_ms = 3000;
            if (argc != 2 || quoted_open(&q, argv[1], &options) != 0) {
                return 1;
            }
            for (int i = 0; i < 4; i++) {
                int error = quoted_get_many(q, names, 4, quotes);
                printf("%s:", quoted_error_name(error));
                for (int k = 0; k < 4; k++) {
                    printf(" %s %s,", quoted_error_name(quotes[k].status),
                           quotes[k].price.text);
                }
                printf(" %s\\n", quoted_error_name(quoted_ping(q)));
            }
            quoted_close(&q);
            return q != NULL;
        }
    """)
    good = "OK: OK %s, UNKNOWN , OK %s, SYMBOL , OK\n"
    ours = good % ("135.60", "326.67")
    theirs = good % ("999.00", "135.60")
    server.steps = [quote(), error("UNKNOWN Nope"), quote(price="326.67"),
                    Last(), Close()]
    for result in until_asked(server, lambda: subprocess.run(
            [program, server.address + "," + other.address],
            capture_output=True, text=True, env=env, timeout=60)):
        assert result.returncode == 0
        lines = result.stdout.splitlines(keepends=True)
        assert set(lines) <= {ours, theirs} and len(lines) == 4
    assert lines[0] == ours


def test_header_is_cplusplus_too(tmp_path):
    if shutil.which("c++") is None:
        pytest.skip("no C++ compiler")
    source = tmp_path / "example.cc"
    source.write_text("#include <quoted/quoted.h>\n"
                      "quoted_quote quote = QUOTED_QUOTE_INIT;\n")
    subprocess.run(["c++", "-std=c++20", "-Wall", "-Wpedantic",
                    "-Werror", "-fsyntax-only", "-I", ROOT / "include", source],
                   check=True)
