# SPDX-License-Identifier: Apache-2.0
"""tools/check counts what the test programs print: every case once, and none
that ended badly as passed."""
import importlib.machinery
import importlib.util
import json
import sys
import tempfile
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def check():
    loader = importlib.machinery.SourceFileLoader("check", str(TOP / "tools/check"))
    spec = importlib.util.spec_from_loader("check", loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules["check"] = module  # dataclasses look themselves up there
    loader.exec_module(module)
    return module


GOOD = """[==========] Running 3 test(s).
[ RUN      ] a
[       OK ] a
[ RUN      ] b
[       OK ] b
[ RUN      ] c
[  SKIPPED ] c
[==========] 3 test(s) run.
[  PASSED  ] 2 test(s).
"""

BAD = """[==========] Running 2 test(s).
[ RUN      ] a
[       OK ] a
[ RUN      ] b
[  FAILED  ] b
[==========] 2 test(s) run.
[  PASSED  ] 1 test(s).
[  FAILED  ] 1 test(s), listed below:
[  FAILED  ] b

 1 FAILED TEST(S)
"""


def counts(result):
    return (result.passed, result.failed, result.skipped)


def row(text, code=0, result="OK"):
    return {"name": "base/thing", "stdout": text, "stderr": "", "returncode": code,
            "result": result}


def test_cases_of_cmocka_are_counted_one_by_one(check):
    assert counts(check.count_program(row(GOOD))) == (2, 0, 1)
    assert counts(check.count_program(row(BAD, 1, "FAIL"))) == (1, 1, 0)


def test_output_is_kept_of_what_failed_only(check):
    assert check.count_program(row(GOOD)).output == ""
    assert "[  FAILED  ] b" in check.count_program(row(BAD, 1, "FAIL")).output


def test_a_program_that_died_failed_once(check):
    text = GOOD[:GOOD.index("[       OK ] b")]
    assert counts(check.count_program(row(text, -6, "FAIL"))) == (1, 1, 0)


def test_a_program_that_ran_out_of_time_failed(check):
    assert counts(check.count_program(row(GOOD, 0, "TIMEOUT"))) == (2, 1, 1)


def test_a_leak_behind_passed_cases_is_a_failure(check):
    assert counts(check.count_program(row(GOOD, 99, "FAIL"))) == (2, 1, 1)


def test_other_programs_count_once(check):
    assert counts(check.count_program(row("12 files\n"))) == (1, 0, 0)
    assert counts(check.count_program(row("", 1, "FAIL"))) == (0, 1, 0)
    skipped = check.count_program(row("", 77, "SKIP"))
    assert counts(skipped) == (0, 0, 1) and "base/thing" in skipped.reasons[0]


def test_cases_of_pytest_are_counted_one_by_one(check, tmp_path):
    report = tmp_path / "report.xml"
    report.write_text(
        '<testsuites><testsuite>'
        '<testcase classname="t" name="a"/>'
        '<testcase classname="t" name="b"><failure message="no"/></testcase>'
        '<testcase classname="t" name="c"><error message="no"/></testcase>'
        '<testcase classname="t" name="d"><skipped message="no zsh"/></testcase>'
        '</testsuite></testsuites>', encoding="utf-8")
    result = check.count_junit(report)
    assert counts(result) == (1, 2, 1)
    assert result.reasons == ["t.d: no zsh"]


def test_a_report_of_a_sanitizer_is_a_failure(check, tmp_path, monkeypatch):
    monkeypatch.setattr(check, "TOP", tmp_path)
    reports = tmp_path / check.FOLDERS["asan"] / "reports"
    reports.mkdir(parents=True)
    assert counts(check.sanitizer_reports("asan")) == (0, 0, 0)
    (reports / "report.12").write_text("ERROR: heap-use-after-free\n", encoding="utf-8")
    result = check.sanitizer_reports("asan")
    assert counts(result) == (0, 1, 0) and "heap-use-after-free" in result.output


@pytest.mark.parametrize("place", ["story.xml", "meson-logs/testlog.json", "reports/report.1"])
def test_a_key_in_what_is_left_is_a_failure(check, monkeypatch, place):
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setattr(check, "TOP", Path(folder))
        build = Path(folder) / check.FOLDERS["asan"]
        for name in ("reports", "meson-logs"):
            (build / name).mkdir(parents=True)
        (build / place).write_text("nothing", encoding="utf-8")
        assert counts(check.keys_left("asan")) == (1, 0, 0)
        (build / place).write_text(f"apikey={check.keys.make_key()}", encoding="utf-8")
        result = check.keys_left("asan")
        assert counts(result) == (0, 1, 0) and place in result.output


def test_every_program_of_the_build_is_in_a_tier(check):
    """A suite that no tier runs would be tests that nobody runs."""
    tests = TOP / "build/meson-info/intro-tests.json"
    if not tests.exists():
        pytest.skip("build/ is not configured")
    run = {suite for suites in check.MESON_SUITES.values() for suite in suites}
    for test in json.loads(tests.read_text(encoding="utf-8")):
        suites = {suite.rpartition(":")[2] for suite in test["suite"]}
        assert suites & run, f"{test['name']} is in no suite that tools/check runs"
