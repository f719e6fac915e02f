# SPDX-License-Identifier: Apache-2.0
"""Descriptions and calendars of one's own, as docs/providers.md and docs/calendars.md
have them.

Claims: the examples of these pages work as they stand; a provider that is not built in
needs a file and no code, and has its limits, its refusals and its spellings; a built-in
one can be changed by a file that is like it; what is wrong is said with file, line and
cause and stops the start; SIGHUP takes a changed file, and of one with a mistake nothing.
The descriptions that are installed are good to begin with.

Run: QUOTED_BUILD=build /usr/bin/python3 -m pytest tests/peers/described_test.py
"""

import datetime
import json
import re
import signal
import subprocess
import time

import pytest

import keys
from programs import BUILD, TOP, Server, environment, program, wait_until
from stub import Stub

ANYBODY = ("--set", "providers.0.name=market")
BUILT_IN = sorted(path.stem for path in (TOP / "data/providers").glob("*.yaml"))


def example(page, name):
    """The block of a page that begins with a comment of this path."""
    blocks = re.findall(r"```yaml\n(.*?)```", (TOP / "docs" / page).read_text(), re.S)
    found = [block for block in blocks if block.startswith(f"# /etc/quoted/{name}\n")]
    assert len(found) == 1, f"{page} has {len(found)} blocks of {name}"
    return found[0]


def run(*words, **variables):
    """Run quoted to its end; returns (status, standard output, standard error)."""
    done = subprocess.run([program("src/quoted"), *map(str, words)], capture_output=True, text=True,
                          env=environment(variables), timeout=60, check=False)
    assert keys.search(done.stdout + done.stderr) is None
    return done.returncode, done.stdout, done.stderr


def answer_as_example_prices(call):
    """What docs/providers.md says that this provider answers."""
    known = {"IBM": ("137.16", "USD"), "TSCO:LN": ("412.50", "GBX")}
    ticker = call.query["ticker"]
    if call.headers.get("authorization") != f"Bearer {call.stub.key}":
        body = {"problem": {"code": 3, "text": "who are you?"}}
    elif ticker == "SPENT":
        body = {"problem": {"code": 42, "text": "quota exceeded, come back tomorrow"}}
    elif ticker not in known:
        body = {"problem": {"code": 17, "text": "no such ticker"}}
    else:
        price, unit = known[ticker]
        body = {"ticker": ticker, "last": {"value": price, "unit": unit, "at": 1763672400},
                "prior": None}
    call.answer(json.dumps(body))


class Own:
    """A description in a file of its own, and the settings that name it."""

    def __init__(self, tmp_path, stub, text, name="example"):
        self.description = tmp_path / f"{name}.yaml"
        self.description.write_text(text)
        key = tmp_path / f"{name}.key"
        key.write_text(stub.key + "\n")
        self.config = tmp_path / "quoted.yaml"
        self.config.write_text(
            "server: {listen: '127.0.0.1:0', workers: 2}\n"
            f"providers: [{{name: {name}, description: {self.description}, url: '{stub.url}', "
            f"key_file: {key}}}]\n")

    def try_symbol(self, symbol, name="example"):
        """What --try-provider shows of a symbol."""
        return run("--config", self.config, "--try-provider", name, symbol)


def test_the_worked_example_works(tmp_path):
    with Stub(answer_as_example_prices) as stub:
        own = Own(tmp_path, stub, example("providers.md", "example.yaml"))
        assert run("--config", own.config, "--check-config") == \
            (0, "the configuration is good\n", "")
        status, said, _ = own.try_symbol("IBM")
        assert status == 0
        assert f"description    {own.description}\n" in said
        assert f"GET {stub.url}/v1/last?ticker=IBM\n" in said
        assert "Authorization: Bearer HIDDEN\n" in said
        assert re.search(r"^price +137\.16 USD$", said, re.M)
        assert re.search(r"^as_of +2025-11-20T21:00:00", said, re.M)
        assert "99 of 100 calls a day are left" in said
        status, said, _ = own.try_symbol("TSCO.XLON")
        assert status == 0 and "/v1/last?ticker=TSCO%3ALN\n" in said
        assert re.search(r"^price +4\.125 GBP$", said, re.M)
        status, said, _ = own.try_symbol("NOPE")
        assert status == 1 and re.search(r"^decided by +rule 1: unknown$", said, re.M)
        status, said, _ = own.try_symbol("SPENT")
        assert status == 1 and re.search(r"^decided by +rule 2: limit\.d$", said, re.M)
        status, said, _ = own.try_symbol("IBM.XPAR")
        assert status == 1 and "no spelling for the market XPAR" in said
        with Server(config=own.config) as server, server.connect() as client:
            server.secrets = [stub.key]
            assert client.ask("HGET", "IBM", "source") == "example"
            assert client.ask("GET", "TSCO.XLON") == "4.125"
            assert str(client.ask("GET", "NOPE")).startswith("UNKNOWN")
            assert str(client.ask("GET", "SPENT")).startswith("LIMIT")


