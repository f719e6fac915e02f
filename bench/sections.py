# SPDX-License-Identifier: Apache-2.0
"""What bench/bench measures, section by section; each is a function of the Bench that
gives blocks (bench/report.py) as they are measured.  The targets are those of docs/performance.md.
"""
import re
import shutil
import statistics
import time
import urllib.request
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import peers
import rpyc
from filling import fill_memcached, fill_redis, make_store, price, store_settings, symbol
from misses import HITS_RATE, MISSES_RATE, Misses, compare
from questions import RpycCalls, http_get, memcached_get, names, quote_path, resp_get, resp_mgets
from report import Block, Finding, load_block
from side import Load, Side, measure, ratios, write_requests
from start import Warm, start_redis
from wire import Connection

# Symbols that are asked for where it does not matter how many there are.
FEW = 10

# Symbols in an MGET.
WIDTH = 10

# Silent connections that are opened for their memory and beside a load.
IDLE_BATCH = 100

# Bytes of GET's answer, "$6\r\n137.16\r\n".
GET_ANSWER = 12


@dataclass
class Bench:
    """What the sections share."""

    folder: Path
    rounds: int
    is_smoke: bool

    @property
    def many(self):
        """Symbols where there are many."""
        return 2_000 if self.is_smoke else 1_000_000

    @property
    def idle(self):
        """Connections that ask for nothing."""
        return 50 if self.is_smoke else 10_000

    def load(self, connections, flight, count):
        """A load, as short as is of use: about half a second, or tiny."""
        return Load(5, flight, 20 * flight) if self.is_smoke else Load(connections, flight, count)

    def store(self, count):
        """A store of so many quotes; one server at a time has it."""
        path = self.folder / f"store-{count}" / "quotes.db"
        if not path.exists():
            path.parent.mkdir()
            make_store(path, count)
        return path

    @contextmanager
    def quoted(self, count, *settings):
        """quoted with the quotes of so many symbols, from a store of its own."""
        with ExitStack() as stack:
            market = stack.enter_context(peers.market())
            kept = Path(self.store(count))
            mine = peers.make_folder("store")
            stack.callback(shutil.rmtree, mine, ignore_errors=True)
            path = shutil.copy(kept, mine / "quotes.db")
            yield stack.enter_context(peers.Quoted(market, *store_settings(path), *settings))

    def write(self, name, requests):
        """A file of requests."""
        return write_requests(self.folder / re.sub(r"\W", "-", name), requests)


# --- RESP ---------------------------------------------------------------------------

def resp_servers(stack, bench):
    """The echo, Redis, memcached and quoted, with the same ten prices."""
    asked = names(FEW)
    text = price(0)
    quoted = stack.enter_context(bench.quoted(FEW))
    redis = stack.enter_context(peers.Redis())
    memcached = stack.enter_context(peers.Memcached())
    echo = stack.enter_context(peers.Floor(resp_get(asked[0]), f"${len(text)}\r\n{text}\r\n"))
    fill_redis(redis.port, FEW)
    fill_memcached(memcached.port, FEW)
    gets = bench.write("get", map(resp_get, asked))
    plain = bench.write("plain", map(memcached_get, asked))
    return [Side("echo", echo.port, echo.pids, gets, "resp"),
            Side("Redis", redis.port, redis.pids, gets, "resp"),
            Side("memcached", memcached.port, memcached.pids, plain, "memcached"),
            Side("quoted", quoted.port, quoted.pids, gets, "resp")]


