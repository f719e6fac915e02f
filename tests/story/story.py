#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""story -- play a story: a claim about the server, shown to be true step by step.

    tests/story/story.py coalesce.story [--protocol resp] [--verbose]

A story is a text file, one step a line; '#' begins a comment.  First what there is:

    claim TEXT                    what is shown; the first step, may go over several
    provider NAME [FLAGS]         a quoted-market; without this, one named upstream
    set KEY=VALUE                 a setting of the server, over the usual ones
    file NAME                     a file, its lines indented below; ${folder} is where
                                  it lies, ${NAME} a provider's URL, its key in
                                  ${folder}/NAME.key.  quoted.yaml is the server's:
                                  then nothing is set but what stands in it
    only PROTOCOL                 the requests are those of one protocol

Clients have any names, and connect when they are first mentioned:

    c1 > ask IBM                  ask for a quote, in whichever protocol
    c1 > MGET IBM XYZ ; PING      send requests (RESP), here two in one piece
    c1 > GET N{n} times 5         the same five times, {n} being 1 to 5
    c1 >> "GET IBM\\r"             send bytes as they are
    c1 < 137.16 USD fresh         the next reply: of ask price, currency, state, or an
                                  error (-UNKNOWN *); of others as wire.render() shows
                                  it; * stands for any text; `times 5` as above
    c1 < has state fresh, name *  fields of a map, among others
    c1 < >= 45                    an integer so large
    c1 << "HTTP/1.1 501*"         the bytes up to the end of the connection
    c1 closed                     the server closed it, and nothing came before
    c1 close | reset | fin        the client goes away, as named
    c1 refused                    nobody listens any more
    c2 apart from c1              connect to another worker than c1's
    c2 at unix                    connect to the server's Unix socket

The provider, by its name, here upstream:

    upstream price IBM 189.84     fix a price          upstream hold IBM
    upstream release IBM [N]      go on with all, or the first N that are held
    upstream answer IBM 189.84    price and release
    upstream next IBM class=limit_day repeat=2    set the next answers: class status
                                  body location truncate repeat reset hang, or
                                  fixture=NAME of tests/data/providers/alphavantage
    upstream stop | start         end the program, start it again

And what is seen:

    until waits_open == 1         wait until a counter (INFO stats) is as stated, or
    until upstream.held == 2      one of a provider's (total, held, connections,
    until PTTL IBM == :0          in_flight, a symbol), or the reply of a command
    count cache_misses +1, upstream.IBM +1        by how much counters have changed
                                  since the last `count`
    log TEXT | no log TEXT        a line of the log, since the last signal
    signal TERM | INT | HUP | KILL      to the server
    exits 0                       it ends, within five seconds
    again                         end it if it runs, and start another one; what follows
                                  is about that

Nothing waits for time: every step waits until what it states is so, and fails when
that takes too long.
"""

import argparse
import ast
import operator
import re
import shlex
import signal
import sys
from pathlib import Path

from stage import Stage  # first: it makes the others' folder known
from programs import SLOWER, wait_until
from wire import Ended, compose, render

HERE = Path(__file__).resolve().parent
FIXTURES = HERE.parent / "data/providers/alphavantage"

# How long counters may take to become what `count` says: by then they are.
SETTLE_S = 5 * SLOWER

COMPARE = {"==": operator.eq, "!=": operator.ne, "<=": operator.le, ">=": operator.ge,
           "<": operator.lt, ">": operator.gt}


class Failed(Exception):
    """A step that was not as stated."""


class Resp:
    """How the Redis protocol says what every protocol can say."""

    @staticmethod
    def ask(symbol):
        """The request that `ask` stands for."""
        return ["HMGET", symbol, "price", "currency", "state"]

    @staticmethod
    def show(reply):
        """Its reply, as stories write it."""
        if isinstance(reply, list):
            return " ".join("-" if part is None else part for part in reply)
        return render(reply)


PROTOCOLS = {"resp": Resp}


def is_like(text, pattern):
    """Whether a text is as a pattern says, in which * is any text."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.S) is not None


def fields_of(reply):
    """A map as a dict, also as RESP 2 sends it."""
    if isinstance(reply, list) and len(reply) % 2 == 0:
        return dict(zip(reply[::2], reply[1::2]))
    return reply if isinstance(reply, dict) else {}


def read_steps(path):
    """The steps of a file as (line, text, indented lines below)."""
    steps = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line[:1].isspace() and line.strip() and steps and steps[-1][1].startswith("file "):
            steps[-1][2].append(line)
            continue
        text = re.sub(r"(^|\s\s+)#.*", "", line).strip()
        if text:
            steps.append((number, text, []))
    if not steps or not steps[0][1].startswith("claim "):
        raise Failed(f"{path.name}:1: a story begins with its claim")
    return steps


