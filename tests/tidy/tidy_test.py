# SPDX-License-Identifier: Apache-2.0
"""tools/tidy finds what it should, and nothing in code that is as it should be.

Each test lays out a small tree with the project's own tools/rooms and looks at
the rules that fire.  A rule without a bad snippet here is not known to work.
"""
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
SPDX = "/* SPDX-License-Identifier: Apache-2.0 */\n"

GOOD_HEADER = SPDX + """/*
 * widget.h -- what a widget is.
 */

#pragma once

#include <stddef.h>

struct widget;

/* Called when it is done. */
typedef void (*widget_done_fn)(void *user, int err);

/*
 * Make one.  The caller's, to be ended with widget_destroy().
 */
int widget_create(struct widget **out, size_t len, widget_done_fn on_done,
                  void *user);

/* Stop and go on. */
void widget_pause(struct widget *widget);
void widget_resume(struct widget *widget);

/* How many; never 0. */
static inline size_t widget_count(const size_t *count)
{
    return *count + 1;
}
"""

GOOD_SOURCE = SPDX + r"""
#include "base/widget.h"

#include <string.h>

#define CHECK(condition) ((condition) ? (void)0 : (void)1)
#define MANY(x)              \
    static int many_##x(void) \
    {                        \
        return x;            \
    }

/* sprintf() and malloc() are named in a comment only, and { so is a brace. */
static const char *const words[] = {"time(", "free(", "{"};
static const struct {
    const char *name;
    int value;
} table[] = {{"a", 1}, {"b", 2}};

struct widget {
    int (*free)(struct widget *widget);
    int left;
};

static int on_step(struct widget *widget);

static int begin(struct widget *widget)
{
    return widget->left > 0 ? on_step(widget) : 0;
}

IMPLEMENTS(step)
static int on_step(struct widget *widget)
{
    widget->left--;
    return begin(widget);
}

int widget_create(struct widget **out, size_t len, widget_done_fn on_done,
                  void *user)
{
    static const int first = 1;
    int err = -1;
    struct widget made = (struct widget){.left = first};
    struct widget *list[] = {&made, &(struct widget){.left = 2}};
    CHECK(len > 0);
    for (size_t i = 0; i < len; i++) {
        if (words[i][0] == '{') {
            while (made.left > 0) {
                if (table[0].value != 0) {
                    goto out;
                }
            }
        } else if (made.free(&made) != 0) {
            err = 0;
        }
    }
    on_done(user, list[0]->left);
out:
    *out = NULL;
    return err;
}

void widget_pause(struct widget *widget)
{
    begin(widget);
}

void widget_resume(struct widget *widget)
{
    begin(widget);
}
"""

GOOD = {
    "src/base/widget.h": GOOD_HEADER,
    "src/base/widget.c": GOOD_SOURCE,
}


@pytest.fixture
def tidy(tmp_path):
    """Runs tools/tidy over a tree of {path: text} and no more; returns its lines."""

    def run(files, *options, rooms=""):
        for old in tmp_path.iterdir():
            shutil.rmtree(old)
        (tmp_path / "tools").mkdir()
        # What the project's own files are exempt from is no rule for these.
        own = re.sub(r"(?m)^\[\[exempt\]\]\n(?:\w.*\n)*", "",
                     (TOP / "tools/rooms").read_text(encoding="utf-8"))
        (tmp_path / "tools/rooms").write_text(own + rooms, encoding="utf-8")
        for path, text in files.items():
            full = tmp_path / path
            full.parent.mkdir(parents=True, exist_ok=True)
            full.write_text(text, encoding="utf-8")
        done = subprocess.run(
            [TOP / "tools/tidy", "--root", tmp_path, *options],
            capture_output=True, text=True, check=False,
        )
        lines = done.stdout.splitlines()
        assert done.returncode == (1 if lines and "--report" not in options else 0), done.stderr
        return lines

    return run


def rules(lines):
    return {line.split(": ")[1] for line in lines}


def source(body, path="src/base/thing.c"):
    return {path: SPDX + "\n" + body}


def header(body, path="src/base/thing.h"):
    return {path: SPDX + "\n#pragma once\n\n" + body}


def function(lines, name="thing_run"):
    """A function of so many lines, from its name to its closing brace."""
    body = "    call();\n" * (lines - 3)
    return f"void {name}(void)\n{{\n{body}}}\n"


def test_code_as_it_should_be_has_no_findings(tidy):
    assert tidy(GOOD) == []


