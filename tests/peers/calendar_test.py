# SPDX-License-Identifier: Apache-2.0
"""The calendars of data/calendars/ are right, and src/calendar reads them right.

The holidays and half days are derived here a second time, from the rules of each
exchange: the files hold the same days.  What the program then says of each hour
from 2026 to 2028, and of the seconds round each opening and each close, is what a
reader of the local clock and of these rules says, with Python's zoneinfo.
"""

import bisect
import datetime
import os
import re
import subprocess
import zoneinfo
from dataclasses import dataclass
from pathlib import Path

import pytest
from almanac import (DAY, FRI, MON, SAT, SUN, THU, TUE, ching_ming, easter, equinox, is_lunar_day,
                     is_weekday, new_moon, nth)

TOP = Path(__file__).resolve().parents[2]
BUILD = TOP / os.environ.get("QUOTED_BUILD", "build")
PROGRAM = BUILD / "tests/unit/calendar/calendar_table"
YEARS = (2026, 2027, 2028)
HOUR = 3600
UTC = datetime.timezone.utc
Date = datetime.date


# --- Rules ----------------------------------------------------------------------
# Each gives the days without trading, weekends included or not, and the half days.

def after_weekend(days):
    """Days, each of which is kept on the first weekday from it on that is free."""
    kept = set()
    for day in sorted(days):
        while not is_weekday(day) or day in kept:
            day += DAY
        kept.add(day)
    return kept


def good_friday(year):
    return easter(year) - 2 * DAY


def easter_monday(year):
    return easter(year) + DAY


def weekday_eves(year):
    """December 24 and 31, if they are weekdays; they are so together."""
    return {day for day in (Date(year, 12, 24), Date(year, 12, 31)) if is_weekday(day)}


def us(year):
    def observed(day):
        return day + {SAT: -DAY, SUN: DAY}.get(day.weekday(), 0 * DAY)

    thanksgiving = nth(year, 11, THU, 4)
    closed = {
        nth(year, 1, MON, 3), nth(year, 2, MON, 3), good_friday(year), nth(year, 5, MON, -1),
        observed(Date(year, 6, 19)), observed(Date(year, 7, 4)), nth(year, 9, MON, 1),
        thanksgiving, observed(Date(year, 12, 25)),
    }
    if Date(year, 1, 1).weekday() != SAT:  # it would be in the year before
        closed.add(observed(Date(year, 1, 1)))
    half = {thanksgiving + DAY}
    for eve in (Date(year, 7, 3), Date(year, 12, 24)):
        if TUE <= (eve + DAY).weekday() <= FRI:
            half.add(eve)
    return closed, half


def euronext(year):
    closed = {Date(year, 1, 1), good_friday(year), easter_monday(year), Date(year, 5, 1),
              Date(year, 12, 25), Date(year, 12, 26)}
    return closed, weekday_eves(year)


def london(year):
    closed = {good_friday(year), easter_monday(year), nth(year, 5, MON, 1), nth(year, 5, MON, -1),
              nth(year, 8, MON, -1)}
    closed |= after_weekend([Date(year, 1, 1)])
    closed |= after_weekend([Date(year, 12, 25), Date(year, 12, 26)])
    half = set()
    for eve in (Date(year, 12, 24), Date(year, 12, 31)):
        while not is_weekday(eve):
            eve -= DAY
        half.add(eve)
    return closed, half


def xetra(year):
    closed = {Date(year, 1, 1), good_friday(year), easter_monday(year), Date(year, 5, 1),
              Date(year, 12, 24), Date(year, 12, 25), Date(year, 12, 26), Date(year, 12, 31)}
    last = Date(year, 12, 31)
    while last in closed or not is_weekday(last):
        last -= DAY
    return closed, {last}


def swiss(year):
    closed = {Date(year, 1, 1), Date(year, 1, 2), good_friday(year), easter_monday(year),
              Date(year, 5, 1), easter(year) + 39 * DAY, easter(year) + 50 * DAY,
              Date(year, 8, 1), Date(year, 12, 24), Date(year, 12, 25), Date(year, 12, 26),
              Date(year, 12, 31)}
    return closed, set()


