# SPDX-License-Identifier: Apache-2.0
"""Names of this test's own, which may change while clients look them up.

    with Names() as names:
        names.set("quoted.test", ["127.1.2.3", "127.1.2.4"])
        ...                     # in a thread of its own:
        names.enter()           # from now on it, and what it starts, sees these only

Whoever has entered has an /etc of four files, in a mount namespace of its own; the
machine's is as it was, and the namespace is gone with the last thread in it.
"""

import ctypes
import os
import tempfile
import threading
from pathlib import Path

from programs import remove_folder

CLONE_NEWNS = 0x20000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000


def why_no_names():
    """Why tests with names of their own must be skipped; None where they need not be."""
    said = []
    with Names() as names:
        thread = threading.Thread(target=lambda: said.append(names.try_to_enter()))
        thread.start()
        thread.join()
    return said[0]


class Names:
    """The names, for as long as the block lasts."""

    def __init__(self):
        self._folder = Path(tempfile.mkdtemp(prefix="names-"))
        self._all = {}
        (self._folder / "nsswitch.conf").write_text("hosts: files\n")
        (self._folder / "resolv.conf").write_text("")
        (self._folder / "host.conf").write_text("multi on\n")
        self._write()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        remove_folder(self._folder)

    def set(self, name, addresses):
        """What a name stands for; nothing where there are no addresses."""
        self._all[name] = addresses
        self._write()

    def _write(self):
        # At once, or somebody would read half of it.
        new = self._folder / "new"
        new.write_text("".join(f"{address} {name}\n" for name, addresses in self._all.items()
                               for address in addresses))
        new.rename(self._folder / "hosts")

    def enter(self):
        """Let this thread, which stays there, see these names and no others."""
        libc = ctypes.CDLL(None, use_errno=True)

        def call(function, *arguments):
            if getattr(libc, function)(*arguments) != 0:
                number = ctypes.get_errno()
                raise OSError(number, f"{function}: {os.strerror(number)}")

        call("unshare", CLONE_NEWNS)
        call("mount", None, b"/", None, MS_REC | MS_PRIVATE, None)
        call("mount", bytes(self._folder), b"/etc", None, MS_BIND, None)

    def try_to_enter(self):
        """The same; returns None, or why it can't be done."""
        try:
            self.enter()
        except OSError as error:
            return f"no mount namespaces here: {error}"
        return None
