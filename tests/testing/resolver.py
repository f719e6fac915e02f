# SPDX-License-Identifier: Apache-2.0
"""What a program is told when it looks a name up, and how often it does.

    with Resolver() as resolver:
        resolver.set("servers.example", ["127.0.0.1", "127.0.0.2"])
        subprocess.run([program, "servers.example:7400"], env=resolver.environment())

A library that is loaded ahead of libc answers getaddrinfo() from a file, which is read
at each look-up; so a name can come to mean something else while the program runs.  Any
other name is unknown.  Needs no rights; names.py is for threads of this program.
"""

import subprocess
import tempfile
from pathlib import Path

SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **out)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
        dlsym(RTLD_NEXT, "getaddrinfo");
    struct addrinfo numeric = *hints;
    if (hints->ai_flags & AI_NUMERICHOST) {
        return real(node, service, hints, out);
    }
    numeric.ai_flags |= AI_NUMERICHOST;
    FILE *file = fopen(getenv("RESOLVER_NAMES"), "r");
    char name[256], address[256];
    int err = EAI_NONAME;
    struct addrinfo **end = out;
    while (file != NULL && fscanf(file, "%255s %255s", name, address) == 2) {
        if (strcmp(name, node) == 0 && real(address, service, &numeric, end) == 0) {
            err = 0;
            while (*end != NULL) {
                end = &(*end)->ai_next;
            }
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    int log = open(getenv("RESOLVER_LOG"), O_WRONLY | O_APPEND | O_CREAT, 0600);
    if (write(log, "x", 1) != 1) {
        abort();
    }
    close(log);
    return err;
}
"""


class Resolver:
    """A set of names, each with its addresses."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="resolver-")
        folder = Path(self._folder.name)
        self._file, self._log = folder / "names", folder / "log"
        self._library = folder / "resolver.so"
        self._addresses = {}
        self._write()
        source = folder / "resolver.c"
        source.write_text(SOURCE)
        subprocess.run(["cc", "-shared", "-fPIC", "-o", self._library, source, "-ldl"],
                       check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._folder.cleanup()

    def _write(self):
        # Whole or not at all, for whoever reads it now.
        draft = self._file.with_suffix(".draft")
        draft.write_text("".join(f"{name} {address}\n"
                                 for name, addresses in self._addresses.items()
                                 for address in addresses))
        draft.replace(self._file)

    def set(self, name, addresses):
        """Let a name mean IP addresses from now on; none: let it be unknown."""
        self._addresses[name] = addresses
        self._write()

    def lookups(self):
        """How many names have been looked up."""
        return self._log.stat().st_size if self._log.exists() else 0

    def environment(self):
        """What the program needs in its environment besides what it has."""
        return {"LD_PRELOAD": str(self._library), "RESOLVER_NAMES": str(self._file),
                "RESOLVER_LOG": str(self._log), "ASAN_OPTIONS": "verify_asan_link_order=0"}
