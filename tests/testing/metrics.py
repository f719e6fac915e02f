# SPDX-License-Identifier: Apache-2.0
"""/metrics as numbers.

    seen = scrape(server)
    assert seen["quoted_requests_total", {"proto": "resp", "outcome": "fresh"}] == 1
"""

import re

from web import Web

OPENMETRICS = "application/openmetrics-text; version=1.0.0"

SAMPLE = re.compile(r"([a-z_]+)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'([a-z]+)="((?:[^"\\]|\\.)*)"(?:,|$)')


class Metrics:
    """The samples of one page."""

    def __init__(self, text):
        self.text = text
        self.samples = {}
        for line in text.splitlines():
            if not line.startswith("#"):
                name, labels, value = SAMPLE.match(line).groups()
                key = name, frozenset(LABEL.findall(labels or ""))
                assert key not in self.samples, f"twice: {line}"
                self.samples[key] = float(value)

    def __getitem__(self, wanted):
        """One sample: its name, or its name and all of its labels."""
        name, labels = wanted if isinstance(wanted, tuple) else (wanted, {})
        return self.samples[name, frozenset(labels.items())]

    def sum(self, wanted, **labels):
        """The sum of the samples of a name that have these labels, and others."""
        return sum(value for (name, have), value in self.samples.items()
                   if name == wanted and frozenset(labels.items()) <= have)

    def names(self):
        """The names of all samples."""
        return {name for name, _ in self.samples}


def read_page(server, openmetrics=False):
    """The page as text."""
    with Web(server.address) as web:
        answer = web.get("/metrics", **({"Accept": OPENMETRICS} if openmetrics else {}))
    assert answer.status == 200, answer
    return answer.text


def scrape(server):
    """The page as it is now."""
    return Metrics(read_page(server))
