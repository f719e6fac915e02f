# SPDX-License-Identifier: Apache-2.0
"""docs/figures.md: every figure, in the order of the report."""

import kept
import lasting
import one_server
import skipped
import spread

FIGURES = [one_server.FIGURE, kept.FIGURE, spread.FIGURE, skipped.OFF, skipped.ON,
           lasting.FIGURE]
