# SPDX-License-Identifier: Apache-2.0
"""libquoted in a Python program, by ctypes: as a client of servers, in tests.

    with Client(fleet.addresses, balance="round-robin", timeout_ms=2000) as client:
        quote = client.get("IBM")
        assert (quote.error, quote.price, quote.server) == ("OK", "137.16", "2")

The library is that of the build in $QUOTED_BUILD.  A call lets other threads run,
so any number of threads, each with a client of its own, ask at once.  A sanitizer's
build can't be loaded into Python: ask why_no_library() first.
"""

import ctypes
import re
import subprocess
from dataclasses import dataclass

from programs import BUILD

LIBRARY = BUILD / "client/lib/libquoted.so"

BALANCES = ("connection", "round-robin", "random", "least-loaded")


class _Number(ctypes.Structure):
    _fields_ = [("digits", ctypes.c_int64), ("exponent", ctypes.c_int32),
                ("text", ctypes.c_char * 36)]


# As include/quoted/quoted.h has them.
class _Quote(ctypes.Structure):
    _fields_ = [
        ("size", ctypes.c_uint32), ("status", ctypes.c_int32), ("state", ctypes.c_int32),
        ("reserved", ctypes.c_int32), ("age_ms", ctypes.c_int64),
        *((name, _Number) for name in ("price", "open", "high", "low", "previous_close",
                                       "change", "change_percent", "volume")),
        ("symbol", ctypes.c_char * 40), ("name", ctypes.c_char * 128),
        ("currency", ctypes.c_char * 16), ("as_of", ctypes.c_char * 40),
        ("fetched", ctypes.c_char * 40), ("source", ctypes.c_char * 32),
        ("server", ctypes.c_char * 128), ("message", ctypes.c_char * 256),
        ("delay", ctypes.c_char * 24), ("unit_factor", ctypes.c_char * 8),
    ]


class _Options(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("timeout_ms", ctypes.c_uint32),
                ("rounds_max", ctypes.c_uint32), ("client_name", ctypes.c_char_p),
                ("balance", ctypes.c_uint32), ("attempt_ms", ctypes.c_uint32)]


@dataclass(frozen=True)
class Quote:
    """A quote, or why there is none: `error` is "OK" or a word of quoted.h."""

    error: str
    price: str
    server: str
    age_ms: int
    state: str
    symbol: str
    message: str
    as_of: str


def why_no_library():
    """Why tests of the library must be skipped; None where they need not be."""
    if not LIBRARY.exists():
        return f"no {LIBRARY}"
    symbols = subprocess.run(["nm", "-D", str(LIBRARY)], capture_output=True, text=True,
                             check=True).stdout
    if re.search(r"__(asan|tsan|ubsan)_", symbols):
        return "a sanitizer's build of the library can't be loaded into Python"
    return None


def _load():
    library = ctypes.CDLL(str(LIBRARY))
    library.quoted_open.argtypes = [ctypes.POINTER(ctypes.c_void_p), ctypes.c_char_p,
                                    ctypes.POINTER(_Options)]
    library.quoted_get.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.POINTER(_Quote)]
    library.quoted_get_many.argtypes = [
        ctypes.c_void_p, ctypes.POINTER(ctypes.c_char_p), ctypes.c_size_t,
        ctypes.POINTER(_Quote)]
    library.quoted_watch_open.argtypes = [
        ctypes.POINTER(ctypes.c_void_p), ctypes.c_char_p, ctypes.POINTER(_Options),
        ctypes.POINTER(ctypes.c_char_p), ctypes.c_size_t]
    library.quoted_watch_next.argtypes = [
        ctypes.c_void_p, ctypes.POINTER(_Quote), ctypes.POINTER(ctypes.c_size_t),
        ctypes.c_uint32]
    library.quoted_watch_fd.argtypes = [ctypes.c_void_p]
    library.quoted_watch_close.argtypes = [ctypes.POINTER(ctypes.c_void_p)]
    library.quoted_ping.argtypes = [ctypes.c_void_p]
    library.quoted_close.argtypes = [ctypes.POINTER(ctypes.c_void_p)]
    library.quoted_last_message.argtypes = [ctypes.c_void_p]
    for name in ("quoted_last_message", "quoted_error_name", "quoted_state_name"):
        getattr(library, name).restype = ctypes.c_char_p
    return library


