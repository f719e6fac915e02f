# SPDX-License-Identifier: Apache-2.0
"""The benchmarks still run; how fast anything is, is not judged here."""

import importlib
import json
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
BUILD = TOP / os.environ.get("QUOTED_BUILD", "build")


NEEDED = ("redis-server", "redis-benchmark", "memcached", "nginx", "varnishd", "wrk")
ABSENT = [name for name in NEEDED if shutil.which(name, path=os.defpath + ":/usr/sbin") is None]
needs_peers = pytest.mark.skipif(ABSENT != [], reason=f"no {' and no '.join(ABSENT)}")


def run_bench(*words):
    done = subprocess.run([TOP / "bench/bench", "--build", BUILD, *words],
                          capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@needs_peers
def test_a_tiny_run_of_the_benchmark_has_every_section_and_its_table(tmp_path):
    said = run_bench("--smoke", "--json", tmp_path / "found.json")
    for ratio, count in {"quoted / Redis": 4, "quoted / echo": 4, "echo / Redis": 4,
                         "two echoes / one": 1, "quoted / nginx return": 2,
                         "quoted / Varnish": 2, "2,000 symbols / 10 symbols": 7,
                         "50 idle / without": 7, "quoted / ThreadedServer": 2,
                         "a symbol beyond its text": 1, "misses a second / without": 1}.items():
        assert said.count(ratio) == count, f"{ratio}:\n{said}"
    assert "target" not in said, "a round this small is no ground to judge"
    rows = run_bench("--table", tmp_path / "found.json").splitlines()
    targets = json.loads((tmp_path / "found.json").read_text())["blocks"]
    aimed = [one for block in targets for one in block["findings"] if one["target"] is not None]
    assert sum(row.startswith("| ") for row in rows) == len(aimed) + 1
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- bench: targets -->\n<!-- bench: end -->\nb\n"
                    "<!-- bench: http -->\nof before\n<!-- bench: end -->\nc\n")
    run_bench("--table", tmp_path / "found.json", "--into", page)
    text = page.read_text()
    assert "of before" not in text and text.count("```") == 4 and text.splitlines()[-1] == "c"
    assert all(row in text for row in rows)
    run_bench("--only", "start", "--smoke", "--json", tmp_path / "more.json")
    both = run_bench("--table", tmp_path / "found.json", tmp_path / "more.json")
    assert "/found.json" in both and "/more.json" in both, "each run tells how it was made"
    changed = set(rows) - set(both.splitlines())
    assert changed and all(row.startswith("| start") for row in changed), changed


def finding(what, values, target):
    return {"work": "GET", "what": what, "values": values, "target": target}


def test_a_ratio_whose_rounds_differ_by_more_than_the_servers_is_not_printed(tmp_path):
    found = [finding("a / b", [0.90, 0.93, 0.97, 1.02, 1.06], 1.1),
             finding("a / c", [0.70, 0.73, 0.75, 0.76, 0.79], 0.5),
             finding("memory", [1535.0], 2048) | {"unit": "bytes"}]
    blocks = [{"title": "GET", "section": "resp", "findings": found}]
    (tmp_path / "found.json").write_text(
        json.dumps({"about": ["date"], "judged": True, "blocks": blocks}))
    (tmp_path / "page.md").write_text("<!-- bench: resp -->\n<!-- bench: end -->\n")
    rows = run_bench("--table", tmp_path / "found.json")
    assert "| a / b | at most 1.1 | no ratio | 0.93 to 1.02 | at least 7% better | met |" in rows
    assert "| a / c | at most 0.5 | 0.75 | 0.73 to 0.76 | 50% beyond it | **missed** |" in rows
    assert "| memory | at most 2,048 bytes | 1,535 bytes |" in rows
    run_bench("--table", tmp_path / "found.json", "--into", tmp_path / "page.md")
    text = (tmp_path / "page.md").read_text()
    assert "no ratio   middle half 0.93 to 1.02" in text and "0.97" not in text


def test_a_curve_says_no_ratio_where_its_rounds_differ_by_more(monkeypatch):
    monkeypatch.syspath_prepend(TOP / "bench")
    curve = importlib.import_module("curve")
    figures = [curve.Figure("rate", "Rate", "a second")]
    one = curve.Curve("x", "X", "about", "x", figures)
    for ours, near, far in (90, 100, 20), (110, 101, 21), (102, 99, 20):
        for name, rate in ("quoted", ours), ("near", near), ("far", far):
            one.add(name, 7, {"rate": rate})
    said = one.sentence(figures[0])
    assert "there it is 5.1 times far; its rounds differ too much for a ratio to near." in said


def test_the_page_has_a_place_for_each_section():
    text = (TOP / "docs/performance.md").read_text()
    for name in ("targets", "resp", "http", "rpyc", "symbols", "idle", "workers", "memory",
                 "misses", "start", "check"):
        assert text.count(f"<!-- bench: {name} -->") == 1, name


@needs_peers
def test_the_load_is_compared_with_that_of_others(tmp_path):
    said = run_bench("--smoke", "--check-load", "--json", tmp_path / "check.json")
    assert said.count("bench/load / redis-benchmark: server CPU, us") == 4
    assert said.count("bench/load / wrk: p99, us") == 1
    (tmp_path / "page.md").write_text("<!-- bench: check -->\n<!-- bench: end -->\n")
    run_bench("--table", tmp_path / "check.json", "--into", tmp_path / "page.md")
    assert (tmp_path / "page.md").read_text().count("bench/load / wrk") == 4


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="no redis-server")
def test_a_tiny_round_with_watchers_prints_its_ratios():
    done = subprocess.run([TOP / "bench/fanout", "--build", BUILD, "--smoke"],
                          capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("quoted / redis") == 2
    assert "target" not in done.stdout, "a round this small is no ground to judge"


needs_curves = pytest.mark.skipif(
    ABSENT != [] or shutil.which("gnuplot") is None, reason="no gnuplot, or a peer is not there")


@needs_curves
def test_curves_of_a_few_points_make_the_page_and_its_plots(tmp_path):
    done = subprocess.run([TOP / "bench/curves", "--build", BUILD, "--smoke", "--into", tmp_path],
                          capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    text = (tmp_path / "results.md").read_text()
    shown = re.findall(r"!\[[^\]]+\]\((plots/[^)]+)\)", text)
    assert len(shown) > 20 and len(set(shown)) == len(shown)
    assert {f"plots/{path.name}" for path in (tmp_path / "plots").iterdir()} == set(shown)
    for plot in shown:
        assert (tmp_path / plot).stat().st_size < 40 << 10
        assert xml.etree.ElementTree.parse(tmp_path / plot).getroot().tag.endswith("}svg")
    for name in ("memcached", "Redis", "echo", "nginx return", "ThreadedServer", "quoted"):
        assert re.search(rf"\| {name} .*\|", text), name


def test_curves_in_the_tree_have_their_plots():
    text = (TOP / "bench/results.md").read_text()
    assert re.search(r"(?m)^date +\d{4}-\d\d-\d\d .*\nmachine .*\nload .*\ncommand  ", text)
    shown = set(re.findall(r"\]\((plots/[^)]+)\)", text))
    assert shown == {f"plots/{path.name}" for path in (TOP / "bench/plots").iterdir()}