def toronto(year):
    victoria = Date(year, 5, 24)
    while victoria.weekday() != MON:
        victoria -= DAY
    closed = {nth(year, 2, MON, 3), good_friday(year), victoria, nth(year, 8, MON, 1),
              nth(year, 9, MON, 1), nth(year, 10, MON, 2)}
    closed |= after_weekend([Date(year, 1, 1)]) | after_weekend([Date(year, 7, 1)])
    closed |= after_weekend([Date(year, 12, 25), Date(year, 12, 26)])
    eve = Date(year, 12, 24)
    return closed, {eve} if is_weekday(eve) else set()


def tokyo(year):
    national = {
        Date(year, 1, 1), nth(year, 1, MON, 2), Date(year, 2, 11), Date(year, 2, 23),
        equinox(year, True), Date(year, 4, 29), Date(year, 5, 3), Date(year, 5, 4),
        Date(year, 5, 5), nth(year, 7, MON, 3), Date(year, 8, 11), nth(year, 9, MON, 3),
        equinox(year, False), nth(year, 10, MON, 2), Date(year, 11, 3), Date(year, 11, 23),
    }
    closed = set(national)
    for day in national:
        if day.weekday() == SUN:  # the next day that is no national holiday
            while day in national:
                day += DAY
            closed.add(day)
        if day + 2 * DAY in national and (day + DAY).weekday() != SUN:
            closed.add(day + DAY)
    return closed | {Date(year, 1, 2), Date(year, 1, 3), Date(year, 12, 31)}, set()


# The lunar days as the Observatory of Hong Kong has them: Lunar New Year, the
# Buddha's birthday, Tuen Ng, Mid-Autumn, Chung Yeung.
LUNAR = {
    2026: ((2, 17), (5, 24), (6, 19), (9, 25), (10, 18)),
    2027: ((2, 6), (5, 13), (6, 9), (9, 15), (10, 8)),
    2028: ((1, 26), (5, 2), (5, 28), (10, 3), (10, 26)),
}
LUNAR_NUMBERS = (1, 8, 5, 15, 9)


def hong_kong(year):
    new_year, buddha, tuen_ng, mid_autumn, chung_yeung = (Date(year, *day) for day in LUNAR[year])
    first = [new_year, new_year + DAY, new_year + 2 * DAY]
    if any(day.weekday() == SUN for day in first):
        first.append(new_year + 3 * DAY)
    fixed = {*first, good_friday(year), good_friday(year) + DAY, easter_monday(year),
             mid_autumn + DAY, Date(year, 12, 25)}
    closed = set(fixed)
    for day in (Date(year, 1, 1), ching_ming(year), Date(year, 5, 1), buddha, tuen_ng,
                Date(year, 7, 1), Date(year, 10, 1), chung_yeung, Date(year, 12, 26)):
        # Saturdays are days like others, so nothing is put in their place.
        while day.weekday() == SUN or day in closed:
            day += DAY
        closed.add(day)
    half = weekday_eves(year)
    if is_weekday(new_year - DAY):
        half.add(new_year - DAY)
    return closed, half


def sydney(year):
    closed = {good_friday(year), easter_monday(year), Date(year, 4, 25), nth(year, 6, MON, 2)}
    closed |= after_weekend([Date(year, 1, 1)]) | after_weekend([Date(year, 1, 26)])
    closed |= after_weekend([Date(year, 12, 25), Date(year, 12, 26)])
    return closed, weekday_eves(year)


@dataclass(frozen=True)
class Market:
    """A calendar: its file and markets, and what the exchanges say of its hours."""
    file: str
    names: tuple
    zone: str
    rule: object
    hours: tuple        # ((from, to), ...)
    half: tuple         # those of half days
    final_after: int    # minutes


