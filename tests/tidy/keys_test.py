# SPDX-License-Identifier: Apache-2.0
"""tests/testing/keys.py: a key is found wherever it is, and however it is written.

For whoever searches and finds nothing may only have forgotten how to find.
"""

import base64
import contextlib
import json
import os
import sqlite3
import sys
import tempfile
import urllib.parse
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "testing"))

import keys  # noqa: E402
from programs import Program, make_folder, remove_folder  # noqa: E402

KEY = keys.make_key()

WAYS = {
    "in-clear": lambda key: key,
    "in-a-url": lambda key: f"GET /q?apikey={urllib.parse.quote(key, safe='')}&s=IBM",
    "in-a-url-with-slashes": lambda key: f"GET /q?apikey={urllib.parse.quote(key)}",
    "all-percent": lambda key: "".join(f"%{byte:02X}" for byte in key.encode()),
    "in-json": lambda key: json.dumps({"a": key}).replace("/", "\\/"),
    "in-hexadecimal": lambda key: key.encode().hex(),
    "in-capital-hexadecimal": lambda key: key.encode().hex().upper(),
    "backwards": lambda key: key[::-1],
    "in-UTF-16": lambda key: key.encode("utf-16-le"),
    **{f"in-base64-behind-{n}": lambda key, n=n: base64.b64encode(b"x" * n + key.encode())
       for n in range(6)},
    **{f"in-base64url-behind-{n}": lambda key, n=n: base64.urlsafe_b64encode(
        b"\xff" * n + key.encode() + b"\xff") for n in range(6)},
    "basic-authorization": lambda key: base64.b64encode(f"user:{key}".encode()),
}


@pytest.fixture(name="tmp_path")
def make_tmp_path():
    """Not pytest's own, which is swept at the end."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def as_bytes(text):
    return text if isinstance(text, bytes) else text.encode()


@pytest.mark.parametrize("way", WAYS)
def test_key_is_found_however_it_is_written(way, tmp_path):
    data = b"before " + as_bytes(WAYS[way](KEY)) + b" behind"
    assert keys.search(data)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/log").write_bytes(data)
    swept = keys.sweep(tmp_path)
    assert swept.files == 1 and len(swept.found) == 1 and "deep/log: " in swept.found[0]


def test_what_is_no_key_is_not_found(tmp_path):
    for text in ("", "key", keys.MARK[:-1], KEY[len(keys.MARK):], KEY.upper()):
        assert keys.search(text) is None
    (tmp_path / "file").write_bytes(os.urandom(1 << 20))
    assert keys.check(tmp_path).bytes == 1 << 20


def test_key_in_a_file_of_its_own_is_where_it_belongs(tmp_path):
    (tmp_path / "key").write_text(KEY + "\n")
    (tmp_path / "two").write_text(f"{KEY}:{keys.make_key()}")
    assert keys.check(tmp_path).files == 2
    (tmp_path / "more").write_text(f"apikey {KEY}\n")
    with pytest.raises(AssertionError, match="more: a provider's key, in clear"):
        keys.check(tmp_path)


def test_key_in_the_name_of_a_file_is_found(tmp_path):
    (tmp_path / urllib.parse.quote(KEY, safe="")).write_text("nothing")
    assert keys.sweep(tmp_path).found


@pytest.mark.parametrize("value", [KEY, "x" * 4070 + KEY, b"\0" * 9000 + KEY.encode()],
                         ids=["short", "over-a-page", "over-pages"])
def test_key_in_a_database_is_found(tmp_path, value):
    """Also where a page ends in the middle of it, and while it is only in the log."""
    with contextlib.closing(sqlite3.connect(tmp_path / "store")) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE budget (key TEXT, value)")
        database.execute("INSERT INTO budget VALUES (?, ?)", ("market", value))
        database.commit()
        assert keys.sweep(tmp_path).found
    assert keys.sweep(tmp_path).found


def test_control_is_found_or_the_sweep_fails(tmp_path, monkeypatch):
    assert keys.sweep_with_control(tmp_path) == []
    (tmp_path / "log").write_text(f"apikey={KEY}")
    assert len(keys.sweep_with_control(tmp_path)) == 1
    monkeypatch.setattr(keys, "FORMS", [])
    with pytest.raises(AssertionError, match="planted"):
        keys.sweep_with_control(tmp_path)


def test_folder_of_a_program_is_swept_when_it_goes():
    folder = make_folder("kept")
    (folder / "log").write_text(f"apikey={KEY}")
    with pytest.raises(AssertionError, match="log: a provider's key"):
        remove_folder(folder)
    assert not folder.exists()


class Echo(Program):
    """A program that says what it is told to."""

    def _start(self, command, more_environment):
        return super()._start(["/bin/echo", *command[1:]], more_environment)


@pytest.mark.parametrize("way", ["in-clear", "in-a-url", "in-base64-behind-2"])
def test_what_a_program_says_is_searched(way, monkeypatch):
    monkeypatch.setattr("programs.program", lambda path: path)
    said = as_bytes(WAYS[way](KEY)).decode()
    with pytest.raises(AssertionError, match="a provider's key is in its log"):
        with Echo("echo", ["say", said], make_folder("echo")) as echo:
            echo.process.wait()