def test_a_built_in_one_is_changed_as_the_page_says(tmp_path):
    def slow_down(call):
        call.answer(json.dumps({"Information": "Please slow down."}))
    with Stub(slow_down, provider="alphavantage") as stub:
        own = Own(tmp_path, stub, example("providers.md", "alphavantage.yaml"), "alphavantage")
        status, said, _ = own.try_symbol("IBM", "alphavantage")
        assert status == 1
        assert re.search(r"^before +75 of 75 calls a minute are left$", said, re.M)
        assert re.search(r"^decided by +rule 1: limit\.m$", said, re.M)
        assert "function=GLOBAL_QUOTE&symbol=IBM&apikey=HIDDEN" in said


def test_sighup_takes_a_changed_file_and_refuses_a_broken_one_whole(tmp_path):
    text = example("providers.md", "example.yaml")
    with Stub(answer_as_example_prices) as stub:
        own = Own(tmp_path, stub, text)
        with Server(config=own.config) as server, server.connect() as client:
            server.secrets = [stub.key]
            assert client.ask("GET", "IBM") == "137.16"
            assert str(client.ask("GET", "TSCO.XPAR")).startswith("NODATA")
            # Broken, and with another change that is good: neither is taken.
            own.description.write_text(
                text.replace('XLON: ":LN"', 'XPAR: ":LN"').replace("- [100, d]", "- [100, w]"))
            server.signal(signal.SIGHUP)
            line = server.wait_line("configuration refused, nothing was changed").string
            assert f"{own.description}: line " in line and "a limit is [COUNT, WINDOW]" in line
            assert client.ask("GET", "TSCO.XLON") == "4.125"
            assert str(client.ask("GET", "TSCO.XPAR")).startswith("NODATA")
            own.description.write_text(text.replace('XLON: ":LN"', 'XPAR: ":LN"'))
            server.signal(signal.SIGHUP)
            server.wait_line("configuration loaded again")
            wait_until(lambda: client.ask("GET", "TSCO.XPAR") == "4.125", "the other market")


@pytest.mark.parametrize("change, cause", [
    (("- [100, d]", "- [100, w]"), "line 9: limits 1: a limit is [COUNT, WINDOW]"),
    (("price: /last/value", "price: last/value"), "endpoints.last.fields.price"),
    (("is: limit.d", "is: limit.w"), "limit.w"),
    (("{sym}", "{symbol}"), "what stands in braces in an URL is {sym}"),
    (("delay: 0s", "delays: 0s"), "delays"),
], ids=["limit", "pointer", "class", "place", "key"])
def test_a_mistake_is_said_with_file_line_and_cause(tmp_path, change, cause):
    text = example("providers.md", "example.yaml")
    assert change[0] in text
    with Stub(answer_as_example_prices) as stub:
        own = Own(tmp_path, stub, text.replace(*change))
        for mode in (["--check-config"], [], ["--try-provider", "example", "IBM"]):
            status, said, err = run("--config", own.config, *mode)
            assert status in (1, 2) and said == ""
            assert f"provider 'example': description: {own.description}: line " in err
            assert cause in err
        assert stub.count() == 0