def resp(bench):
    """GET and MGET, beside Redis, memcached and the echo."""
    asked = names(FEW)
    text = price(0)
    with ExitStack() as stack:
        sides = resp_servers(stack, bench)
        _, redis, memcached, quoted = sides
        yield beside("RESP GET", bench.load(50, 1, 60_000), sides, bench,
                     {"Redis": 0.95, "echo": 1.05, "memcached": None})
        sides[2].part = 0.1  # a call of the kernel for each request
        yield beside("RESP GET", bench.load(50, 16, 600_000), sides, bench,
                     {"Redis": 0.60, "echo": 1.3, "memcached": None})
        yield beside("RESP GET", bench.load(8, 128, 2_000_000), sides, bench,
                     {"Redis": 0.25, "echo": None, "memcached": None})
        mgets = bench.write("mget", resp_mgets(asked, WIDTH))
        wide = bench.write("wide", [memcached_get(" ".join(asked))])
        bulk = f"${len(text)}\r\n{text}\r\n"
        echo = stack.enter_context(peers.Floor(next(iter(resp_mgets(asked, WIDTH))),
                                               f"*{WIDTH}\r\n{bulk * WIDTH}"))
        sides = [Side("echo", echo.port, echo.pids, mgets, "resp"),
                 Side("Redis", redis.port, redis.pids, mgets, "resp"),
                 Side("memcached", memcached.port, memcached.pids, wide, "memcached"),
                 Side("quoted", quoted.port, quoted.pids, mgets, "resp")]
        yield beside(f"RESP MGET of {WIDTH}", bench.load(50, 1, 50_000), sides, bench,
                     {"Redis": 0.7, "echo": None, "memcached": None})


def beside(work, load, sides, bench, targets):
    """A load on all sides, and quoted as a ratio to those that `targets` names."""
    found = measure(sides, load, bench.rounds)
    block = load_block(f"{work}, {load}", found)
    for name, target in targets.items():
        block.findings.append(Finding(f"{work}, {load}", f"quoted / {name}",
                                      ratios(found, "quoted", name), target))
    if "echo" in targets and "Redis" in targets:  # what is left for any server to save
        block.findings.append(Finding(f"{work}, {load}", "echo / Redis",
                                      ratios(found, "echo", "Redis")))
    return block


# --- HTTP ---------------------------------------------------------------------------

def http(bench):
    """A quote as JSON, beside what nginx and Varnish have of it."""
    asked = names(FEW)
    with ExitStack() as stack:
        quoted = stack.enter_context(bench.quoted(FEW))
        body = read_body(quoted.port, quote_path(asked[0]))
        nginx = stack.enter_context(peers.Nginx(body.rstrip("\n")))
        varnish = stack.enter_context(peers.Varnish(nginx.back))
        quotes = bench.write("quotes", [http_get(quote_path(name)) for name in asked])
        plain = bench.write("return", [http_get(f"/return/{name}") for name in asked])
        for port in nginx.port, varnish.port:
            assert read_body(port, quote_path(asked[0])) == body.rstrip("\n")
        sides = [Side("nginx proxy_cache", nginx.port, nginx.pids, quotes, "http"),
                 Side("nginx return", nginx.port, nginx.pids, plain, "http"),
                 Side("Varnish", varnish.port, varnish.pids, quotes, "http"),
                 Side("quoted", quoted.port, quoted.pids, quotes, "http")]
        yield beside("HTTP GET", bench.load(50, 1, 50_000), sides, bench,
                     {"nginx proxy_cache": 0.5, "nginx return": 0.95, "Varnish": None})
        for side in sides[:-1]:
            side.part = 0.1  # which answer one request after the other
        yield beside("HTTP GET", bench.load(50, 16, 500_000), sides, bench,
                     {"nginx proxy_cache": 0.08, "nginx return": None, "Varnish": None})


