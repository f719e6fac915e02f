#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Print numbers as providers write them, and what Python's decimal makes of them.

A line each: the price as sent, its change as sent, the currency as sent; then
the price, the change and the currency as they are to be shown.  "-" is what is
not to be there.  The same in every run.
"""
import decimal
import random
import sys
from decimal import Decimal

decimal.getcontext().prec = 100
decimal.getcontext().Emin = -1000
decimal.getcontext().Emax = 1000

LINES = 20000
UNITS = {"GBX": "GBP", "GBp": "GBP", "ZAc": "ZAR", "ZAC": "ZAR", "ZAX": "ZAR", "ILA": "ILS",
         "ILa": "ILS"}
WHOLE = ["USD", "EUR", "GBP", "ZAR", "ILS", "JPY", ""]
DIGITS = 18  # that a decimal of ours holds; none of them above 10^17 or below 10^-18
PLACES = 18


def fits(value):
    """Whether one of our decimals holds a value."""
    if value == 0:
        return True
    sign, digits, exponent = value.normalize().as_tuple()
    return (len(digits) <= DIGITS and exponent >= -PLACES
            and len(digits) + exponent <= DIGITS)


def shown(value):
    """Plain notation, with at least two places and no zero beyond them."""
    text = format(value, "f")
    whole, _, places = text.partition(".")
    places = places.rstrip("0")
    return whole + "." + places.ljust(2, "0")


def with_commas(text):
    """1234567.8 as 1,234,567.8"""
    whole, point, places = text.partition(".")
    sign = "-" if whole.startswith("-") else ""
    return f"{sign}{int(whole.lstrip('-')):,}{point}{places}"


def spelled(rng, value):
    """A value in one of the ways in which providers write it."""
    plain = format(value, "f")
    way = rng.randrange(6)
    if way == 0 and len(plain.partition(".")[0]) > 4:
        return with_commas(plain)
    if way == 1 and not plain.startswith("-"):
        return "$" + plain
    if way == 2:
        zeros = "0" * rng.randrange(1, 4)
        return plain + (zeros if "." in plain else "." + zeros)
    if way == 3:
        sign, digits, exponent = value.as_tuple()
        letter = rng.choice(["e", "E"])
        return ("-" if sign else "") + "".join(map(str, digits)) + letter + str(exponent)
    return plain


def invented(rng, may_be_negative):
    """A number that has 1 to 19 digits and stands anywhere, mostly near 1."""
    count = rng.choice([1, 2, 3, 4, 5, 6, 7, 9, 12, 17, 18, 19])
    digits = rng.randrange(10 ** (count - 1), 10 ** count)
    places = rng.choice([0, 1, 2, 2, 2, 3, 4, 6, 10, 16, 17, 18, 19])
    exponent = rng.choice([0, 0, 0, 1, 3]) - places
    sign = -1 if may_be_negative and rng.random() < 0.5 else 1
    return Decimal(sign * digits).scaleb(exponent)


def expected(value, unit):
    """What is shown of a value in a unit; "-" where nothing can be."""
    if not fits(value):
        return "-"
    if unit in UNITS:
        value = value.scaleb(-2)
    return shown(value) if fits(value) else "-"


def main():
    rng = random.Random(20261122)
    for _ in range(LINES):
        unit = rng.choice(list(UNITS) + WHOLE)
        price, change = invented(rng, False), invented(rng, True)
        price_text, change_text = spelled(rng, price), spelled(rng, change)
        price_shown = expected(price, unit)
        change_shown = expected(change, unit) if price_shown != "-" else "-"
        currency = UNITS.get(unit, unit) if price_shown != "-" else ""
        sys.stdout.write("\t".join([price_text, change_text, unit or "-", price_shown, change_shown,
                                    currency or "-"]) + "\n")


if __name__ == "__main__":
    main()
