# SPDX-License-Identifier: Apache-2.0
"""Claims: the chances that the figures are judged by are those of the tables, and tell
what is wrong from what is not."""

import pytest

from chances import FALSE_ALARM, chance_of_chi_square, chance_of_count, chi_square, \
    is_mostly_less


@pytest.mark.parametrize("value, categories, chance",
                         [(5.991, 3, 0.05), (9.210, 3, 0.01), (9.488, 5, 0.05), (27.631, 3, 1e-6)])
def test_chi_square_is_that_of_the_tables(value, categories, chance):
    assert chance_of_chi_square(value, categories) == pytest.approx(chance, rel=0.002)


def test_chi_square_of_counts():
    assert chi_square([10, 10, 10]) == 0
    assert chi_square([16, 10, 4]) == pytest.approx(7.2)


def test_a_draw_that_is_not_uniform_is_told():
    assert chance_of_chi_square(chi_square([1000, 1030, 970]), 3) > 0.3
    assert chance_of_chi_square(chi_square([1200, 900, 900]), 3) < FALSE_ALARM


def test_count_is_that_of_the_binomial():
    assert chance_of_count(0, 10, 0.5) == pytest.approx(2 / 1024)
    assert chance_of_count(9, 10, 0.5) == pytest.approx(22 / 1024)
    assert chance_of_count(5, 10, 0.5) == 1


def test_a_count_that_is_not_chance_is_told():
    assert chance_of_count(0, 375, 3 ** -8) == 1
    assert chance_of_count(1500, 1500, 3 ** -2) < FALSE_ALARM
    assert chance_of_count(0, 1500, 3 ** -2) < FALSE_ALARM


def test_most_rounds_decide():
    assert is_mostly_less([[1, 1], [1, 9], [9, 9]], [[2, 2], [6, 6], [3, 3]])
    assert not is_mostly_less([[2, 2], [2, 2]], [[1, 1], [3, 3]])