def read_body(port, path):
    """The body of an answer."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as reply:
        return reply.read().decode()


# --- RPyC ---------------------------------------------------------------------------

# Calls of the real client in a turn, and turns of a round.
TURN_CALLS = 300
TURNS = 6


def rpyc_side(bench, name, server, asked, part=1):
    """A side of RPyC calls."""
    calls = RpycCalls(server.port)
    begin = bench.folder / f"begin-{name}"
    begin.write_bytes(calls.begin)
    return Side(name, server.port, server.pids, bench.write(name, map(calls.get, asked)), "rpyc",
                ["--begin", begin, "--begin-replies", calls.begin_replies], part)


def rpyc_calls(bench):
    """get_price, beside our own GET and Python's server; by bench/load, and as the real
    client waits for it."""
    asked = names(FEW)
    prices = {symbol(number): price(number) for number in range(FEW)}
    with bench.quoted(FEW) as quoted, peers.PythonServer(prices) as python:
        gets = bench.write("get", map(resp_get, asked))
        sides = [rpyc_side(bench, "quoted, RPyC", quoted, asked),
                 Side("quoted, RESP GET", quoted.port, quoted.pids, gets, "resp"),
                 rpyc_side(bench, "ThreadedServer", python, asked, 0.1)]
        load = bench.load(50, 1, 60_000)
        found = measure(sides, load, bench.rounds)
        block = load_block(f"RPyC call, {load}", found)
        for theirs, target in ("quoted, RESP GET", 1.1), ("ThreadedServer", 1 / 15):
            block.findings.append(Finding(f"RPyC call, {load}", f"quoted / {theirs}",
                                          ratios(found, "quoted, RPyC", theirs), target))
        return [block, client_block(bench, quoted, python)]


def client_block(bench, quoted, python):
    """The real client's round trips, in turns so short that what else the machine does
    falls on both servers alike."""
    calls = 20 if bench.is_smoke else TURN_CALLS
    found = {"quoted": [], "ThreadedServer": []}
    opened = [rpyc.connect("127.0.0.1", server.port) for server in (quoted, python)]
    methods = [one.root.get_price for one in opened]
    for _ in range(bench.rounds * TURNS):
        for name, get_price in zip(found, methods):
            begun = time.perf_counter()
            for _ in range(calls):
                get_price(symbol(0))
            found[name].append({"us": (time.perf_counter() - begun) / calls * 1e6})
    for one in opened:
        one.close()
    block = load_block("RPyC's own client, one connection: time of a call", found,
                       {"median, us": ("us", ",.1f")})
    block.findings.append(Finding("RPyC's own client", "quoted / ThreadedServer, time",
                                  ratios(found, "quoted", "ThreadedServer", "us")))
    return block


# --- Each work, with more beside it ---------------------------------------------------

@dataclass
class Work:
    """Requests of a kind, and a load of them."""

    name: str
    load: Load
    framing: str
    requests: callable  # of the names

    def side(self, bench, name, server, asked):
        """A side that is asked for these; `name` is also that of its file."""
        if self.framing == "rpyc":
            return rpyc_side(bench, name, server, asked)
        path = bench.write(f"{self.name} {name}", self.requests(asked))
        return Side(name, server.port, server.pids, path, self.framing)


def works(bench):
    """All that is compared with 1,000,000 symbols, and with idle connections."""
    def gets(asked):
        return [resp_get(name) for name in asked]

    def quotes(asked):
        return [http_get(quote_path(name)) for name in asked]

    return [Work("RESP GET", bench.load(50, 1, 60_000), "resp", gets),
            Work("RESP GET", bench.load(50, 16, 500_000), "resp", gets),
            Work("RESP GET", bench.load(8, 128, 2_000_000), "resp", gets),
            Work(f"RESP MGET of {WIDTH}", bench.load(50, 1, 50_000), "resp",
                 lambda asked: resp_mgets(asked, WIDTH)),
            Work("HTTP GET", bench.load(50, 1, 50_000), "http", quotes),
            Work("HTTP GET", bench.load(50, 16, 400_000), "http", quotes),
            Work("RPyC call", bench.load(50, 1, 60_000), "rpyc", None)]


def compare_works(bench, title, servers, askeds, target):
    """Each work on both servers; what the second takes as a ratio to the first."""
    block = Block(title, ["server CPU, us", "with", "requests/s", "with"])
    base, other = servers
    for work in works(bench):
        sides = [work.side(bench, name, server, asked)
                 for (name, server), asked in zip(servers.items(), askeds)]
        found = measure(sides, work.load, bench.rounds)
        for side in sides:
            side.requests.unlink()
        label = f"{work.name}, {work.load}"
        middle = {what: [statistics.median(row[what] for row in found[name])
                         for name in (base, other)] for what in ("server_cpu_us", "rate")}
        block.rows.append([label, *(f"{value:,.3f}" for value in middle["server_cpu_us"]),
                           *(f"{value:,.0f}" for value in middle["rate"])])
        block.findings.append(Finding(label, f"{other} / {base}", ratios(found, other, base),
                                      target))
    return [block]


def symbols(bench):
    """Ten symbols against a million, each of which is asked for as often."""
    many = names(bench.many)
    # Files of one length: what the load itself reads is the same.
    few = (names(FEW) * (bench.many // FEW))[:bench.many]
    with bench.quoted(FEW) as one, bench.quoted(bench.many) as other:
        servers = {f"{FEW} symbols": one, f"{bench.many:,} symbols": other}
        return compare_works(bench, f"{bench.many:,} symbols, uniformly asked", servers,
                             [few, many], 1.5)


def idle(bench):
    """With idle connections beside, and without."""
    asked = names(FEW)
    with bench.quoted(FEW) as one, bench.quoted(FEW) as other, \
            opened_idle(other.port, bench.idle):
        servers = {"without": one, f"{bench.idle:,} idle": other}
        return compare_works(bench, f"{bench.idle:,} idle connections beside", servers,
                             [asked, asked], 1.05)


@contextmanager
def opened_idle(port, count):
    """Connections that have asked once and are silent since."""
    opened = []
    try:
        while len(opened) < count:
            more = min(IDLE_BATCH, count - len(opened))
            batch = [Connection(("127.0.0.1", port)) for _ in range(more)]
            opened += batch
            for one in batch:
                one.send("PING")
            for one in batch:
                one.receive()
        yield
    finally:
        for one in opened:
            one.close()


# --- Workers --------------------------------------------------------------------------

def workers(bench):
    """One worker against two, on two cores that the load needs a part of."""
    load = bench.load(8, 128, 3_000_000)
    gets = bench.write("get", map(resp_get, names(FEW)))
    text = price(0)
    echoes = resp_get(names(FEW)[0]), f"${len(text)}\r\n{text}\r\n"
    with bench.quoted(FEW) as one, bench.quoted(FEW, "server.workers=2") as two, \
            peers.Floor(*echoes) as echo, peers.Floor(*echoes, "two") as echo_two:
        sides = [Side(name, server.port, server.pids, gets, f"fixed:{GET_ANSWER}")
                 for name, server in (("one worker", one), ("two workers", two),
                                      ("echo", echo), ("two echoes", echo_two))]
        found = measure(sides, load, bench.rounds)
        before = threads_cpu_ns(two.pid)
        sides[1].ask(load)
        after = threads_cpu_ns(two.pid)
    spent = sorted(after[thread] - before.get(thread, 0) for thread in after)[-2:]
    block = load_block(f"RESP GET, {load}, by workers", found, {
        "requests/s": ("rate", ",.0f"), "server CPU, us": ("server_cpu_us", ",.3f"),
        "load's CPU, us": ("load_cpu_us", ",.3f")})
    per_cpu = [2 / ratio for ratio in ratios(found, "two workers", "one worker")]
    echo_per_cpu = [2 / ratio for ratio in ratios(found, "two echoes", "echo")]
    block.findings = [
        Finding(f"RESP GET, {load}", "two workers / one worker, requests a CPU second of each, "
                "summed", per_cpu, 1.7, at_least=True),
        Finding(f"RESP GET, {load}", "two echoes / one, the same: they share nothing",
                echo_per_cpu),
        Finding(f"RESP GET, {load}", "two workers / one worker, requests a second",
                ratios(found, "two workers", "one worker", "rate"))]
    alone, both = found["one worker"], found["two workers"]
    most = statistics.median(2e6 / (row["server_cpu_us"] + row["load_cpu_us"]) / other["rate"]
                             for row, other in zip(both, alone))
    block.remark = (f"of two cores, of which the load takes its part, {most:.2f} is the most; "
                    f"the busier worker did {max(spent) / sum(spent):.0%}")
    return [block]


def threads_cpu_ns(pid):
    """The CPU time of each thread so far."""
    return {task.name: int((task / "schedstat").read_text().split()[0])
            for task in Path(f"/proc/{pid}/task").iterdir()}


# --- Memory ---------------------------------------------------------------------------

def resident(pid, name="VmRSS"):
    """Bytes of a process' resident set; with RssAnon those that are its own."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"^{name}:\s+(\d+) kB", status, re.M).group(1)) * 1024


