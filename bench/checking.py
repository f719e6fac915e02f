# SPDX-License-Identifier: Apache-2.0
"""Whether bench/load measures what others measure: the same server asked by it and by
redis-benchmark or wrk, in turn.

What a server takes for a request can't depend on who counts it, so its CPU time has to
agree; rates and percentiles only as far as the programs ask alike.
"""
import csv
import re
import subprocess
import time

import peers
from filling import fill_redis, symbol
from questions import http_get, quote_path, resp_get
from report import Finding, load_block
from side import Load, Side, cpu_us, ratios

COLUMNS = {"requests/s": ("rate", ",.0f"), "p50, us": ("p50_us", ",.0f"),
           "p99, us": ("p99_us", ",.0f"), "server CPU, us": ("server_cpu_us", ",.3f")}

# How long wrk asks; it can't be told how often.
WRK_S = 1

# wrk writes a time with its unit.
UNITS_US = {"us": 1, "ms": 1000, "s": 1_000_000}


def run(words):
    """What a program says."""
    return subprocess.run([str(word) for word in words], capture_output=True, text=True,
                          check=True).stdout


def ask_by_redis_benchmark(server, load):
    """As bench/load would say it."""
    before = cpu_us(server.pids())
    said = run(["redis-benchmark", "-h", "127.0.0.1", "-p", server.port, "--csv", "-c",
                load.connections, "-P", load.flight, "-n", load.count, "GET", symbol(0)])
    spent = cpu_us(server.pids()) - before
    rows = [row for row in csv.DictReader(said.splitlines())
            if row["test"] == f"GET {symbol(0)}"]
    return {"rate": float(rows[0]["rps"]), "p50_us": float(rows[0]["p50_latency_ms"]) * 1000,
            "p99_us": float(rows[0]["p99_latency_ms"]) * 1000,
            "server_cpu_us": spent / load.count}


def ask_by_wrk(server, load):
    """As bench/load would say it."""
    before = cpu_us(server.pids())
    said = run(["wrk", "--latency", "-t", "1", "-c", load.connections, "-d", f"{WRK_S}s", "-H",
                "Accept: application/json",
                f"http://127.0.0.1:{server.port}{quote_path(symbol(0))}"])
    spent = cpu_us(server.pids()) - before
    parts = {part: float(value) * UNITS_US[unit] for part, value, unit in
             re.findall(r"(\d+)%\s+([\d.]+)(us|ms|s)\b", said)}
    count = int(re.search(r"(\d+) requests in", said).group(1))
    return {"rate": float(re.search(r"Requests/sec:\s+([\d.]+)", said).group(1)),
            "p50_us": parts["50"], "p99_us": parts["99"], "server_cpu_us": spent / count}


def compare(title, side, other, ask, load, rounds):
    """Both ask the same server, round after round."""
    found = {"bench/load": [], other: []}
    for number in range(rounds):
        turns = [("bench/load", lambda: side.ask(load)), (other, lambda: ask(side, load))]
        for name, turn in turns[::1 if number % 2 == 0 else -1]:
            found[name].append(turn())
            time.sleep(0.05)  # what the ended connections leave behind
    block = load_block(f"{title}, {load}", found, COLUMNS)
    for head, (key, _) in COLUMNS.items():
        block.findings.append(Finding(f"{title}, {load}", f"bench/load / {other}: {head}",
                                      ratios(found, "bench/load", other, key)))
    return block


def check_load(bench):
    """Redis and quoted by RESP, quoted by HTTP."""
    gets = bench.write("get", [resp_get(symbol(0))])
    quotes = bench.write("quotes", [http_get(quote_path(symbol(0)))])
    few = 40 if bench.is_smoke else 1
    blocks = []
    with peers.Redis() as redis, bench.quoted(1) as quoted:
        fill_redis(redis.port, 1)
        for load in Load(50, 1, 200_000 // few), Load(50, 16, 2_000_000 // few):
            for server in redis, quoted:
                side = Side(type(server).name, server.port, server.pids, gets, "resp")
                blocks.append(compare(f"GET of {side.name}", side, "redis-benchmark",
                                      ask_by_redis_benchmark, load, bench.rounds))
        side = Side("quoted", quoted.port, quoted.pids, quotes, "http")
        blocks.append(compare("HTTP GET of quoted", side, "wrk", ask_by_wrk,
                              Load(50, 1, 100_000 // few), bench.rounds))
    return blocks
