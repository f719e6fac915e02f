# SPDX-License-Identifier: Apache-2.0
"""What callgrind has counted, read from the files that it writes."""

import re
from dataclasses import dataclass, field

NAME = re.compile(r"\((\d+)\)(?: (.*))?")

# What stands for a function that the linker has no name for, and what is behind a name:
# the version of a library's, the compiler's part of ours, the depth of a recursion.
ADDRESS = re.compile(r"0x[0-9a-f]+")
BEHIND = re.compile(r"(@.*|\.(constprop|isra|part|cold|lto_priv)\..*|'\d+)$")


@dataclass
class Counts:
    """Of one thread: instructions by the function that they are in, and how often each
    function was called."""

    own: dict = field(default_factory=dict)
    calls: dict = field(default_factory=dict)

    @property
    def total(self):
        """All instructions."""
        return sum(self.own.values())


def add(counts, name, number):
    counts[name] = counts.get(name, 0) + number


class Reader:
    """Reads a file of one thread.

    A function's lines follow its `fn=`: positions and a cost.  `calls=` says how often it
    called the function of the `cfn=` before, and the cost in the line behind it is that
    function's, not its own.  `ob=` and `cob=` say in which file of a program or library a
    function is.  A name stands in full the first time, then as its number."""

    def __init__(self):
        self.counts = Counts()
        self._names = {"fn": {}, "ob": {}}
        self._object = self._callee_object = ""
        self._function = self._callee = ""
        self._is_callees = False  # the next cost

    def _name(self, kind, text):
        number, name = NAME.fullmatch(text).groups()
        if name is not None:
            self._names[kind][number] = name
        return self._names[kind][number]

    def _function_name(self, text, where):
        """A function's name; of one without a name, where it is."""
        name = self._name("fn", text)
        return where.rsplit("/", 1)[-1] if ADDRESS.match(name) else BEHIND.sub("", name)

    def read_line(self, line):
        """Take in one line."""
        key, _, rest = line.partition("=")
        if key == "ob":
            self._object = self._callee_object = self._name("ob", rest)
        elif key == "cob":
            self._callee_object = self._name("ob", rest)
        elif key == "fn":
            self._function = self._function_name(rest, self._object)
        elif key == "cfn":
            self._callee = self._function_name(rest, self._callee_object)
        elif key == "calls":
            add(self.counts.calls, self._callee, int(rest.split()[0]))
            self._callee_object = self._object
            self._is_callees = True
        elif line[:1] and line[0] in "0123456789+-*":
            if not self._is_callees:
                add(self.counts.own, self._function, int(line.split()[-1]))
            self._is_callees = False


def read(text):
    """The Counts of a file."""
    reader = Reader()
    for line in text.splitlines():
        reader.read_line(line)
    return reader.counts