def is_played_over(path, protocol):
    """Whether a story's requests can be sent over a protocol."""
    only = [text[5:] for _, text, _ in read_steps(path) if text.startswith("only ")]
    return not only or protocol in only


class Story:
    """A story being played."""

    def __init__(self, path, protocol="resp", say=lambda text: None):
        self.path = path
        self.protocol = PROTOCOLS[protocol]
        self.say = say
        self.stage = Stage()
        self.heard = 0  # lines of the log before the last signal

    def play(self):
        """Play every step; raises Failed with all there is to say."""
        try:
            for number, text, block in [*read_steps(self.path), (0, "end", [])]:
                self.say(f"{self.path.name}:{number}: {text}")
                try:
                    self.step(text, block)
                except (AssertionError, Failed, Ended, OSError, LookupError, TypeError,
                        ValueError) as error:
                    raise Failed(self.explain(number, text, error)) from error
        finally:
            self.stage.clear()

    def explain(self, number, text, error):
        """What is said of a step that failed."""
        parts = [f"{self.path.name}:{number}: {text}",
                 f"  {error}" if str(error) else f"  {type(error).__name__}"]
        if self.stage.server:
            parts += ["  the server's log ended with:", self.stage.server.tail()]
        return "\n".join(parts)

    def step(self, text, block):
        """Play one step."""
        word, _, rest = text.partition(" ")
        if match := re.fullmatch(r"(\w+) (>>|<<|>|<|apart from|at) (.+)", text):
            name, action, what = match.groups()
            actions = {">": self.send, "<": self.expect, ">>": self.send_raw,
                       "<<": self.expect_raw, "apart from": self.stage.connect_apart,
                       "at": self.stage.connect_at}
            actions[action](name, what)
        elif rest in ("close", "reset", "fin", "closed", "refused"):
            getattr(self, f"client_{rest}")(word)
        elif self.stage.has_provider(word):
            self.tell_provider(word, rest)
        elif step := getattr(self, f"do_{word}", None):
            step(rest, block)
        else:
            raise Failed("this is no step")

    # --- What there is ----------------------------------------------------------------

    def do_claim(self, _text, _block):
        """Nothing is done."""

    def do_only(self, _protocol, _block):
        """Whoever plays it has asked is_played_over()."""

    def do_provider(self, rest, _block):
        name, *flags = shlex.split(rest)
        self.stage.flags[name] = flags

    def do_set(self, settings, _block):
        self.stage.settings += shlex.split(settings)

    def do_file(self, name, block):
        indent = min(len(line) - len(line.lstrip()) for line in block)
        text = self.stage.fill_in("\n".join(line[indent:] for line in block) + "\n")
        (self.stage.folder / name).write_text(text, encoding="utf-8")

    # --- Clients ----------------------------------------------------------------------

    def send(self, name, what):
        client = self.stage.client(name)
        what, times = self.read_times(what)
        data = b""
        for n in range(1, times + 1):
            for request in what.replace("{n}", str(n)).split(" ; "):
                words = shlex.split(request)
                is_ask = words[0] == "ask"
                data += compose(self.protocol.ask(words[1]) if is_ask else words)
                client.pending.append(is_ask)
        client.connection.send_raw(data)

    @staticmethod
    def read_times(what):
        match = re.fullmatch(r"(.+?) times (\d+)", what)
        return (match.group(1), int(match.group(2))) if match else (what, 1)

    def send_raw(self, name, what):
        self.stage.client(name).connection.send_raw(ast.literal_eval("b" + what))

    def expect(self, name, what):
        client = self.stage.client(name)
        what, times = self.read_times(what)
        for n in range(1, times + 1):
            reply = client.connection.receive()
            is_ask = client.pending.pop(0) if client.pending else False
            came = self.protocol.show(reply) if is_ask else render(reply)
            if not self.is_expected(reply, came, what.replace("{n}", str(n))):
                raise Failed(f"expected: {what}\n  came:     {came}")

    @staticmethod
    def is_expected(reply, came, what):
        if what.startswith("has "):
            fields = fields_of(reply)
            parts = [part.split(" ", 1) for part in what[4:].split(", ")]
            return all(name in fields and is_like(render(fields[name]), value)
                       for name, value in parts)
        if match := re.fullmatch(r"([<>]=?) (\d+)", what):
            return isinstance(reply, int) and COMPARE[match.group(1)](reply, int(match.group(2)))
        return is_like(came, what)

    def expect_raw(self, name, what):
        data = self.stage.client(name).connection.wait_end()
        came = data.decode("utf-8", "backslashreplace")
        if not is_like(came, ast.literal_eval(what)):
            raise Failed(f"expected: {what}\n  came:     {came!r}")

    def client_close(self, name):
        self.stage.clients.pop(name).connection.close()

    def client_reset(self, name):
        self.stage.clients.pop(name).connection.reset()

    def client_fin(self, name):
        self.stage.clients[name].connection.end_sending()

    def client_closed(self, name):
        self.expect_raw(name, "''")

    def client_refused(self, name):
        def is_refused():
            try:
                self.stage.server.connect().close()
            except ConnectionError:
                return True
            return False

        # Each worker closes its own listener, some a moment later than others.
        wait_until(is_refused, f"{name} was accepted")

    # --- The provider -----------------------------------------------------------------

    def tell_provider(self, name, rest):
        market = self.stage.provider(name)
        verb, *words = shlex.split(self.stage.fill_in(rest))
        if verb == "hold":
            market.hold(*words)
        elif verb == "release":
            market.release(words[0], *map(int, words[1:]))
        elif verb in ("price", "answer"):
            market.set_price(words[0], words[1])
            if verb == "answer":
                market.release(words[0])
        elif verb == "next":
            market.answer_next(words[0], self.read_answer(words[1:]))
        elif verb == "stop":
            market.finish()
        elif verb == "start":
            self.stage.start_provider_again(name)
        else:
            raise Failed(f"a provider can't {verb}")

    @staticmethod
    def read_answer(words):
        answer = {}
        for word in words:
            key, _, value = word.partition("=")
            if key == "fixture":
                answer["body"] = (FIXTURES / value).read_text(encoding="utf-8")
            elif key in ("reset", "hang"):
                answer[key] = True
            elif key == "location":
                answer["headers"] = {"Location": value}
            else:
                answer[key] = int(value) if key in ("status", "truncate", "repeat") else value
        return answer

    # --- What is seen -----------------------------------------------------------------

    def do_until(self, condition, _block):
        self.stage.start()
        match = re.fullmatch(r"(.+?) (==|!=|<=|>=|<|>) (.+)", condition)
        if not match:
            raise Failed("until NAME == VALUE")
        what, compare, value = match.groups()

        def came():
            if " " in what:
                return render(self.stage.observe(*what.split()))
            return str(self.stage.look().get(what, 0))

        def is_so():
            now = came()
            if now.isdigit() and value.isdigit():
                return COMPARE[compare](int(now), int(value))
            return COMPARE[compare](now, value)

        wait_until(is_so, lambda: f"{condition}; it is {came()}")

    def do_count(self, rest, _block):
        wanted = {name: int(change) for name, change in
                  (part.split() for part in rest.split(","))}
        now = self.stage.look()
        for name in wanted:
            if "." not in name and name not in now:
                raise Failed(f"there is no counter {name}")

        def is_so():
            now.update(self.stage.look())
            changes = self.stage.changes(now)
            return all(changes.get(name, 0) == change for name, change in wanted.items())

        def came():
            return f"{rest}\n  changed:  " + ", ".join(
                f"{name} {change:+}" for name, change in self.stage.changes(now).items())

        wait_until(is_so, came, SETTLE_S)
        self.stage.rebase(now)

    def do_log(self, text, _block):
        self.stage.start()
        self.stage.server.wait_line(".*".join(map(re.escape, text.split("*"))), self.heard)

    def do_no(self, rest, _block):
        if self.stage.server.find_line(re.escape(rest.removeprefix("log ")), self.heard):
            raise Failed("it was logged")

    def do_signal(self, name, _block):
        self.stage.start()
        self.heard = len(self.stage.server.lines)
        self.stage.server.signal(signal.Signals[f"SIG{name}"])

    def do_again(self, _, _block):
        self.heard = 0
        self.stage.start_again()

    def do_exits(self, code, _block):
        self.stage.status = self.stage.server.wait_exit()
        if self.stage.status != int(code):
            raise Failed(f"it ended with {self.stage.status}")

    def do_end(self, _, _block):
        """The last step of every story: all programs end as they should."""
        self.stage.finish()


def main():
    parser = argparse.ArgumentParser(description="Play a story.",
                                     epilog="The steps are described in this file.")
    parser.add_argument("stories", nargs="+", type=Path, metavar="FILE.story")
    parser.add_argument("--protocol", choices=PROTOCOLS, default="resp")
    parser.add_argument("--verbose", action="store_true", help="print each step as it is played")
    arguments = parser.parse_args()
    failures = 0
    for path in arguments.stories:
        path = path if path.exists() else HERE / path
        if not is_played_over(path, arguments.protocol):
            print(f"skipped {path.name}: its requests are those of another protocol")
            continue
        try:
            Story(path, arguments.protocol, print if arguments.verbose else lambda _: None).play()
            print(f"ok      {path.name}")
        except Failed as error:
            failures += 1
            print(f"failed  {path.name}\n{error}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
