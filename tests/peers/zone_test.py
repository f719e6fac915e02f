# SPDX-License-Identifier: Apache-2.0
"""src/calendar/zone agrees with Python's zoneinfo, on every zone of the machine:
at each change of an offset from 1980 to 2050, a second before it, and hours around
it, as instants and as what local clocks show.

It does so on Debian's own files, which list every change until 2037, and on files
that list none which the rule at their end gives too, as other systems have them.
"""

import datetime
import os
import subprocess
import zoneinfo
from pathlib import Path

import pytest

BUILD = Path(__file__).resolve().parents[2] / os.environ.get("QUOTED_BUILD", "build")
PROGRAM = BUILD / "tests/unit/calendar/zone_table"
FOLDER = "/usr/share/zoneinfo"
EPOCH = datetime.datetime(1970, 1, 1)
FIRST = int((datetime.datetime(1980, 1, 1) - EPOCH).total_seconds())
END = int((datetime.datetime(2050, 1, 1) - EPOCH).total_seconds())
HOUR = 3600

# Changes that lie nearer together than this may be missed, not misjudged.
STEP = 4 * 24 * HOUR


def offset_at(zone, second):
    return int(datetime.datetime.fromtimestamp(second, zone).utcoffset().total_seconds())


def instant_of(zone, second):
    """When clocks in the zone show what clocks in UTC show at a second."""
    shown = EPOCH + datetime.timedelta(seconds=second)
    return second - int(shown.replace(tzinfo=zone).utcoffset().total_seconds())


def changes_of(zone):
    """The seconds at which the offset changes."""
    found = []
    before = offset_at(zone, FIRST)
    for second in range(FIRST, END, STEP):
        after = offset_at(zone, second)
        if after != before:
            low, high = second - STEP, second  # before, after
            while high - low > 1:
                middle = (low + high) // 2
                if offset_at(zone, middle) == before:
                    low = middle
                else:
                    high = middle
            found.append(high)
        before = after
    return found


def seconds_of(zone):
    """What is asked: instants round the changes, and the local times there."""
    seconds = {FIRST, END, -2**32, 2**31 - 1, 2**31, 2**33}
    for change in changes_of(zone):
        for near in (0, -1, 1, -HOUR, HOUR, -HOUR - 1, HOUR - 1, 24 * HOUR):
            seconds.add(change + near)
            seconds.add(change + near + offset_at(zone, change))
            seconds.add(change + near + offset_at(zone, change - 1))
    return sorted(seconds)


def compare(folder, name):
    """Fails at the first second for which the two differ."""
    with open(Path(folder) / name, "rb") as file:
        zone = zoneinfo.ZoneInfo.from_file(file)
    seconds = seconds_of(zone)
    done = subprocess.run([PROGRAM, folder, name], check=False, text=True,
                          input="".join(f"{second}\n" for second in seconds),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == len(seconds)
    for second, line in zip(seconds, lines):
        expected = f"{offset_at(zone, second)} {instant_of(zone, second)}"
        assert line == expected, f"{name} at {second}"
    return len(seconds)


def names_in(folder):
    """The zones of a folder, without the names that are the same as others."""
    with open(Path(FOLDER) / "tzdata.zi", encoding="utf-8") as file:
        names = [line.split()[1] for line in file if line[0] == "Z"]
    return sorted(name for name in names if (Path(folder) / name).is_file())


def test_zones_of_the_machine():
    names = names_in(FOLDER)
    assert len(names) > 300
    assert sum(compare(FOLDER, name) for name in names) > 30_000


def test_zones_that_end_in_their_rule(tmp_path):
    zic = Path("/usr/sbin/zic")
    if not zic.exists():
        pytest.skip("there is no zic, which is in libc-bin")
    subprocess.run([zic, "-b", "slim", "-d", tmp_path, Path(FOLDER) / "tzdata.zi"], check=True)
    # Those of markets, and those whose rules are odd: summer behind standard time,
    # half an hour of it, changes on the day before or on week days.
    for name in ("America/New_York", "Europe/London", "Europe/Paris", "Asia/Tokyo",
                 "Australia/Sydney", "Europe/Dublin", "Australia/Lord_Howe", "America/Nuuk",
                 "Asia/Gaza", "Asia/Jerusalem", "Africa/Cairo", "America/Santiago",
                 "Africa/Casablanca", "UTC"):
        compare(str(tmp_path), name)
