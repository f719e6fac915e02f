# SPDX-License-Identifier: Apache-2.0
"""The recorded instructions a request, and what is said where new ones differ."""

import json
import platform
import subprocess
from pathlib import Path

from callgrind import Counts

PATH = Path(__file__).resolve().parent / "recorded.json"

ABOUT = [
    "Instructions that a request costs in the worker's thread, by valgrind, the kernel's not",
    "counted: in all, and of the functions that have most. tests/guards compares with them.",
    "Do not edit: tools/guards --record measures them anew and writes this file.",
]

# What new figures may be in relation to the recorded ones. Two measurements of the same
# programs differ by less than a hundredth. What has become much better is recorded too,
# or it could be lost again unseen.
MOST = 1.03
LEAST = 0.90

# Functions below this are not recorded.
FUNCTION_MIN = 5

# How many functions a message names.
SHOWN = 12

# The packages whose code is counted too, or decides which code there is.
PACKAGES = ["libc6", "libhttp-parser2.9", "libuv1", "liburcu8", "valgrind"]


def machine():
    """What the counts depend on besides the project."""
    compiler = subprocess.run(["gcc", "-dumpfullversion"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True, check=False).stdout.strip()
    # valgrind offers programs no more of the processor than AVX2.
    flags = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").split()
    return {"gcc": compiler or "unknown", **{name: version_of(name) for name in PACKAGES},
            "processor": platform.machine() + (" with AVX2" if "avx2" in flags else "")}


def version_of(package):
    """The version of a Debian package."""
    try:
        done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=False)
    except OSError:
        return "unknown"
    return done.stdout or "unknown"


def most_first(own):
    """Functions and their instructions, the most of them first."""
    return sorted(own.items(), key=lambda pair: (-pair[1], pair[0]))


def describe(counts):
    """The recorded form of Counts."""
    functions = {name: round(count) for name, count in most_first(counts.own)
                 if count >= FUNCTION_MIN}
    return {"instructions": round(counts.total), "functions": functions}


def write(found, path=PATH):
    """Record what was found: {name of a work: Counts}."""
    whole = {"about": ABOUT, "measured_with": machine(),
             "works": {name: describe(counts) for name, counts in found.items()}}
    path.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")


def load(path=PATH):
    """What is recorded."""
    return json.loads(path.read_text(encoding="utf-8"))


def judge(work, counts: Counts, recorded):
    """What is wrong with a work's new counts, as a text; None where nothing is."""
    old = recorded["works"].get(work.name)
    if old is None:
        return f"{work.title}: nothing is recorded; tools/guards --record does it"
    ratio = counts.total / old["instructions"]
    if LEAST <= ratio <= MOST:
        return None
    grown = ratio > MOST
    lines = [f"{work.title}: {counts.total:,.0f} instructions a request; recorded are "
             f"{old['instructions']:,} ({ratio - 1:+.1%}; from {LEAST - 1:.0%} to {MOST - 1:+.0%} "
             "pass)",
             "", f"functions whose own instructions have {'grown' if grown else 'shrunk'} most:",
             *changed(counts.own, old["functions"], 1 if grown else -1),
             "", "functions that have most now:",
             *(f"  {count:8,.0f}  {name}" for name, count in most_first(counts.own)[:SHOWN]), ""]
    if grown:
        lines.append("Make it cheaper; or, where it is worth that, say in the commit what it is "
                     "for, and record it: tools/guards --record")
    else:
        lines.append("That is better: record it, so that it can't be lost again unseen: "
                     "tools/guards --record")
    return "\n".join([*lines, *differences(recorded["measured_with"])])


def changed(new, old, sign):
    """Lines about the functions that have changed most, up (1) or down (-1)."""
    by = {name: new.get(name, 0) - old.get(name, 0) for name in {**new, **old}}
    most = sorted(by.items(), key=lambda pair: (-sign * pair[1], pair[0]))[:SHOWN]
    return [f"  {by:+8,.0f}  {name}: {old.get(name, 0):,} to {new.get(name, 0):,.0f}"
            for name, by in most if sign * by >= 1]


def differences(old):
    """Lines about what else differs from when it was recorded."""
    new = machine()
    lines = [f"  {name}: {old.get(name, 'unknown')}, here {version}"
             for name, version in new.items() if old.get(name) != version]
    return ["", "It was recorded with others of these, which may be why:", *lines] if lines else []