def test_a_finding_names_file_line_rule_and_sentence(tidy):
    lines = tidy(source("void thing_run(void)\n{\n    strcpy(a, b);\n}\n"))
    assert len(lines) == 1
    assert lines[0].startswith("src/base/thing.c:5: banned: strcpy(): it writes without")


def test_only_what_is_under_a_path_is_shown(tidy, tmp_path):
    files = {**source("int thing_a;\n"), **source("int other_a;\n", "src/quote/other.c")}
    assert len(tidy(files)) == 2
    lines = tidy(files, str(tmp_path / "src/quote"))
    assert [line.split(":")[0] for line in lines] == ["src/quote/other.c"]


# --- Sizes ------------------------------------------------------------------------

@pytest.mark.parametrize("lines, fires", [(69, False), (70, False), (71, True)])
def test_function_length(tidy, lines, fires):
    found = tidy(source(function(lines)))
    assert ("function-length" in rules(found)) == fires


@pytest.mark.parametrize("lines, fires", [(600, False), (601, True)])
def test_length_of_a_c_file(tidy, lines, fires):
    text = SPDX + "\n" * (lines - 1)
    assert ("file-length" in rules(tidy({"src/base/thing.c": text}))) == fires


@pytest.mark.parametrize("lines, fires", [(250, False), (251, True)])
def test_length_of_a_header(tidy, lines, fires):
    text = SPDX + "#pragma once\n" + "\n" * (lines - 2)
    assert ("file-length" in rules(tidy({"src/base/thing.h": text}))) == fires


@pytest.mark.parametrize("columns, fires", [(80, False), (81, True)])
def test_line_length(tidy, columns, fires):
    line = "// " + "x" * (columns - 3) + "\n"
    assert ("line-length" in rules(tidy(source(line)))) == fires


def test_a_table_kept_from_clang_format_may_be_wider(tidy):
    def rows(columns):
        return ("/* clang-format off */\n// " + "x" * (columns - 3)
                + "\n/* clang-format on */\n")

    assert tidy(source(rows(140))) == []
    assert rules(tidy(source(rows(141)))) == {"line-length"}
    assert rules(tidy(source(rows(140) + "// " + "x" * 100 + "\n"))) == {"line-length"}


@pytest.mark.parametrize("count, fires", [(6, False), (7, True)])
def test_parameters(tidy, count, fires):
    several = ", ".join(f"int (*p{i})(int, int)" for i in range(count))
    found = tidy(source(f"void thing_run({several})\n{{\n}}\n"))
    assert ("parameters" in rules(found)) == fires


@pytest.mark.parametrize("depth, fires", [(4, False), (5, True)])
def test_nesting(tidy, depth, fires):
    blocks = ["if (a) {", "for (;;) {", "while (b) {", "switch (c) {", "do {"][:depth]
    body = "\n".join(blocks) + "\nx = (struct s){{1}, {2}};\n" + "}" * depth
    found = tidy(source(f"void thing_run(void)\n{{\n{body}\n}}\n"))
    assert ("nesting" in rules(found)) == fires


def test_else_if_does_not_nest(tidy):
    chain = "if (a) {\n}" + " else if (b) {\n}" * 10
    assert tidy(source(f"void thing_run(void)\n{{\n{chain}\n}}\n")) == []


