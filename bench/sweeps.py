# SPDX-License-Identifier: Apache-2.0
"""What bench/curves measures: each function gives a curve, or two (bench/curve.py).

The servers of a point are asked in turn, round after round, so that whatever else the
machine does falls on all alike.
"""
import dataclasses
import socket
from contextlib import ExitStack
from dataclasses import dataclass

import peers
from curve import CPU, P50, P99, Curve, Figure
from filling import fill_memcached, fill_redis, price, symbol
from misses import HITS_RATE, LATENCY, MISSES_RATE, Misses
from questions import http_get, memcached_get, names, quote_path, resp_get
from sections import FEW, GET_ANSWER, Bench, read_body, resident, resp_servers, rpyc_side
from side import Load, Side
from start import Warm, start_redis
from watching import Fans

# A round asks for at least so many times what is in flight.
FLIGHTS_MIN = 2

CONNECTIONS = 50

# Connections that are opened before their answers are waited for.
BATCH = 100

# Python's server has a thread for each connection, and takes a hundred times as long.
PYTHON_CONNECTIONS_MAX = 100
PYTHON_FLIGHT_MAX = 4

RATE = Figure("rate", "Rate", "requests a second")
OPEN_P50 = Figure("open_p50_us", "Half of the answers within, at half of that rate", "µs")
OPEN_P99 = Figure("open_p99_us", "99 of 100 answers within, at half of that rate", "µs",
                  beside="open_p50_us")


@dataclass
class Plan:
    """What all sweeps share."""

    bench: Bench
    watchers: list
    seconds: float  # that a round asks for, about

    def pick(self, full, tiny):
        """The points of a sweep; those of a smoke test are few and small."""
        return tiny if self.bench.is_smoke else full

    def sweep(self, curve, sides, x, shape, ask):
        """A point: so many rounds of each side, none always behind the same other.
        `shape` is how many connections ask and what is in flight on each."""
        connections, flight = shape
        loads = [(side, self.load(curve, side, connections, flight)) for side in sides
                 if not is_too_much(side, connections, flight)]
        for number in range(self.bench.rounds):
            first = number % len(loads)
            for side, load in loads[first:] + loads[:first]:
                curve.add(side.name, x, ask(side, load))

    def load(self, curve, side, connections, flight):
        """What takes the server about `seconds`, by its rate at the point before."""
        together = connections * flight
        known = curve.points.get(side.name)
        rate = (curve.at(side.name, max(known), "rate") if known
                else side.ask(Load(connections, flight, max(200, together)))["rate"])
        return Load(connections, flight, max(int(rate * self.seconds), FLIGHTS_MIN * together))


def is_too_much(side, connections, flight):
    """What would take Python's server minutes is left out."""
    return side.name == "ThreadedServer" and (connections > PYTHON_CONNECTIONS_MAX or
                                              flight > PYTHON_FLIGHT_MAX)


def closed(side, load):
    """A closed loop: each connection asks as soon as it is answered."""
    return side.ask(load)