def memory(bench):
    """Of an idle server, of a connection, of a symbol."""
    with peers.market() as market, peers.Quoted(market) as server:
        idle_mib = resident(server.pid) / (1 << 20)
        with opened_idle(server.port, IDLE_BATCH):
            pass  # buffers that stay
        before = resident(server.pid)
        with opened_idle(server.port, bench.idle):
            connection = (resident(server.pid) - before) / bench.idle
        with server.connect() as client:
            client.ask("GET", "IBM")
        fetched = [resident(server.pid, name) / 1024 for name in ("VmRSS", "RssAnon")]
    full = []
    for count in FEW, bench.many:
        with bench.quoted(count) as server:
            full.append(resident(server.pid))
    each = (full[1] - full[0]) / (bench.many - FEW) - len(symbol(0))
    block = Block("Memory, resident", ["KiB"], [
        ["after the start", f"{idle_mib * 1024:,.0f}"],
        ["after the first fetch", f"{fetched[0]:,.0f}"],
        ["  of which not libraries", f"{fetched[1]:,.0f}"],
        [f"with {bench.many:,} symbols", f"{full[1] / 1024:,.0f}"]])
    block.findings = [
        Finding("memory", "idle server", [idle_mib], 8, unit="MiB"),
        Finding("memory", f"an idle connection, of {bench.idle:,}", [connection], 2048,
                unit="bytes"),
        Finding("memory", f"a symbol beyond its text, of {bench.many:,}", [each], 300,
                unit="bytes")]
    return [block]


