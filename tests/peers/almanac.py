# SPDX-License-Identifier: Apache-2.0
"""Dates that are computed: Easter, n-th weekdays, equinoxes, new moons.

Written from the astronomy and the law, not from data/calendars/, to check it.
"""

import datetime
import math

DAY = datetime.timedelta(days=1)
MON, TUE, WED, THU, FRI, SAT, SUN = range(7)


def easter(year):
    """Easter Sunday by the Gregorian computus."""
    golden = year % 19
    century = year // 100
    epact = (century - century // 4 - (8 * century + 13) // 25 + 19 * golden + 15) % 30
    epact -= (epact // 28) * (1 - (29 // (epact + 1)) * ((21 - golden) // 11))
    weekday = (year + year // 4 + epact + 2 - century + century // 4) % 7
    days = epact - weekday
    month = 3 + (days + 40) // 44
    return datetime.date(year, month, days + 28 - 31 * (month // 4))


def nth(year, month, weekday, n):
    """The n-th such weekday of a month, from 1; -1 is the last."""
    if n > 0:
        first = datetime.date(year, month, 1)
        return first + DAY * ((weekday - first.weekday()) % 7 + 7 * (n - 1))
    end = datetime.date(year + month // 12, month % 12 + 1, 1) - DAY
    return end - DAY * ((end.weekday() - weekday) % 7)


def is_weekday(day):
    return day.weekday() < SAT


def equinox(year, is_spring):
    """The equinox's day in Japan, by the approximation that holds from 1980 to 2099."""
    offset = 20.8431 if is_spring else 23.2488
    day = int(offset + 0.242194 * (year - 1980)) - (year - 1980) // 4
    return datetime.date(year, 3 if is_spring else 9, day)


def ching_ming(year):
    """The day on which the sun is at 15 degrees, in China, for 2001 to 2099."""
    short = year % 100
    return datetime.date(year, 4, int(short * 0.2422 + 4.81) - short // 4)


# The largest terms of the moon's and the sun's inequalities: a factor in days, the
# power of the eccentricity's decrease, multiples of the sun's anomaly, the moon's,
# and the moon's argument of latitude.
MOON_TERMS = (
    (-0.40720, 0, 0, 1, 0), (0.17241, 1, 1, 0, 0), (0.01608, 0, 0, 2, 0),
    (0.01039, 0, 0, 0, 2), (0.00739, 1, -1, 1, 0), (-0.00514, 1, 1, 1, 0),
    (0.00208, 2, 2, 0, 0), (-0.00111, 0, 0, 1, -2), (-0.00057, 0, 0, 1, 2),
    (0.00056, 1, 1, 2, 0), (-0.00042, 0, 0, 3, 0), (0.00042, 1, 1, 0, 2),
    (0.00038, 1, 1, 0, -2), (-0.00024, 1, -1, 2, 0), (-0.00007, 0, 2, 1, 0),
    (0.00004, 0, 0, 2, -2), (0.00004, 0, 3, 0, 0), (0.00003, 0, 1, 1, -2),
    (0.00003, 0, 0, 2, 2), (-0.00003, 0, 1, 1, 2), (0.00003, 0, -1, 1, 2),
    (-0.00002, 0, -1, 1, -2), (-0.00002, 0, 1, 3, 0), (0.00002, 0, 0, 4, 0),
)

# What the planets add: a factor in days, an angle in 2000, degrees a month.
PLANET_TERMS = (
    (0.000325, 299.77, 0.107408), (0.000165, 251.88, 0.016321), (0.000164, 251.83, 26.651886),
    (0.000126, 349.42, 36.412478), (0.000110, 84.66, 18.206239), (0.000062, 141.74, 53.303771),
    (0.000060, 207.14, 2.453732), (0.000056, 154.84, 7.306860), (0.000047, 34.52, 27.261239),
    (0.000042, 207.19, 0.121824), (0.000040, 291.34, 1.844379), (0.000037, 161.72, 24.198154),
    (0.000035, 239.56, 25.513099), (0.000023, 331.55, 3.592518),
)


def sine(degrees):
    return math.sin(math.radians(degrees))


def new_moon(month):
    """The new moon's instant, in UTC; months are counted from January 2000.  It is
    right to half a minute for the decades round 2028."""
    century = month / 1236.85
    days = 2451550.09766 + 29.530588861 * month + 0.00015437 * century ** 2
    shrink = 1 - 0.002516 * century
    sun = 2.5534 + 29.10535670 * month
    moon = 201.5643 + 385.81693528 * month + 0.0107582 * century ** 2
    latitude = 160.7108 + 390.67050284 * month - 0.0016118 * century ** 2
    for factor, power, suns, moons, latitudes in MOON_TERMS:
        days += factor * shrink ** power * sine(suns * sun + moons * moon + latitudes * latitude)
    days -= 0.00017 * sine(124.7746 - 1.56375588 * month)
    for factor, angle, rate in PLANET_TERMS:
        days += factor * sine(angle + rate * month)
    clock_ahead = 70  # seconds by which even time is ahead of UTC in these years
    return (datetime.datetime(2000, 1, 1, 12, tzinfo=datetime.timezone.utc)
            + datetime.timedelta(days=days - 2451545.0, seconds=-clock_ahead))


def is_lunar_day(day, number):
    """Whether a date is the number-th day of a lunar month in China."""
    china = datetime.timezone(datetime.timedelta(hours=8))
    first = day - DAY * (number - 1)
    about = round((first - datetime.date(2000, 1, 6)).days / 29.530588861)
    return any(new_moon(month).astimezone(china).date() == first
               for month in (about - 1, about, about + 1))