def closed_and_open(side, load):
    """The same, and then requests at half of the rate that came out, which are due at
    even times, whether the server is quick or not."""
    said = side.ask(load)
    rate = max(int(said["rate"] / 2), 1)
    even = dataclasses.replace(side, more=[*side.more, "--rate", rate])
    timed = even.ask(Load(load.connections, 1, max(load.count // 2, load.connections)))
    return said | {"open_p50_us": timed["p50_us"], "open_p99_us": timed["p99_us"]}


# --- The servers ---------------------------------------------------------------------

def resp_sides(stack, bench):
    """The servers of RESP, in the order of the legend."""
    echo, redis, memcached, quoted = resp_servers(stack, bench)
    return [quoted, redis, memcached, echo]


def http_sides(stack, bench):
    """quoted, and nginx with the same body in its cache and in its configuration."""
    asked = names(FEW)
    quoted = stack.enter_context(bench.quoted(FEW))
    body = read_body(quoted.port, quote_path(asked[0])).rstrip("\n")
    nginx = stack.enter_context(peers.Nginx(body))
    quotes = bench.write("quotes", [http_get(quote_path(name)) for name in asked])
    plain = bench.write("return", [http_get(f"/return/{name}") for name in asked])
    return [Side("quoted", quoted.port, quoted.pids, quotes, "http"),
            Side("nginx proxy_cache", nginx.port, nginx.pids, quotes, "http"),
            Side("nginx return", nginx.port, nginx.pids, plain, "http")]


def rpyc_sides(stack, bench):
    """quoted, and Python's own server."""
    asked = names(FEW)
    quoted = stack.enter_context(bench.quoted(FEW))
    python = stack.enter_context(peers.PythonServer(
        {symbol(one): price(one) for one in range(FEW)}))
    return [rpyc_side(bench, "quoted", quoted, asked),
            rpyc_side(bench, "ThreadedServer", python, asked)]


TONGUES = {"RESP": ("resp", "GET", resp_sides),
           "HTTP": ("http", "GET of a quote as JSON", http_sides),
           "RPyC": ("rpyc", "get_price", rpyc_sides)}


# --- Over requests in flight, connections, symbols, workers -------------------------------

def flights(plan):
    """CPU and latency over requests in flight."""
    count = plan.pick(CONNECTIONS, 5)
    for tongue, (name, call, sides_of) in TONGUES.items():
        curve = Curve(f"flight-{name}", f"{tongue}: requests in flight",
                      f"{call} over {count} connections, each with so many requests in "
                      "flight, in a closed loop; one worker.", "requests in flight",
                      [CPU, P50, P99])
        with ExitStack() as stack:
            sides = sides_of(stack, plan.bench)
            for flight in plan.pick([1, 4, 16, 64, 256], [1, 4]):
                plan.sweep(curve, sides, flight, (count, flight), closed)
        yield curve


def connections(plan):
    """CPU and latency over connections, in a closed and in an open loop."""
    for tongue in ("RESP", "HTTP"):
        name, call, sides_of = TONGUES[tongue]
        curve = Curve(f"connections-{name}", f"{tongue}: connections",
                      f"{call}, one request in flight on each connection; one worker. First in a "
                      "closed loop; then in an open one, at half of the rate that each server "
                      "reached in the closed one: there an answer's time counts from when its "
                      "request was due.", "connections", [CPU, P50, P99, OPEN_P50, OPEN_P99])
        with ExitStack() as stack:
            sides = sides_of(stack, plan.bench)
            for count in plan.pick([1, 10, 100, 1_000, 10_000], [1, 5]):
                plan.sweep(curve, sides, count, (count, 1), closed_and_open)
        yield curve


def symbols(plan):
    """CPU and latency over symbols, and what each takes of memory."""
    bench = plan.bench
    counts = plan.pick([10, 100, 1_000, 10_000, 100_000, 1_000_000], [10, 100])
    flight = 16
    asking = Curve("symbols", "Symbols that are asked for",
                   f"RESP GET of so many symbols, each of which is asked for as often, in mixed "
                   f"order, of the {counts[-1]:,} that each server has; {CONNECTIONS} connections "
                   f"with {flight} requests in flight each; one worker.", "symbols",
                   [CPU, P50, P99])
    weighing = Curve("symbols-memory", "Memory of a symbol",
                     "What the resident set grew by since the server had "
                     f"{FEW} symbols, a symbol, its name and its price: those are "
                     f"{len(symbol(0)) + len(price(0))} bytes. quoted was started with them in its "
                     "store, the others were told.", "symbols",
                     [Figure("bytes", "Memory", "bytes a symbol")])
    with ExitStack() as stack:
        redis, memcached = (stack.enter_context(one()) for one in (peers.Redis, peers.Memcached))
        fills = [("Redis", redis, fill_redis), ("memcached", memcached, fill_memcached)]
        for _, server, fill in fills:
            fill(server.port, FEW)
        base = {name: own_memory(server) for name, server, _ in fills}
        with bench.quoted(FEW) as server:
            base["quoted"] = own_memory(server)
        for count in plan.pick([10_000, 100_000], [50]):
            with bench.quoted(count) as server:
                weigh(weighing, "quoted", server, count, base)
        quoted = stack.enter_context(bench.quoted(counts[-1]))
        weigh(weighing, "quoted", quoted, counts[-1], base)
        for count in plan.pick([10_000, 100_000, 1_000_000], [50, 100]):
            for name, server, fill in fills:
                fill(server.port, count)
                weigh(weighing, name, server, count, base)
        for count in counts:
            sides = symbol_sides(bench, count, quoted, redis, memcached)
            plan.sweep(asking, sides, count, (plan.pick(CONNECTIONS, 5), flight), closed)
            for side in sides:
                side.requests.unlink(missing_ok=True)
    yield asking
    yield weighing


def own_memory(server):
    """The resident set of a server's processes."""
    return sum(resident(pid) for pid in server.pids())


def weigh(curve, name, server, count, base):
    """What it grew by for each symbol."""
    grown = max(own_memory(server) - base[name], 0)
    curve.add(name, count, {"bytes": grown / (count - FEW)})


def symbol_sides(bench, count, quoted, redis, memcached):
    """The servers, asked for the first `count` symbols."""
    asked = names(count)
    gets = bench.write(f"get-{count}", map(resp_get, asked))
    plain = bench.write(f"plain-{count}", map(memcached_get, asked))
    return [Side("quoted", quoted.port, quoted.pids, gets, "resp"),
            Side("Redis", redis.port, redis.pids, gets, "resp"),
            Side("memcached", memcached.port, memcached.pids, plain, "memcached")]


def workers(plan):
    """CPU, rate and latency over workers."""
    bench = plan.bench
    count, flight = plan.pick((64, 16), (8, 4))
    curve = Curve("workers", "Workers",
                  f"RESP GET over {count} connections with {flight} requests in flight each; a "
                  "worker is a thread with connections of its own, of memcached -t. bench/load is "
                  "one thread on the same machine, so the rate ends where it or the processors "
                  "end; what tells is the CPU of a request.", "workers",
                  [dataclasses.replace(CPU, is_scaled=False), RATE, P50, P99])
    asked = names(FEW)
    gets = bench.write("get", map(resp_get, asked))
    plain = bench.write("plain", map(memcached_get, asked))
    for number in plan.pick([1, 2, 4], [1, 2]):
        with bench.quoted(FEW, f"server.workers={number}") as quoted, \
                peers.Memcached("-t", number) as memcached:
            fill_memcached(memcached.port, FEW)
            sides = [Side("quoted", quoted.port, quoted.pids, gets, f"fixed:{GET_ANSWER}"),
                     Side("memcached", memcached.port, memcached.pids, plain, "memcached")]
            plan.sweep(curve, sides, number, (count, flight), closed)
    yield curve


# --- Memory of connections --------------------------------------------------------------

def idle_memory(plan):
    """What connections take that have asked once."""
    bench = plan.bench
    curve = Curve("connections-memory", "Memory of a connection",
                  "What the resident set grew by, a connection that has asked once and is idle "
                  "then. The kernel's part is not in it.", "connections",
                  [Figure("bytes", "Memory", "bytes a connection")])
    with ExitStack() as stack:
        sides = resp_sides(stack, bench)[:3]
        sides += http_sides(stack, bench)[1:2]
        for side in sides:
            question = side.requests.read_bytes()
            size = int.from_bytes(question[:4], "little")
            measure_idle(curve, side, question[4:4 + size],
                         plan.pick([100, 1_000, 10_000], [20, 40]))
    yield curve


def measure_idle(curve, side, question, counts):
    """Open so many connections, and look what became of the server's memory."""
    with ExitStack() as stack:
        for one in ask_once(side.port, question, counts[0]):
            one.close()  # what is kept for later connections is not counted
        before = sum(map(resident, side.pids()))
        opened = 0
        for count in counts:
            while opened < count:
                batch = min(BATCH, count - opened)
                for one in ask_once(side.port, question, batch):
                    stack.enter_context(one)
                opened += batch
            grown = max(sum(map(resident, side.pids())) - before, 0)
            curve.add(side.name, count, {"bytes": grown / count})


def ask_once(port, question, count):
    """Connections that have had an answer."""
    batch = [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]
    for one in batch:
        one.sendall(question)
    for one in batch:
        if not one.recv(65536):
            raise SystemExit(f"curves: port {port} ends idle connections")
    return batch


# --- Watchers, misses, starts -------------------------------------------------------------

def watchers(plan):
    """What an update takes, and how long, over watchers."""
    curve = Curve("watchers", "Watchers of one symbol",
                  "An update reaches so many connections that watch the symbol; see "
                  "bench/watching.py. quoted's figure has the fetch in it, Redis' is told the "
                  "same bytes by PUBLISH, and the echo only writes them.", "watchers",
                  [Figure("cpu_us", "Server CPU", "µs an update"),
                   Figure("spread_us", "From the first watcher that has it to the last", "µs")])
    shown = {"quoted": "quoted", "redis": "Redis", "floor": "echo"}
    with Fans(plan.pick(4, 1), plan.watchers[-1]) as fans:
        for count in plan.watchers:
            for name, title in shown.items():
                cpu, spread = fans.play(name, count)
                curve.add(title, count, {"cpu_us": cpu, "spread_us": spread})
    yield curve


def misses(plan):
    """A hit's latency over misses beside it."""
    seconds, hits = plan.pick((1.5, HITS_RATE), (0.2, 500))
    curve = Curve("misses", "Misses beside hits",
                  f"RESP GET of a price in memory, {hits:,} a second in an open loop, while so "
                  f"many other symbols a second are fetched, from a provider that takes {LATENCY}. "
                  "The echo is asked in the same way while quoted has the misses: what becomes of "
                  "its figures is the doing of the machine, on which all of this runs.",
                  "misses a second", [P50, P99], ours=("quoted",))
    for rate in plan.pick([100, 300, MISSES_RATE], [100]):
        with Misses(seconds, hits, rate) as playing:
            for _ in range(plan.bench.rounds):
                row = playing.play()
                for name, title in ("quoted", "quoted"), ("floor", "echo"):
                    curve.add(title, rate, row[f"{name} beside"])
                    curve.add(f"{title}, no misses", rate, row[name])
    yield curve


def starts(plan):
    """How long a start takes, over what is in the store."""
    curve = Curve("start", "Start to the first answer",
                  "From before the process is made to the answer of its first request, GET of a "
                  "quote in its store; and Redis' to PING, with nothing in it.", "kept quotes",
                  [Figure("first_ms", "First answer after", "ms")])
    for count in plan.pick([10, 1_000, 10_000, 100_000, 1_000_000], [10]):
        with Warm(plan.bench.store(count), symbol(0)) as warm:
            for _ in range(plan.bench.rounds):
                curve.add("quoted", count, {"first_ms": warm.start()[1]})
                curve.add("Redis, nothing kept", count, {"first_ms": start_redis()})
    yield curve


SWEEPS = {"flight": flights, "connections": connections, "symbols": symbols, "workers": workers,
          "idle": idle_memory, "watchers": watchers, "misses": misses, "start": starts}
