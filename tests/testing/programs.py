# SPDX-License-Identifier: Apache-2.0
"""The programs under test as objects: start, wait for what they say, end, check.

    with Market() as market, Server(market) as server:
        with server.connect() as client:
            assert client.ask("GET", "IBM") == "137.16"

The programs are those of the build in $QUOTED_BUILD (default: build).  Each gets
free ports and a folder of its own, so any number of tests may run at once.  When
the block is left, the program must end as it should: told by SIGTERM, within five
seconds, with 0, without a report of a sanitizer, and without having let out the
provider's key anywhere.  $QUOTED_SLOWER multiplies what is waited at most.
"""

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import keys
from ports import hold_port
from wire import Connection

TOP = Path(__file__).resolve().parents[2]
BUILD = TOP / os.environ.get("QUOTED_BUILD", "build")
SLOWER = float(os.environ.get("QUOTED_SLOWER", "1"))

# What is waited for at most: all of it takes milliseconds when it works.
DEADLINE_S = 10 * SLOWER
END_S = 5 * SLOWER

# How often a condition is looked at that can't wake us.
LOOK_S = 0.005

REPORTS = re.compile("ERROR: AddressSanitizer|ERROR: LeakSanitizer|WARNING: ThreadSanitizer"
                     "|runtime error:|ThreadSanitizer:DEADLYSIGNAL|check failed")


def wait_until(condition, what, deadline_s=DEADLINE_S, look_s=LOOK_S):
    """Looks at condition() until it is true and returns its value; raises
    AssertionError with `what` (a text, or a function that gives one) if it isn't."""
    end = time.monotonic() + deadline_s
    pause = threading.Event()
    while not (value := condition()):
        if time.monotonic() > end:
            text = what() if callable(what) else what
            raise AssertionError(f"not within {deadline_s:g} s: {text}")
        pause.wait(look_s)
    return value


def read_info(text):
    """The reply of INFO as a dict; numbers as int."""
    pairs = (line.split(":", 1) for line in text.split("\r\n") if ":" in line)
    return {name: int(value) if value.isdigit() else value for name, value in pairs}


def environment(more=None):
    """What a program gets: nothing of quoted's settings of whoever runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("QUOTED_")}
    kept.setdefault("ASAN_OPTIONS", "detect_leaks=1:strict_string_checks=1:exitcode=99")
    kept.setdefault("UBSAN_OPTIONS", "print_stacktrace=1:halt_on_error=1:exitcode=99")
    suppressions = TOP / "tests/tsan.supp"
    kept.setdefault("TSAN_OPTIONS", "exitcode=99:history_size=7" +
                    (f":suppressions={suppressions}" if suppressions.exists() else ""))
    # Or each program would stay for a second after its end, to see what comes.
    kept["TSAN_OPTIONS"] += ":atexit_sleep_ms=20"
    kept.pop("NOTIFY_SOCKET", None)
    kept.update(more or {})
    return kept


def program(path):
    """Where a program of the build is; AssertionError where it is not built."""
    found = BUILD / path
    assert found.exists(), f"{found} is not there: build it, or set QUOTED_BUILD"
    return found


def make_folder(name):
    """A new folder for a program's files; it goes with the program."""
    return Path(tempfile.mkdtemp(prefix=f"{name}-"))


