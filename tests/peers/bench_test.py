# SPDX-License-Identifier: Apache-2.0
"""The benchmarks still run; how fast anything is, is not judged here."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
BUILD = TOP / os.environ.get("QUOTED_BUILD", "build")


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="no redis-server")
def test_a_tiny_round_of_the_benchmark_prints_its_ratios():
    done = subprocess.run([TOP / "bench/bench", "--build", BUILD, "--smoke"],
                          capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("quoted / floor") == 2
    assert "a quote, over 200" in done.stdout
    assert "target" not in done.stdout, "a round this small is no ground to judge"


@pytest.mark.skipif(shutil.which("nginx") is None, reason="no nginx")
def test_a_tiny_round_beside_nginx_prints_its_ratios():
    done = subprocess.run([TOP / "bench/http", "--build", BUILD, "--smoke"],
                          capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("quoted / nginx proxy_cache") == 2
    assert done.stdout.count("quoted / nginx return") == 2
    assert "target" not in done.stdout, "a round this small is no ground to judge"


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="no redis-server")
def test_a_tiny_round_with_watchers_prints_its_ratios():
    done = subprocess.run([TOP / "bench/fanout", "--build", BUILD, "--smoke"],
                          capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("quoted / redis") == 2
    assert "target" not in done.stdout, "a round this small is no ground to judge"
