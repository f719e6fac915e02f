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
                                  body truncate repeat reset hang, or fixture=NAME from
                                  tests/data/providers/alphavantage
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
import shutil
import signal
import string
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "testing"))

from programs import SLOWER, Market, Server, make_folder, read_info, wait_until  # noqa: E402
from wire import Ended, compose, render  # noqa: E402

FIXTURES = HERE.parent / "data/providers/alphavantage"

# How long counters may take to become what `count` says: by then they are.
SETTLE_S = 2 * SLOWER

COMPARE = {"==": operator.eq, "!=": operator.ne, "<=": operator.le, ">=": operator.ge,
           "<": operator.lt, ">": operator.gt}


class Failed(Exception):
    """A step that was not as stated."""


class Resp:
    """How the Redis protocol says what every protocol can say."""

    @staticmethod
    def ask(symbol):
        return ["HMGET", symbol, "price", "currency", "state"]

    @staticmethod
    def show(reply):
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


class Client:
    """One client of a story, and what each of its pending replies answers."""

    def __init__(self, connection):
        self.connection = connection
        self.pending = []  # whether it was an `ask`


class Story:
    """A story being played."""

    def __init__(self, path, protocol="resp", say=lambda text: None):
        self.path = path
        self.protocol = PROTOCOLS[protocol]
        self.say = say
        self.folder = make_folder("story")
        self.flags = {}  # provider -> its flags
        self.providers = {}
        self.settings = []
        self.clients = {}
        self.server = None
        self.observer = None
        self.observed = 0  # requests of the observer, which count like others
        self.base = {}
        self.status = 0  # with which the server is to end
        self.heard = 0  # lines of the log before the last signal

    def play(self):
        """Play every step; raises Failed with all there is to say."""
        try:
            for number, text, block in read_steps(self.path):
                self.say(f"{self.path.name}:{number}: {text}")
                try:
                    self.step(text, block)
                except (AssertionError, Failed, Ended, OSError, TypeError, ValueError) as error:
                    raise Failed(self.explain(number, text, error)) from error
            try:
                self.finish()
            except AssertionError as error:
                raise Failed(self.explain(number, "(the end)", error)) from error
        finally:
            for program in [self.server, *self.providers.values()]:
                if program:
                    program.kill()
            shutil.rmtree(self.folder, ignore_errors=True)

    def explain(self, number, text, error):
        parts = [f"{self.path.name}:{number}: {text}", f"  {error or type(error).__name__}"]
        if self.server:
            parts += ["  the server's log ended with:", self.server.tail()]
        return "\n".join(parts)

    def finish(self):
        if not self.server:
            raise AssertionError("nothing was asked of the server")
        self.server.finish(self.status)
        for market in self.providers.values():
            market.finish()

    def step(self, text, block):
        word, _, rest = text.partition(" ")
        if match := re.fullmatch(r"(\w+) (>>|<<|>|<|apart from|at) (.+)", text):
            name, action, what = match.groups()
            times = 1
            if action in "<>" and (match := re.fullmatch(r"(.+?) times (\d+)", what)):
                what, times = match.group(1), int(match.group(2))
            actions = {">": self.send, "<": self.expect, ">>": self.send_raw,
                       "<<": self.expect_raw, "apart from": self.connect_apart,
                       "at": self.connect_at}
            actions[action](name, what, times)
        elif rest in ("close", "reset", "fin", "closed", "refused"):
            getattr(self, f"client_{rest}")(word)
        elif word in self.flags or (word == "upstream" and not self.flags):
            self.tell_provider(word, rest)
        elif step := getattr(self, f"do_{word}", None):
            step(rest, block) if block else step(rest)
        else:
            raise Failed("this is no step")

    # --- What there is ----------------------------------------------------------------

    def do_claim(self, text):
        pass

    def do_only(self, protocol):
        pass

    def do_provider(self, rest):
        name, *flags = shlex.split(rest)
        self.flags[name] = flags

    def do_set(self, setting):
        self.settings += shlex.split(self.fill_in(setting))

    def do_file(self, name, block):
        self.start_providers()
        indent = min(len(line) - len(line.lstrip()) for line in block)
        text = "\n".join(line[indent:] for line in block) + "\n"
        (self.folder / name).write_text(self.fill_in(text), encoding="utf-8")

    def fill_in(self, text):
        values = {name: market.url for name, market in self.providers.items()}
        return string.Template(text).substitute(values, folder=self.folder)

    def start_providers(self):
        self.flags = self.flags or {"upstream": []}
        for name, flags in self.flags.items():
            if name not in self.providers:
                self.providers[name] = Market(*flags)
                (self.folder / f"{name}.key").write_text(self.providers[name].key + "\n")

    def start(self):
        if self.server:
            return
        self.start_providers()
        config = self.folder / "quoted.yaml"
        self.server = Server(list(self.providers.values()), *self.settings,
                             config=config if config.exists() else None)
        self.observer = self.server.connect()
        self.rebase()

    # --- Clients ----------------------------------------------------------------------

    def client(self, name):
        self.start()
        if name not in self.clients:
            self.clients[name] = Client(self.server.connect())
        return self.clients[name]

    def send(self, name, what, times):
        client = self.client(name)
        data = b""
        for n in range(1, times + 1):
            for request in what.replace("{n}", str(n)).split(" ; "):
                words = shlex.split(request)
                is_ask = words[0] == "ask"
                data += compose(self.protocol.ask(words[1]) if is_ask else words)
                client.pending.append(is_ask)
        client.connection.send_raw(data)

    def send_raw(self, name, what, _):
        client = self.client(name)
        client.pending.append(False)
        client.connection.send_raw(ast.literal_eval("b" + what))

    def expect(self, name, what, times):
        client = self.clients[name]
        for n in range(1, times + 1):
            reply = client.connection.receive()
            is_ask = client.pending.pop(0) if client.pending else False
            came = self.protocol.show(reply) if is_ask else render(reply)
            pattern = what.replace("{n}", str(n))
            if pattern.startswith("has "):
                self.expect_fields(fields_of(reply), pattern[4:], came)
            elif match := re.fullmatch(r"([<>]=?) (\d+)", pattern):
                if not (isinstance(reply, int)
                        and COMPARE[match.group(1)](reply, int(match.group(2)))):
                    raise Failed(f"expected: {pattern}\n  came:     {came}")
            elif not is_like(came, pattern):
                raise Failed(f"expected: {pattern}\n  came:     {came}")

    @staticmethod
    def expect_fields(fields, pattern, came):
        for part in pattern.split(", "):
            field, value = part.split(" ", 1)
            if field not in fields or not is_like(render(fields[field]), value):
                raise Failed(f"expected: {field} {value}\n  came:     {came}")

    def expect_raw(self, name, what, _):
        came = self.client(name).connection.wait_end().decode("utf-8", "backslashreplace")
        if not is_like(came, ast.literal_eval(what)):
            raise Failed(f"expected: {what}\n  came:     {came!r}")

    def connect_apart(self, name, other, _):
        def worker(client):
            return read_info(client.connection.ask("INFO", "server"))["worker"]

        taken = worker(self.client(other))

        def is_apart():
            client = Client(self.server.connect())
            if worker(client) == taken:
                client.connection.close()
                return False
            self.clients[name] = client
            return True

        wait_until(is_apart, f"no connection came to another worker than {taken}")
        wait_until(lambda: self.look()["connections_open"] == len(self.clients) + 1,
                   "connections that were tried are still open")
        self.rebase()

    def connect_at(self, name, family, _):
        self.start()
        address = {isinstance(one, str): one for one in self.server.addresses}[family == "unix"]
        self.clients[name] = Client(self.server.connect(address))

    def client_close(self, name):
        self.clients.pop(name).connection.close()

    def client_reset(self, name):
        self.clients.pop(name).connection.reset()

    def client_fin(self, name):
        self.clients[name].connection.end_sending()

    def client_closed(self, name):
        rest = self.client(name).connection.wait_end()
        if rest:
            raise Failed(f"expected: the end\n  came:     {rest!r}")

    def client_refused(self, name):
        try:
            self.server.connect()
        except ConnectionError:
            return
        raise Failed(f"{name} was accepted")

    # --- The provider -----------------------------------------------------------------

    def tell_provider(self, name, rest):
        self.start_providers()
        market = self.providers[name]
        verb, *words = shlex.split(rest)
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
            flags = [*self.flags[name], "--listen", market.url.removeprefix("http://")]
            self.providers[name] = Market(*flags, key=market.key)
            self.rebase()
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
            else:
                answer[key] = int(value) if key in ("status", "truncate", "repeat") else value
        return answer

    # --- What is seen -----------------------------------------------------------------

    def observe(self, *words):
        self.observed += 1
        try:
            return self.observer.ask(*words)
        except Ended:  # it was idle for too long, like anybody's
            self.observer = self.server.connect()
            return self.observer.ask(*words)

    def look(self):
        """All counters, those of the server without what looking at them adds."""
        counters = read_info(self.observe("INFO", "stats"))
        counters["requests"] -= self.observed
        for name, market in self.providers.items():
            if market.process.poll() is None:
                counts = market.counts()
                counts.update(counts.pop("symbols"))
                counters.update({f"{name}.{key}": value for key, value in counts.items()})
        return counters

    def rebase(self):
        self.base = self.look()

    def do_until(self, condition):
        self.start()
        match = re.fullmatch(r"(.+?) (==|!=|<=|>=|<|>) (.+)", condition)
        if not match:
            raise Failed("until NAME == VALUE")
        what, compare, value = match.groups()

        def came():
            if " " not in what:
                return str(self.look().get(what, 0))
            return render(self.observe(*what.split()))

        def is_so():
            now = came()
            if now.isdigit() and value.isdigit():
                return COMPARE[compare](int(now), int(value))
            return COMPARE[compare](now, value)

        wait_until(is_so, lambda: f"{condition}; it is {came()}")

    def do_count(self, rest):
        wanted = {}
        for part in rest.split(","):
            name, change = part.split()
            wanted[name] = int(change)
        now = {}

        def is_so():
            now.update(self.look())
            unknown = [name for name in wanted if "." not in name and name not in now]
            if unknown:
                raise Failed(f"there is no counter {unknown[0]}")
            return all(now.get(name, 0) - self.base.get(name, 0) == change
                       for name, change in wanted.items())

        def changes():
            return ", ".join(f"{name} {value - self.base.get(name, 0):+}"
                             for name, value in now.items() if value != self.base.get(name, 0))

        wait_until(is_so, lambda: f"{rest}\n  changed:  {changes()}", SETTLE_S)
        self.base = now

    def do_log(self, text):
        self.start()
        self.server.wait_line(".*".join(map(re.escape, text.split("*"))), self.heard)

    def do_no(self, rest):
        text = rest.removeprefix("log ")
        if self.server.find_line(re.escape(text), self.heard):
            raise Failed("it was logged")

    def do_signal(self, name):
        self.start()
        self.heard = len(self.server.lines)
        self.server.signal(signal.Signals[f"SIG{name}"])

    def do_again(self, _):
        self.server.finish(self.status)
        self.server = None
        self.status = 0
        self.clients = {}
        self.heard = 0
        self.start()

    def do_exits(self, code):
        self.status = self.server.wait_exit()
        if self.status != int(code):
            raise Failed(f"it ended with {self.status}")


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
