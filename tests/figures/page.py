# SPDX-License-Identifier: Apache-2.0
"""docs/figures.md: every figure, in the order of the report."""

import kept
import one_server
import spread

FIGURES = [one_server.FIGURE, kept.FIGURE, spread.FIGURE]
