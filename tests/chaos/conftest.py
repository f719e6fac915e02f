# SPDX-License-Identifier: Apache-2.0
"""Servers that fail while clients ask: tests/testing/scene.py has the clients,
faults.py what befalls the servers, history.py what may be answered."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "testing"))