def join(addresses):
    """Addresses as the library takes them: a text as it is, or (host, port) pairs."""
    if isinstance(addresses, str):
        return addresses
    return ",".join(one if isinstance(one, str) else "{}:{}".format(*one)
                    for one in addresses)


class Client:
    """A handle.  Serves one thread at a time, as in C."""

    def __init__(self, addresses, balance="connection", name=None, **options):
        """`options` are timeout_ms, attempt_ms and rounds_max."""
        self._library = _load()
        self._handle = ctypes.c_void_p()
        given = _Options(size=ctypes.sizeof(_Options), balance=BALANCES.index(balance),
                         client_name=name.encode() if name else None, **options)
        error = self._library.quoted_open(ctypes.byref(self._handle),
                                          join(addresses).encode(), ctypes.byref(given))
        if error != 0:
            raise ValueError(self._word(error))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """End the handle; ended already is allowed."""
        self._library.quoted_close(ctypes.byref(self._handle))

    def get(self, symbol):
        """The quote of one symbol."""
        quote = _Quote(size=ctypes.sizeof(_Quote))
        self._library.quoted_get(self._handle, symbol.encode(), ctypes.byref(quote))
        return self._read(quote)

    def get_many(self, symbols):
        """The quotes of several, asked for together, in their order."""
        texts = (ctypes.c_char_p * len(symbols))(*(one.encode() for one in symbols))
        quotes = (_Quote * len(symbols))()
        quotes[0].size = ctypes.sizeof(_Quote)
        self._library.quoted_get_many(self._handle, texts, len(symbols), quotes)
        return [self._read(quote) for quote in quotes]

    def ping(self):
        """"OK", or the word of the error."""
        return self._word(self._library.quoted_ping(self._handle))

    @property
    def last_message(self):
        """Why the last call failed; "" where it did not."""
        return self._library.quoted_last_message(self._handle).decode()

    def _word(self, error):
        return self._library.quoted_error_name(error).decode()

    def _read(self, quote):
        return Quote(
            error=self._word(quote.status), price=quote.price.text.decode(),
            server=quote.server.decode(), age_ms=quote.age_ms,
            state=self._library.quoted_state_name(quote.state).decode(),
            symbol=quote.symbol.decode(), message=quote.message.decode(),
            as_of=quote.as_of.decode())


class Watch:
    """A watch.  Serves one thread at a time, as in C."""

    def __init__(self, addresses, symbols, **options):
        self._library = _load()
        self._handle = ctypes.c_void_p()
        texts = (ctypes.c_char_p * len(symbols))(*(one.encode() for one in symbols))
        given = _Options(size=ctypes.sizeof(_Options), **options)
        error = self._library.quoted_watch_open(
            ctypes.byref(self._handle), join(addresses).encode(), ctypes.byref(given), texts,
            len(symbols))
        if error != 0:
            raise ValueError(self._library.quoted_error_name(error).decode())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._library.quoted_watch_close(ctypes.byref(self._handle))

    def next(self, wait_ms):
        """(index, price) of what is new, or the word of the error."""
        quote = _Quote(size=ctypes.sizeof(_Quote))
        index = ctypes.c_size_t()
        error = self._library.quoted_watch_next(self._handle, ctypes.byref(quote),
                                                ctypes.byref(index), wait_ms)
        if error != 0:
            return self._library.quoted_error_name(error).decode()
        return index.value, quote.price.text.decode()

    def fileno(self):
        """The descriptor to poll; -1 where there is none."""
        return self._library.quoted_watch_fd(self._handle)