def test_room_budget(tidy):
    rooms = tomllib.loads((TOP / "tools/rooms").read_text(encoding="utf-8"))
    budget = rooms["room"]["obs"]["lines"]
    files = {f"src/obs/file{i}.c": SPDX + "\n" * 99 for i in range(budget // 100)}
    files["src/obs/rest.h"] = SPDX + "#pragma once\n" + "\n" * (budget % 100 - 2)
    if budget % 100 < 2:
        del files["src/obs/rest.h"]
    assert tidy(files) == []
    files["src/obs/more.c"] = SPDX + "\n" * 99
    assert rules(tidy(files)) == {"room-size"}


def test_a_folder_that_is_no_room(tidy):
    assert rules(tidy(source("", "src/attic/thing.c"))) == {"room"}


# --- Form -------------------------------------------------------------------------

def test_spdx_in_c(tidy):
    assert rules(tidy({"src/base/thing.c": "\n" + SPDX})) == {"spdx"}
    assert rules(tidy({"tests/unit/base/thing_test.c": "int x;\n"})) >= {"spdx"}


@pytest.mark.parametrize("text, fires", [
    ("# SPDX-License-Identifier: Apache-2.0\n", False),
    ("#!/usr/bin/python3\n# SPDX-License-Identifier: Apache-2.0\n", False),
    ("#!/usr/bin/python3\n\"\"\"No licence.\"\"\"\n", True),
    ("\n# SPDX-License-Identifier: Apache-2.0\n", True),
])
def test_spdx_in_scripts(tidy, text, fires):
    assert ("spdx" in rules(tidy({"tests/thing.py": text}))) == fires


def test_scripts_name_debians_python(tidy):
    spdx = "# SPDX-License-Identifier: Apache-2.0\n"
    assert rules(tidy({"tools/thing": "#!/usr/bin/env python3\n" + spdx})) == {"python"}
    assert tidy({"tools/thing": "#!/usr/bin/python3\n" + spdx}) == []


def test_scripts_have_100_columns(tidy):
    spdx = "# SPDX-License-Identifier: Apache-2.0\n"
    assert tidy({"tools/thing.py": spdx + "#" * 100 + "\n"}) == []
    assert rules(tidy({"tools/thing.py": spdx + "#" * 101 + "\n"})) == {"line-length"}


def test_pragma_once(tidy):
    assert rules(tidy({"src/base/thing.h": SPDX + "struct thing;\n"})) == {"pragma"}


def test_no_typedef_of_structs(tidy):
    assert rules(tidy(header("typedef struct thing thing_t;\n"))) == {"typedef"}
    assert rules(tidy(header("typedef enum { A, B } thing_e;\n"))) == {"typedef"}


def test_no_static_is_declared_ahead(tidy):
    code = "static int late(void);\n\nint thing_run(void)\n{\n    return late();\n}\n\n" \
           "static int late(void)\n{\n    return 1;\n}\n"
    assert rules(tidy(source(code))) == {"forward"}


def test_an_attribute_may_be_declared_ahead(tidy):
    code = "static int late(const char *f, ...)\n    __attribute__((format(printf, 1, 2)));\n\n" \
           "static int late(const char *f, ...)\n{\n    return 1;\n}\n"
    assert tidy(source(code)) == []


def test_functions_that_call_in_a_circle_may_be_declared_ahead(tidy):
    code = "static int late(void);\n\nstatic int early(void)\n{\n    return late();\n}\n\n" \
           "static int late(void)\n{\n    return early();\n}\n"
    assert tidy(source(code)) == []


def test_goto_goes_forward_to_out(tidy):
    def with_body(body):
        return source(f"void thing_run(void)\n{{\n{body}\n}}\n")

    assert tidy(with_body("    goto out;\nout:\n    return;")) == []
    assert rules(tidy(with_body("    goto fail;\nfail:\n    return;"))) == {"goto"}
    assert rules(tidy(with_body("out:\n    goto out;"))) == {"goto"}


def test_notes_to_oneself(tidy):
    assert rules(tidy(source("// FIXME: later\n"))) == {"note"}
    assert rules(tidy(source("// XXX\n"))) == {"note"}
    assert rules(tidy(source("// TODO: later\n"))) == {"note"}
    assert rules(tidy(source("// TODO(me): later\n"))) == {"note"}
    assert tidy(source("// TODO(#12): later\n")) == []
    assert tidy(source('const char *const thing_path = "/tmp/XXXXXX";\n')) == []


# --- Calls ------------------------------------------------------------------------

@pytest.mark.parametrize("call", [
    "strcpy", "strcat", "sprintf", "vsprintf", "strtok", "atoi", "gets", "scanf", "sscanf",
    "sleep", "usleep", "nanosleep", "system", "popen", "malloc", "calloc", "realloc", "free",
    "strdup", "time", "clock_gettime", "gettimeofday", "getenv", "rand", "getrandom",
])
def test_banned_calls(tidy, call):
    found = tidy(source(f"void thing_run(void)\n{{\n    x = {call}(y);\n}}\n"))
    assert rules(found) == {"banned"}
    assert f"{call}()" in found[0]


def test_banned_calls_in_macros(tidy):
    assert rules(tidy(source("#define COPY(a, b) strcpy(a, b)\n"))) == {"banned"}


def test_main_is_a_name_of_its_own(tidy):
    assert tidy(source(function(5, "main"), "src/main.c")) == []
    assert tidy(source(function(5, "main"), "client/cli/cli.c")) == []


@pytest.mark.parametrize("path, call", [
    ("src/base/mem.c", "calloc"), ("src/base/clock.c", "clock_gettime"),
    ("src/base/hash.c", "getrandom"), ("src/conf/thing.c", "getenv"),
    ("src/main.c", "getenv"), ("client/cli/thing.c", "getenv"),
    ("client/cli/thing.c", "malloc"), ("tests/unit/base/thing_test.c", "malloc"),
])
def test_calls_where_they_belong(tidy, path, call):
    found = tidy(source(f"static void run(void)\n{{\n    {call}(x);\n}}\n", path))
    assert "banned" not in rules(found)


def test_names_that_only_contain_a_banned_one(tidy):
    body = "    mem_free(a);\n    b->free(a);\n    c.time(a);\n    uptime(a);\n" \
           '    d = "free(x)"; /* free(x) */\n'
    assert tidy(source(f"void thing_run(void)\n{{\n{body}}}\n")) == []


# --- State ------------------------------------------------------------------------

@pytest.mark.parametrize("declaration", [
    "static int count;", "static int count = 1, more;", "static const char *word;",
    "static struct thing *things[4];", "static char text[10] = \"\";", "int thing_count;",
    "static void (*hook)(int a);", "static _Atomic bool armed;",
    "static _Thread_local int depth;", "static struct { int a; } pair;",
    "static const char *names[] = {\"a\", \"b\"};", "static enum word last;",
])
def test_state_of_the_process(tidy, declaration):
    assert rules(tidy(source(declaration + "\n"))) == {"state"}


def test_static_inside_a_function_is_state_too(tidy):
    body = "    static int calls;\n    calls++;\n"
    assert rules(tidy(source(f"void thing_run(void)\n{{\n{body}}}\n"))) == {"state"}


@pytest.mark.parametrize("declaration", [
    "static const int limit = 1;", "static const char *const word = \"w\";",
    "static const struct thing things[] = {{.a = 1}, {.a = 2}};",
    "static const struct {\n    int a;\n} pairs[] = {{1}};", "struct thing;",
    "struct thing {\n    int a;\n};", "enum word { THING_A, THING_B };",
    "extern const int other;", "static void (*const hook)(int a) = run;",
    "typedef int (*thing_fn)(int a);", "_Static_assert(sizeof(int) == 4, \"int\");",
    "STAILQ_HEAD(thing_list, thing);", "static int run(int a)\n{\n    return a;\n}",
])
def test_what_is_no_state(tidy, declaration):
    assert tidy(source(declaration + "\n")) == []


# --- Names ------------------------------------------------------------------------

def test_exported_names_begin_with_the_stem(tidy):
    assert rules(tidy(source(function(5, "other_run")))) == {"prefix"}
    assert rules(tidy(source(function(5, "thingy")))) == {"prefix"}
    assert rules(tidy(source("const int other_limit = 1;\n"))) == {"prefix"}
    assert tidy(source(function(5, "thing"))) == []
    assert tidy(source("static " + function(5, "run"))) == []


def test_a_name_may_be_that_of_a_header_of_the_room(tidy):
    files = {**header("/* Run. */\nvoid other_run(void);\n", "src/base/other.h"),
             **source(function(5, "other_run"))}
    assert tidy(files) == []


def test_private_headers_share_the_stem(tidy):
    files = {**header("", "src/base/thing_priv.h"), **source(function(5))}
    assert tidy(files) == []


def test_the_library_exports_quoted(tidy):
    assert tidy(source(function(5, "quoted_open"), "client/lib/thing.c")) == []
    assert rules(tidy(source(function(5, "quoted_open"), "src/net/thing.c"))) == {"prefix"}


def test_stems_are_unique(tidy):
    files = {**source("", "src/base/thing.c"), **header("", "src/base/thing.h")}
    assert tidy(files) == []
    files |= source("", "src/net/thing.c")
    assert rules(tidy(files)) == {"stem"}


def test_the_market_may_share_a_stem(tidy):
    files = {**source("", "src/base/thing.c"), **source("", "market/thing.c")}
    assert tidy(files) == []


# --- Includes ---------------------------------------------------------------------

def room_with(path, include):
    return {path: SPDX + f"#include {include}\n"}


@pytest.mark.parametrize("path, include, rule", [
    ("src/base/thing.c", '"quote/symbol.h"', "direction"),
    ("src/cache/thing.c", '"proto/resp.h"', "direction"),
    ("src/proto/thing.c", '"cache/cache.h"', "direction"),
    ("client/cli/thing.c", '"base/span.h"', "direction"),
    ("src/base/thing.c", '"base/nowhere.h"', "direction"),
    ("src/proto/thing.c", "<uv.h>", "outside"),
    ("src/serve/thing.c", "<urcu-qsbr.h>", "outside"),
    ("src/serve/thing.c", "<curl/curl.h>", "outside"),
    ("src/proto/thing.c", "<json-c/json.h>", "outside"),
    ("src/fetch/thing.c", "<yaml.h>", "outside"),
    ("src/serve/thing.c", "<hiredis/hiredis.h>", "outside"),
    ("src/serve/thing.c", "<http_parser.h>", "outside"),
    ("client/cli/thing.c", "<hiredis/hiredis.h>", "outside"),
    ("src/cache/thing.c", "<uv.h>", "outside"),
])
def test_includes_that_are_not_allowed(tidy, path, include, rule):
    headers = {}
    for name in ("base/span", "quote/symbol", "proto/resp", "cache/cache"):
        headers |= header("", f"src/{name}.h")
    assert rules(tidy({**headers, **room_with(path, include)})) == {rule}


@pytest.mark.parametrize("path, include", [
    ("src/quote/thing.c", '"base/span.h"'),
    ("src/serve/thing.c", '"cache/cache.h"'),
    ("src/net/thing.c", "<uv.h>"),
    ("src/cache/thing.c", "<urcu/rculfhash.h>"),
    ("src/proto/thing.c", "<http_parser.h>"),
    ("src/base/thing.c", "<sys/socket.h>"),
    ("client/cli/thing.c", "<quoted/quoted.h>"),
    ("client/lib/thing.c", "<quoted/quoted.h>"),
    ("tests/unit/net/thing_test.c", "<uv.h>"),
])
def test_includes_that_are_allowed(tidy, path, include):
    headers = {**header("", "src/base/span.h"), **header("", "src/cache/cache.h"),
               **header("", "include/quoted/quoted.h")}
    assert tidy({**headers, **room_with(path, include)}) == []


def test_the_public_header_is_for_clients(tidy):
    files = {**header("", "include/quoted/quoted.h"),
             **room_with("src/serve/thing.c", "<quoted/quoted.h>")}
    assert rules(tidy(files)) == {"direction"}


def test_order_of_includes(tidy):
    def with_includes(*names, path="src/base/thing.c"):
        files = {**header("", "src/base/thing.h"), **header("", "src/base/span.h")}
        return {**files, path: SPDX + "".join(f"#include {n}\n" for n in names)}

    assert tidy(with_includes('"base/thing.h"', "<stdio.h>", '"base/span.h"')) == []
    assert tidy(with_includes('"base/thing.h"', "<xxhash.h>", '"base/span.h"')) == []
    assert tidy(with_includes('"base/thing.h"', '"base/span.h"', "<xxhash.h>")) == []
    assert tidy(with_includes('"base/thing.h"', "<stdio.h>", '"base/span.h"',
                              path="tests/unit/base/thing_test.c")) == []
    assert rules(tidy(with_includes("<stdio.h>", '"base/thing.h"'))) == {"order"}
    assert rules(tidy(with_includes('"base/span.h"', '"base/thing.h"'))) == {"order"}
    assert rules(tidy(with_includes('"base/thing.h"', '"base/span.h"', "<stdio.h>"))) == {"order"}


def test_no_header_is_everywhere(tidy):
    files = {**header("", "src/quote/thing.h"), **header("", "src/base/span.h")}
    for i in range(20):
        includes = '#include "base/span.h"\n'  # base may be everywhere
        includes += '#include "quote/thing.h"\n' if i < 9 else ""
        files[f"src/serve/file{i}.c"] = SPDX + includes
    assert rules(tidy(files)) == {"umbrella"}
    files["src/serve/file8.c"] = SPDX
    assert tidy(files) == []


# --- Documentation ----------------------------------------------------------------

@pytest.mark.parametrize("body", [
    "int thing_run(void);\n",
    "/* Far above. */\n\nint thing_run(void);\n",
    "/* Run. */\nint thing_run(void);\n\nint thing_stop(void);\n",
    "static inline int thing_run(void)\n{\n    return 1;\n}\n",
    "typedef int (*thing_fn)(int a);\n",
    "/* A struct. */\nstruct thing {\n    int a;\n};\nint thing_run(void);\n",
    "int thing_print(const char *format, ...)\n    __attribute__((format(printf, 1, 2)));\n",
])
def test_prototypes_without_a_comment(tidy, body):
    assert rules(tidy(header(body))) == {"documented"}


@pytest.mark.parametrize("body", [
    "/* Run. */\nint thing_run(void);\nint thing_stop(void);\n",
    "/*\n * Run.\n */\nint thing_run(int a,\n              int b);\n",
    "// Run.\nint thing_run(void);\n",
    "#define THING(x) run(x)\n",
    "struct thing {\n    int (*run)(int a);\n};\n",
    "/* Print. */\nint thing_print(const char *format, ...)\n"
    "    __attribute__((format(printf, 1, 2)));\n",
])
def test_prototypes_with_a_comment(tidy, body):
    assert tidy(header(body)) == []


def test_c_plus_plus_guards_hide_nothing(tidy):
    body = "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\nint quoted_open(void);\n\n" \
           "#ifdef __cplusplus\n}\n#endif\n"
    assert rules(tidy(header(body, "include/quoted/quoted.h"))) == {"documented"}


# --- Tests do not sleep -----------------------------------------------------------

PYTHON = "# SPDX-License-Identifier: Apache-2.0\n"


@pytest.mark.parametrize("path, text", [
    ("tests/unit/base/thing_test.c", SPDX + "void f(void)\n{\n    usleep(1);\n}\n"),
    ("tests/unit/base/thing_test.c", SPDX + "void f(void)\n{\n    nanosleep(&t, 0);\n}\n"),
    ("tests/unit/base/thing_test.c", SPDX + "void f(void)\n{\n    uv_sleep(1);\n}\n"),
    ("tests/story/thing.py", PYTHON + "time.sleep(0.1)\n"),
    ("tests/story/thing.py", PYTHON + "from time import sleep\n"),
    ("tests/story/thing.py", PYTHON + "await asyncio.sleep(1)\n"),
    ("tests/story/thing.sh", PYTHON + "start & sleep 1\n"),
    ("tests/story/thing.story", "c1 > get IBM\nsleep 1\n"),
])
def test_no_sleep_in_tests(tidy, path, text):
    assert rules(tidy({path: text})) == {"sleep"}


def test_words_like_sleep_are_no_sleep(tidy):
    text = PYTHON + "# nobody sleeps (sleep 1 is refused)\nsleepers = asleep(1)\n"
    assert tidy({"tests/story/thing.py": text}) == []


# --- Exemptions -------------------------------------------------------------------

EXEMPT = '\n[[exempt]]\nrule = "{}"\nwhere = "{}"\nreason = "{}"\n'


def test_an_exemption_holds_for_its_file_and_rule(tidy):
    files = source("static int count;\n")
    exempt = EXEMPT.format("state", "src/base/thing.c", "a test")
    assert tidy(files, rooms=exempt) == []
    assert rules(tidy(files, rooms=EXEMPT.format("note", "src/base/thing.c", "a test"))) \
        == {"state", "exempt"}


def test_an_exemption_may_name_one_thing(tidy):
    files = source("static int count;\nstatic int other;\n")
    lines = tidy(files, rooms=EXEMPT.format("state", "src/base/thing.c:count", "a test"))
    assert len(lines) == 1 and "other" in lines[0]


def test_an_exemption_that_nothing_needs_is_a_finding(tidy):
    rooms = EXEMPT.format("state", "src/base/thing.c", "a test")
    assert rules(tidy(source(""), rooms=rooms)) == {"exempt"}


def test_an_exemption_for_a_file_that_is_not_there_waits(tidy):
    assert tidy(GOOD, rooms=EXEMPT.format("state", "src/base/later.c", "a test")) == []


def test_an_exemption_gives_its_reason(tidy):
    rooms = EXEMPT.format("state", "src/base/thing.c", "")
    assert rules(tidy(source("static int count;\n"), rooms=rooms)) == {"exempt"}


# --- Headers alone, and the report --------------------------------------------------

def test_headers_compile_alone(tidy):
    needs = "/* How many. */\nsize_t thing_count(void);\n"
    assert tidy(header(needs)) == []
    assert rules(tidy(header(needs), "--headers")) == {"alone"}
    assert tidy(header("#include <stddef.h>\n\n" + needs), "--headers") == []


def test_the_report_counts(tidy):
    report = "\n".join(tidy(GOOD, "--report"))
    base = next(line for line in report.splitlines() if line.startswith("base"))
    lines = sum(text.count("\n") for text in GOOD.values())
    assert base.split()[1:3] == ["2", str(lines)]
    assert base.split()[4] == "6"  # functions
    assert "tests: 0 lines" in report


def test_the_project_itself_is_read_without_error():
    done = subprocess.run([TOP / "tools/tidy"], capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1)  # what it finds is lint's to report
    assert "Traceback" not in done.stderr
