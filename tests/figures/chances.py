# SPDX-License-Identifier: Apache-2.0
"""How likely a count is, if what we claim is true.

A test of chance fails now and then although all is well.  Ours do so once in a
million runs (FALSE_ALARM), which nobody will see, and take samples that are large
enough to tell a claim that is wrong all the same.
"""

import itertools
import math
import statistics

FALSE_ALARM = 1e-6

# Of a comparison of times, for each effort.
ROUNDS = 25


def median_of(rounds):
    """The median over all rounds, each of which has times of its own."""
    return statistics.median(itertools.chain.from_iterable(rounds))


def is_mostly_less(rounds, others):
    """Whether the median of a round is less than that of the other's, in most rounds.
    Both took turns, so what else the machine did fell on both; and with ROUNDS rounds,
    half of them are never disturbed by chance."""
    pairs = [(statistics.median(one), statistics.median(other))
             for one, other in zip(rounds, others, strict=True)]
    return sum(one < other for one, other in pairs) * 2 > len(pairs)


def chi_square(counts):
    """How far counts are from being all the same."""
    mean = sum(counts) / len(counts)
    return sum((count - mean) ** 2 / mean for count in counts)


def chance_of_chi_square(value, categories):
    """How often a uniform draw gives this value or a larger one; for an odd number
    of categories, where the formula is short."""
    assert categories % 2 == 1 and categories > 1
    half = value / 2
    return math.exp(-half) * sum(half ** i / math.factorial(i)
                                 for i in range((categories - 1) // 2))


def _binomial(k, n, p):
    log = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return math.exp(log + k * math.log(p) + (n - k) * math.log1p(-p))


def chance_of_count(count, n, p):
    """How often n draws, each of which hits by p, are as far from n * p as `count` is
    or farther, on its side: twice the smaller tail."""
    below = math.fsum(_binomial(k, n, p) for k in range(count + 1))
    above = math.fsum(_binomial(k, n, p) for k in range(count, n + 1))
    return min(1.0, 2 * min(below, above))