# --- Time -----------------------------------------------------------------------------

def misses(bench):
    """A hit's p99 while others miss."""
    with Misses(seconds=0.2, hits_rate=500, misses_rate=100) if bench.is_smoke else \
            Misses() as playing:
        rows = [playing.play() for _ in range(bench.rounds)]
    found = {name: [row[name] for row in rows]
             for name in ("quoted", "quoted beside", "floor", "floor beside")}
    block = load_block(f"Hits, {HITS_RATE:,} a second, beside {MISSES_RATE:,} misses a second",
                       found, {"p50, us": ("p50_us", ",.0f"), "p99, us": ("p99_us", ",.0f"),
                               "p99.9, us": ("p999_us", ",.0f")})
    block.findings = [
        Finding("a hit's p99", f"beside {MISSES_RATE:,} misses a second / without",
                compare(rows, "quoted"), 1.2),
        Finding("a hit's p99", "the same of the echo, which has no misses",
                compare(rows, "floor"))]
    block.remark = ("misses, provider and load are on the same two cores: what becomes of the "
                    "echo's p99 is the machine's doing")
    return [block]


def start(bench):
    """From the start of the process to its first answers."""
    with Warm() as warm:
        taken = [(*warm.start(), start_redis()) for _ in range(3 * bench.rounds)]
    ping, quote, redis = zip(*taken)
    block = Block("Start to the first answer")
    block.findings = [
        Finding("start", "to the first answer, a quote that was kept", list(quote), 50, unit="ms"),
        Finding("start", "to PING", list(ping), unit="ms"),
        Finding("start", "Redis, to PING", list(redis), unit="ms")]
    return [block]


SECTIONS = {"resp": resp, "http": http, "rpyc": rpyc_calls, "symbols": symbols, "idle": idle,
            "workers": workers, "memory": memory, "misses": misses, "start": start}
