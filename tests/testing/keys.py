# SPDX-License-Identifier: Apache-2.0
"""The providers' keys of the tests, and where they may not be.

Every key that a test makes begins with the same letters, which stand nowhere else; so
whatever a run has left can be searched for all of them, in clear and as they would be
after the usual ways to write bytes as text.  search() is for what a program says,
sweep() for files and folders.
"""

import base64
import contextlib
import secrets
import sqlite3
import stat
import sys
import urllib.parse
from pathlib import Path

# In two parts, so that this file and what is compiled of it don't hold it.
MARK = "k3yOf" + "ATest/"


def make_key():
    """A key that nobody else has."""
    return f"{MARK}{secrets.token_hex(8)}"


def _base64_forms(data):
    """What of base64 is sure to be there, at whichever of three places it begins."""
    for before in range(3):
        text = base64.b64encode(bytes(before) + data).decode()
        whole = (before + len(data)) // 3 * 4  # characters that hang on no later byte
        yield text[(8 * before + 5) // 6:whole]


def _forms():
    data = MARK.encode()
    yield "in clear", MARK
    yield "percent-encoded", MARK.replace("/", "%2F")
    yield "percent-encoded", MARK.replace("/", "%2f")
    yield "in JSON", MARK.replace("/", "\\/")
    yield "percent-encoded", "".join(f"%{byte:02X}" for byte in data)
    yield "percent-encoded", "".join(f"%{byte:02x}" for byte in data)
    yield "in hexadecimal", data.hex()
    yield "in hexadecimal", data.hex().upper()
    for text in _base64_forms(data):
        yield "in base64", text
        yield "in base64", text.replace("+", "-").replace("/", "_")
    yield "in UTF-16", MARK.encode("utf-16-le")
    yield "backwards", MARK[::-1]


FORMS = [(name, text if isinstance(text, bytes) else text.encode()) for name, text in _forms()]


def search(data):
    """How a key stands in bytes or a text, such as "in base64"; None where none does."""
    if isinstance(data, str):
        data = data.encode("utf-8", "replace")
    return next((name for name, form in FORMS if form in data), None)


# --- Files ----------------------------------------------------------------------------

class Swept:
    """What a sweep came by; `found` has a line for each file that holds a key."""

    def __init__(self):
        self.files = 0
        self.bytes = 0
        self.found = []

    def add(self, other):
        """Add what another sweep came by."""
        self.files += other.files
        self.bytes += other.bytes
        self.found += other.found


def is_key_file(data):
    """Whether this is a file from which a server is to take its key: nothing else."""
    parts = data.decode("latin-1").strip().split(":")
    return len(data) < 200 and all(
        part.startswith(MARK) and part[len(MARK):].isalnum() for part in parts)


def _values(path):
    """Every value of a database: a page may end in the middle of one."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        names = [row[0] for row in
                 database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in names:
            for row in database.execute(f'SELECT * FROM "{name}"'):
                for value in row:
                    yield value if isinstance(value, bytes) else str(value).encode()


def _search_file(path):
    data = path.read_bytes()
    form = None if is_key_file(data) else search(data) or search(str(path.name))
    if form is None and data.startswith(b"SQLite format 3\0"):
        with contextlib.suppress(sqlite3.Error):  # a damaged one, by a test's intention
            form = next((form for value in _values(path) if (form := search(value))), None)
    return form, len(data)


def sweep(*paths):
    """Search files, and all files below folders; what is gone meanwhile is passed over,
    and so are sockets and the like."""
    swept = Swept()
    for top in map(Path, paths):
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            with contextlib.suppress(FileNotFoundError):
                if path.is_symlink() or not stat.S_ISREG(path.stat().st_mode):
                    continue
                form, size = _search_file(path)
                swept.files += 1
                swept.bytes += size
                if form:
                    swept.found.append(f"{path}: a provider's key, {form}")
    return swept


def check(*paths):
    """Sweep; AssertionError where a key was found."""
    swept = sweep(*paths)
    assert not swept.found, "\n".join(swept.found)
    return swept


def sweep_with_control(folder, *paths):
    """Sweep a folder, and other paths, in which a key is planted meanwhile; what was found
    besides.  AssertionError where that was not."""
    planted = folder / "planted"
    planted.write_text(f"GET /query?apikey={urllib.parse.quote(make_key(), safe='')}\n")
    try:
        found = sweep(folder, *paths).found
    finally:
        planted.unlink()
    others = [line for line in found if not line.startswith(f"{planted}: ")]
    assert len(others) == len(found) - 1, f"what was planted in {planted} was not found"
    return others


def main():
    """Sweep what the command line names."""
    swept = sweep(*sys.argv[1:])
    print("".join(f"{line}\n" for line in swept.found), end="")
    print(f"{swept.files} files, {swept.bytes} bytes, {len(swept.found)} with a key")
    return 1 if swept.found else 0


if __name__ == "__main__":
    sys.exit(main())
