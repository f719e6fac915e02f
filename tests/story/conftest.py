# SPDX-License-Identifier: Apache-2.0
"""Where the tests of this folder find what all tiers share."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "testing"))
