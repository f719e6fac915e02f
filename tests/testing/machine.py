# SPDX-License-Identifier: Apache-2.0
"""What a measurement was made on: lines that stand above its results."""

import datetime
import json
import os
import platform
import re
import subprocess
from pathlib import Path

from programs import BUILD


def first_match(pattern, text, default="unknown"):
    """The first group of a pattern's first match."""
    match = re.search(pattern, text, re.M)
    return match.group(1) if match else default


def build_type():
    """How the programs of the build were compiled."""
    try:
        options = json.loads((BUILD / "meson-info/intro-buildoptions.json").read_text())
    except (OSError, ValueError):
        return "unknown"
    values = {option["name"]: option["value"] for option in options}
    sanitizer = values.get("b_sanitize", "none")
    return values["buildtype"] + ("" if sanitizer in ("none", []) else f", {sanitizer} sanitizer")


def version_of(*command):
    """The first version number that a program says, on either output."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, text=True, check=False)
    except OSError:
        return "unknown"
    return first_match(r"(\d+\.\d+(?:\.\d+)*)", done.stdout)


def describe(command, others):
    """The lines: when, where, how busy, by which command, with which build; `others`
    says what else was measured, such as "Redis 7.0.15"."""
    cpu = first_match(r"^model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = int(first_match(r"^MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text(), "0"))
    return [
        f"date     {datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC",
        f"machine  {os.cpu_count()} x {cpu}, {memory >> 20} GiB, Linux {platform.release()}",
        f"load     {os.getloadavg()[0]:.2f} processes ran or waited when this began",
        f"command  {command}",
        f"build    {build_type()}; {others}",
    ]