def test_the_installed_ones_are_good_to_begin_with(tmp_path):
    done = subprocess.run(["meson", "install", "--no-rebuild", "--quiet", "--destdir", tmp_path,
                           "-C", BUILD], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    folders = list(tmp_path.glob("**/share/quoted/providers"))
    assert len(folders) == 1
    assert sorted(path.stem for path in folders[0].iterdir()) == BUILT_IN
    for i, name in enumerate(BUILT_IN):
        status, _, err = run("--set", f"providers.0.name=own{i}", "--set",
                             f"providers.0.description={folders[0]}/{name}.yaml", "--check-config",
                             **{f"QUOTED_OWN{i}_KEY": f"{keys.make_key()}:{keys.make_key()}"
                                if name == "alpaca" else keys.make_key()})
        assert status == 0, err


    calendars = folders[0].parent / "calendars"
    assert sorted(path.name for path in calendars.iterdir()) == \
        sorted(path.name for path in (TOP / "data/calendars").glob("*.yaml"))
    assert run(*ANYBODY, "--set", f"calendars={calendars}", "--check-config")[0] == 0


# --- Calendars ----------------------------------------------------------------------

def test_the_calendar_of_the_page_is_good(tmp_path):
    (tmp_path / "warsaw.yaml").write_text(example("calendars.md", "calendars/warsaw.yaml"))
    assert run(*ANYBODY, "--set", f"calendars={tmp_path}", "--check-config")[0] == 0
    (tmp_path / "warsaw.yaml").write_text(
        example("calendars.md", "calendars/warsaw.yaml").replace("09:00-", "9:00-"))
    for mode in (["--check-config"], ["--set", "server.listen=127.0.0.1:0"]):
        status, _, err = run(*ANYBODY, "--set", f"calendars={tmp_path}", *mode)
        assert status == 1
        assert f'calendars: {tmp_path}/warsaw.yaml: line 6: "9:00-17:00" is no period' in err


def closed_today(markets):
    """A calendar of a market that is open on one day of the week, in three days."""
    day = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=3)).weekday()
    word = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"][day]
    year = time.gmtime().tm_year
    return (f"markets: [{markets}]\nzone: UTC\nfrom: {year - 1}-01-01\nto: {year + 2}-12-31\n"
            f"days: [{word}]\nhours: 09:00-17:00\n")


def finnhub_price(call):
    call.give_price(137.16)


def test_a_calendar_of_ones_own_closes_a_market(tmp_path):
    calendar = tmp_path / "mine.yaml"
    calendar.write_text(closed_today("XNYS"))
    with Stub(finnhub_price) as stub, \
            Server(stub, f"calendars={calendar}", "cache.fresh_for=1s") as server, \
            server.connect() as client:
        assert client.ask("GET", "IBM") == "137.16"
        assert client.ask("HGET", "IBM", "state") == "closed"


def test_sighup_takes_calendars_or_refuses_them_whole(tmp_path):
    calendar = tmp_path / "mine.yaml"
    calendar.write_text("markets: [XNYS]\nhours: always\n")
    with Stub(finnhub_price) as stub, \
            Server(stub, f"calendars={calendar}", "cache.fresh_for=1h") as server, \
            server.connect() as client:
        assert client.ask("GET", "IBM") == "137.16"
        assert client.ask("HGET", "IBM", "state") == "fresh"
        calendar.write_text("markets: [XNYS]\nhours: never\n")
        server.signal(signal.SIGHUP)
        line = server.wait_line("configuration refused, nothing was changed").string
        assert f"calendars: {calendar}: line 2: " in line
        calendar.write_text(closed_today("XNYS"))
        server.signal(signal.SIGHUP)
        server.wait_line("configuration loaded again")
        assert client.ask("GET", "MSFT") == "137.16"
        assert client.ask("HGET", "MSFT", "state") == "closed"


@pytest.mark.parametrize("days, said", [(30, "a calendar ends soon"), (-1, "a calendar has ended")])
def test_the_end_of_a_calendar_is_warned_of_at_the_start(tmp_path, days, said):
    calendar = tmp_path / "mine.yaml"
    today = datetime.datetime.now(datetime.timezone.utc).date()
    end = today + datetime.timedelta(days=days)
    calendar.write_text(f"markets: [XOWN]\nzone: UTC\nfrom: {end.year - 1}-01-01\nto: {end}\n"
                        "hours: 09:00-17:00\n")
    with Stub(finnhub_price) as stub, Server(stub, f"calendars={calendar}") as server:
        line = server.find_line(said)
        assert line and "market=XOWN" in str(line.string if hasattr(line, "string") else line)