MARKETS = (
    Market("us", ("XNYS", "XNAS", "XNGS", "XNMS", "XNCM", "XASE", "ARCX", "BATS", "IEXG", "OTCM"),
           "America/New_York", us, (("09:30", "16:00"),), (("09:30", "13:00"),), 5),
    Market("euronext", ("XPAR", "XAMS", "XBRU"), "Europe/Paris", euronext,
           (("09:00", "17:30"),), (("09:00", "14:00"),), 5),
    Market("london", ("XLON",), "Europe/London", london,
           (("08:00", "16:30"),), (("08:00", "12:30"),), 5),
    Market("xetra", ("XETR",), "Europe/Berlin", xetra,
           (("09:00", "17:30"),), (("09:00", "14:00"),), 5),
    Market("swiss", ("XSWX",), "Europe/Zurich", swiss, (("09:00", "17:30"),), (), 1),
    Market("toronto", ("XTSE", "XTSX"), "America/Toronto", toronto,
           (("09:30", "16:00"),), (("09:30", "13:00"),), 10),
    Market("tokyo", ("XTKS",), "Asia/Tokyo", tokyo,
           (("09:00", "11:30"), ("12:30", "15:30")), (), 1),
    Market("hongkong", ("XHKG",), "Asia/Hong_Kong", hong_kong,
           (("09:30", "12:00"), ("13:00", "16:00")), (("09:30", "12:00"),), 10),
    Market("sydney", ("XASX",), "Australia/Sydney", sydney,
           (("10:00", "16:00"),), (("10:00", "14:00"),), 11),
)
EACH_MARKET = pytest.mark.parametrize("market", MARKETS, ids=lambda market: market.file)


def days_of_rules(market):
    """The weekdays without trading, and the half days, of all the years."""
    closed, half = set(), set()
    for year in YEARS:
        shut, short = market.rule(year)
        assert all(day.year == year for day in shut | short)
        assert not shut & short
        closed |= {day for day in shut if is_weekday(day)}
        half |= short
    return closed, half


# --- The files ------------------------------------------------------------------

def read_file(name):
    """The days of a file: {section: {date: the rest of its line}}."""
    sections = {"closed": {}, "special": {}}
    section = None
    for line in (TOP / f"data/calendars/{name}.yaml").read_text("utf-8").splitlines():
        if re.match(r"\w+:", line):
            section = line.split(":")[0]
        found = re.match(r"  (\d{4}-\d\d-\d\d): ([^#]+)", line)
        if found:
            sections[section][Date.fromisoformat(found[1])] = found[2].strip()
    return sections


@EACH_MARKET
def test_file_has_the_days_of_the_rules(market):
    sections = read_file(market.file)
    closed, half = days_of_rules(market)
    assert sorted(sections["closed"]) == sorted(closed)
    assert sorted(sections["special"]) == sorted(half)
    assert list(sections["closed"]) == sorted(sections["closed"]), "not in order"
    hours = ", ".join("-".join(period) for period in market.half)
    assert set(sections["special"].values()) == ({hours} if half else set())


def test_every_file_is_checked():
    files = {path.stem for path in (TOP / "data/calendars").iterdir()}
    assert files == {market.file for market in MARKETS} | {"always"}


def test_known_days():
    """The computed dates against some that are known, so that rules and files are
    not wrong together."""
    assert [easter(year) for year in (1961, 2000, 2024, 2025, 2026, 2027, 2028, 2038)] == [
        Date(1961, 4, 2), Date(2000, 4, 23), Date(2024, 3, 31), Date(2025, 4, 20),
        Date(2026, 4, 5), Date(2027, 3, 28), Date(2028, 4, 16), Date(2038, 4, 25)]
    assert [equinox(year, True).day for year in (2023, 2024, 2025, 2026)] == [21, 20, 20, 20]
    assert [equinox(year, False).day for year in (2023, 2024, 2025, 2026)] == [23, 22, 23, 23]
    assert [ching_ming(year).day for year in (2023, 2024, 2025, 2026)] == [5, 4, 4, 5]
    moon = new_moon(0)  # 2000-01-06 18:14 UTC
    assert abs(moon - datetime.datetime(2000, 1, 6, 18, 14, tzinfo=UTC)).total_seconds() < 90
    assert is_lunar_day(Date(2024, 2, 10), 1) and is_lunar_day(Date(2025, 1, 29), 1)
    assert not is_lunar_day(Date(2025, 1, 28), 1) and not is_lunar_day(Date(2025, 1, 30), 1)


