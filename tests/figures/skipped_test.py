# SPDX-License-Identifier: Apache-2.0
"""A server is turned off, and on again, while clients ask.

Claims: nobody's request fails, whether the server is killed or told to end; no new
connection goes to it; it is back in rotation with nginx's processes unchanged.
"""

from skipped import ANEW, KEPT, NEW


def check_rows(rows):
    """Every client has gone on, and no request failed."""
    assert [row.client for row in rows] == [*KEPT, ANEW]
    assert [row.failed for row in rows] == [0] * len(rows)
    assert [row.before for row in rows] == ["1", "2", "3", "1+2+3"]


def test_a_server_that_is_off_is_skipped(outcome):
    hows = [one.how for one in outcome(4)]
    assert hows == ["SIGKILL", "SIGTERM"]
    for one in outcome(4):
        check_rows(one.rows)
        for row in one.rows[:-1]:
            assert row.after == row.before or row.before == "2" and row.after in ("1", "3")
        assert one.rows[-1].after == "1+3"
        assert set(one.new) == {"1", "3"} and sum(one.new.values()) == NEW


def test_a_server_that_is_on_again_is_back(outcome):
    one = outcome(5)
    check_rows(one.rows)
    assert one.rows[-1].after == "1+2+3"
    assert set(one.new) == {"1", "2", "3"} and min(one.new.values()) >= NEW // 3 - 2
    before, after = one.processes
    assert before == after and len(before) > 1