def remove_folder(folder):
    """Remove it with all that is in it, where no key may be but in a file of its own;
    gone already is allowed."""
    try:
        keys.check(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Program:
    """A running program and all that it has said, on both outputs, by line."""

    def __init__(self, path, arguments, folder, more_environment=None):
        self.name = Path(path).name
        self.folder = folder
        self.secrets = []
        self.lines = []
        self._said = threading.Condition()
        self._has_ended = False
        try:
            self.process = self._start([program(path), *map(str, arguments)], more_environment)
        except BaseException:
            remove_folder(folder)
            raise
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _start(self, command, more_environment):
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="backslashreplace", env=environment(more_environment))

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.finish()
        else:
            self.kill()

    def _read(self):
        for line in self.process.stdout:
            with self._said:
                self.lines.append(line.rstrip("\n"))
                self.heard(self.lines[-1])
                self._said.notify_all()
        with self._said:
            self._has_ended = True
            self._said.notify_all()

    def heard(self, line):
        """What a subclass makes of each line; called by the thread that reads."""

    @property
    def pid(self):
        return self.process.pid

    def tail(self, count=30):
        """The last lines that it said, for the text of a failure."""
        return "\n".join(f"    {line}" for line in self.lines[-count:])

    def find_line(self, pattern, start=0):
        """The first match of a regular expression in the lines from `start` on."""
        for line in self.lines[start:]:
            if match := re.search(pattern, line):
                return match
        return None

    def wait_line(self, pattern, start=0, deadline_s=DEADLINE_S):
        """The same, once it has been said."""
        match = None

        def has_come():
            nonlocal match
            match = self.find_line(pattern, start)
            return match or self._has_ended

        with self._said:
            self._said.wait_for(has_come, deadline_s)
        assert match, f"{self.name} did not say /{pattern}/, but:\n{self.tail()}"
        return match

    def signal(self, number):
        """Send a signal, to this process only."""
        self.process.send_signal(number)

    def wait_exit(self, deadline_s=END_S):
        """The exit status, once it has ended and all that it said has been read."""
        try:
            code = self.process.wait(deadline_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(
                f"{self.name} did not end within {deadline_s:g} s:\n{self.tail()}") from None
        self._reader.join(DEADLINE_S)
        return code

    def kill(self):
        """End it at once; what it leaves behind is not looked at."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join(DEADLINE_S)
        remove_folder(self.folder)

    def finish(self, expected=0):
        """End it as an operator would, unless it has ended; check how it did."""
        try:
            if self.process.poll() is None:
                self.signal(signal.SIGTERM)
            code = self.wait_exit()
            assert code == expected, f"{self.name} ended with {code}:\n{self.tail(80)}"
            self.check_said("\n".join(self.lines), "its log")
        finally:
            self.kill()

    def check_said(self, text, where):
        """What must not be in anything that a program says."""
        report = REPORTS.search(text)
        assert not report, f"{self.name}: {report.group()} in {where}:\n{self.tail(120)}"
        form = keys.search(text)
        assert not form, f"{self.name}: a provider's key is in {where}, {form}"
        for secret in self.secrets:
            assert secret not in text, f"{self.name}: the provider's key is in {where}"


class Market(Program):
    """quoted-market, told what to do through its control API.  Its prices stand still,
    so that a test means the same however long it takes; --step lets them move."""

    limits = "none"  # what a server is told of it

    def __init__(self, *arguments, key=None, host="127.0.0.1"):
        self.key = key or keys.make_key()
        # Nobody else's, also when this has ended.
        self._holder = hold_port(host)
        port = self._holder.getsockname()[1]
        super().__init__("market/quoted-market",
                         ["--listen", f"{host}:{port}", "--key", self.key, "--step", "0",
                          *arguments], make_folder("market"))
        try:
            self.url = self.wait_line(rf"(http://{re.escape(host)}:\d+)").group(1)
            # One connection for all control, so that the others are the server's.
            self._control = http.client.HTTPConnection(self.url[7:], timeout=DEADLINE_S + 5)
            self.order("reset")
        except BaseException:
            self.kill()
            raise

    def finish(self, expected=0):
        self._control.close()
        super().finish(expected)

    def _request(self, method, path, body=None):
        data = None if body is None else json.dumps(body)
        self._control.request(method, f"/_market/{path}", data,
                              {"Content-Type": "application/json"} if data else {})
        response = self._control.getresponse()
        answer = json.loads(response.read())
        assert response.status == 200, \
            f"quoted-market refused {path} {data}: {response.status} {answer}"
        return answer

    def order(self, path, **fields):
        """POST to the control API, as order("price", symbol="IBM", price="1.00")."""
        return self._request("POST", path, fields)

    def hold(self, symbol="*"):
        """Let calls for a symbol wait until they are released."""
        self.order("hold", symbol=symbol)

    def release(self, symbol="*", count=None):
        """Go on with them: with the first `count`, or all, and hold no longer."""
        self.order("release", symbol=symbol, **({} if count is None else {"count": count}))

    def set_price(self, symbol, price, **more):
        """Fix a symbol's price."""
        self.order("price", symbol=symbol, price=price, **more)

    def answer_next(self, symbol, *answers):
        """Set the next answers of a symbol; see quoted-market(1)."""
        self.order("next", symbol=symbol, answers=list(answers))

    def counts(self):
        """What it has counted: total, held, in_flight, connections, symbols."""
        return self._request("GET", "calls")

    def calls(self, symbol=None):
        """How often it was called, for one symbol or in all."""
        counts = self.counts()
        return counts["total"] if symbol is None else counts["symbols"].get(symbol, 0)

    def wait(self, name, count, symbol=None):
        """Wait until calls, held or connections has reached a count, or in_flight
        has come down to it."""
        of = "" if symbol is None else f"&symbol={symbol}"
        return self._request("GET", f"wait?{name}={count}{of}&timeout={int(DEADLINE_S)}s")


class Server(Program):
    """quoted.  `market` may be one Market or Stub, a list of them, or None with
    `config` naming a file of its own."""

    def __init__(self, market=None, *settings, config=None, more_environment=None):
        markets = market if isinstance(market, (list, tuple)) else [market] if market else []
        folder = make_folder("quoted")
        flags = ["--config", config] if config else []
        if not config:
            settings = ["server.listen=127.0.0.1:0", "server.workers=2", "log.level=debug",
                        *self._provider_settings(markets, folder), *settings]
        flags += [part for setting in settings for part in ("--set", setting)]
        self.connections = []
        super().__init__("src/quoted", flags, folder, more_environment)
        self.secrets = [one.key for one in markets]
        try:
            self.wait_line(r"msg=ready|\"msg\":\"ready\"")
        except BaseException:
            self.kill()
            raise
        self.addresses = [self._address(line) for line in self.lines if "listening" in line]
        self.address = self.addresses[0]
        self._holders = []  # of ports that are nobody else's, also when this has ended
        for address in self.addresses:
            with contextlib.suppress(OSError):  # of a kind that can't be held
                if not isinstance(address, str):
                    self._holders.append(hold_port(*address, is_shared=True))

    @staticmethod
    def _provider_settings(markets, folder):
        # Two markets need two names; both speak the market's tongue.
        names = iter(("market", "alphavantage"))
        for i, one in enumerate(markets):
            name = one.provider if hasattr(one, "provider") else next(names)
            path = folder / name
            path.write_text(one.key + "\n")
            yield from (f"providers.{i}.name={name}", f"providers.{i}.url={one.url}",
                        f"providers.{i}.key_file={path}", f"providers.{i}.limits={one.limits}",
                        # What is held is held for as long as a test takes.
                        f"providers.{i}.timeout=1m")

    @staticmethod
    def _address(line):
        text = re.search(r'address"?[=:]"?([^ "]+)', line).group(1)
        if text.startswith("unix:"):
            return text[5:]
        host, port = text.rsplit(":", 1)
        return host.strip("[]"), int(port)

    def connect(self, address=None, **options):
        """A connection; what it receives is searched for the key at the end."""
        connection = Connection(address or self.address, **options)
        self.connections.append(connection)
        return connection

    def finish(self, expected=0):
        for connection in self.connections:
            self.check_said(connection.received.decode("utf-8", "replace"), "a reply")
            connection.close()
        super().finish(expected)

    def kill(self):
        super().kill()
        for connection in self.connections:
            connection.close()