@pytest.mark.parametrize("year", YEARS)
def test_lunar_days_follow_the_moon(year):
    for (month, day), number in zip(LUNAR[year], LUNAR_NUMBERS):
        assert is_lunar_day(Date(year, month, day), number), f"{year}-{month}-{day}"


# --- The program ----------------------------------------------------------------

def ask(name, seconds):
    """What the program says of a market at each second."""
    done = subprocess.run([PROGRAM, name], check=False, text=True,
                          input="".join(f"{second}\n" for second in seconds),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == len(seconds)
    return lines


def instant(day, text, zone):
    hour, minute = text.split(":")
    local = datetime.datetime(day.year, day.month, day.day, int(hour), int(minute), tzinfo=zone)
    return int(local.timestamp())


class Naive:
    """A market as its rules have it."""

    def __init__(self, market):
        self.market = market
        self.zone = zoneinfo.ZoneInfo(market.zone)
        self.closed, self.half = days_of_rules(market)
        self.first = instant(Date(2026, 1, 1), "00:00", self.zone)
        self.until = instant(Date(2029, 1, 1), "00:00", self.zone)
        self.periods = []  # (open, close, session's open, session's close, is half)
        day = Date(2026, 1, 1)
        while day.year < 2029:
            self.periods += self.periods_of(day)
            day += DAY
        self.opens = [period[0] for period in self.periods]

    def hours_of(self, day):
        if not is_weekday(day) or day in self.closed:
            return ()
        return self.market.half if day in self.half else self.market.hours

    def periods_of(self, day):
        hours = self.hours_of(day)
        times = [(instant(day, begin, self.zone), instant(day, end, self.zone))
                 for begin, end in hours]
        return [(begin, end, times[0][0], times[-1][1], day in self.half) for begin, end in times]

    def is_open(self, second):
        """From what the clock and the calendar on the wall show."""
        local = datetime.datetime.fromtimestamp(second, self.zone)
        clock = local.strftime("%H:%M")
        return any(begin <= clock < end for begin, end in self.hours_of(local.date()))

    def line(self, second):
        """What the program should say."""
        if not self.first <= second < self.until:
            return "0 1 0 - - - - never never never"
        is_open = self.is_open(second)
        after = 60 * self.market.final_after
        begun = bisect.bisect_right(self.opens, second)
        following = self.periods[begun] if begun < len(self.periods) else None
        session, is_break, settled, close = "- - - -", False, self.first, "never"
        if begun > 0:
            _, close_now, session_open, session_close, is_half = self.periods[begun - 1]
            session = f"{session_open} {session_close} {session_close + after} {int(is_half)}"
            is_break = not is_open and second < session_close
            settled = close_now + after
        if following:
            close = following[1]
        if is_open:
            settled, close = "never", self.periods[begun - 1][1]
        return (f"1 {int(is_open)} {int(is_break)} {session} {settled} "
                f"{following[0] if following else self.until} {close}")


@EACH_MARKET
def test_every_hour_and_every_edge(market):
    naive = Naive(market)
    seconds = set(range(naive.first - 48 * HOUR, naive.until + 48 * HOUR, HOUR))
    for begin, end, *_ in naive.periods:
        for edge in (begin, end, end + 60 * market.final_after):
            seconds |= {edge - 1, edge, edge + 1}
    for edge in (naive.first, naive.until):
        seconds |= {edge - 1, edge}
    seconds = sorted(seconds)
    lines = ask(market.names[0], seconds)
    for second, line in zip(seconds, lines):
        assert line == naive.line(second), datetime.datetime.fromtimestamp(second, naive.zone)


@EACH_MARKET
def test_markets_of_a_file_are_alike(market):
    naive = Naive(market)
    seconds = [naive.first + step * 13 * HOUR for step in range(2000)]
    expected = ask(market.names[0], seconds)
    for name in market.names[1:]:
        assert ask(name, seconds) == expected


@pytest.mark.parametrize("name,is_known", [("CRYPTO", 1), ("FOREX", 1), ("XXXX", 0), ("", 0)])
def test_what_never_closes(name, is_known):
    expected = f"{is_known} 1 0 - - - - never never never"
    assert set(ask(name, [-2**40, 0, 1795340000, 2**40])) == {expected}
