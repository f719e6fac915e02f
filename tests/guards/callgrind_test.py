# SPDX-License-Identifier: Apache-2.0
"""What callgrind writes is read as it is meant.

Claims: a function's own instructions are those of its lines without those of the
functions that it calls; a function of a library without names counts as the library.
"""

import callgrind

FILE = """\
# callgrind format
version: 1
positions: line
events: Ir

ob=(1) /usr/bin/quoted
fl=(1) ask.c
fn=(1) ask.constprop.0
16 400
cfn=(2) answer'2
calls=3 40
16 90
+2 7
cob=(2) /lib/libuv.so.1.0.0
cfi=(2) ???
cfn=(3) 0x0000000000022a60
calls=5 0
* 50

fn=(2)
20 90

ob=(2)
fl=(2)
fn=(3)
0 30
fn=(4) 0x0000000000022b00
0 20
fn=(5) malloc@@GLIBC_2.2.5
0 1
"""


def test_own_instructions_are_those_without_the_callees():
    assert callgrind.read(FILE).own == {"ask": 407, "answer": 90, "libuv.so.1.0.0": 50, "malloc": 1}


def test_calls_are_counted_by_whom_is_called():
    assert callgrind.read(FILE).calls == {"answer": 3, "libuv.so.1.0.0": 5}


def test_total_is_all_that_is_anybodys_own():
    assert callgrind.read(FILE).total == 548
