#!/usr/bin/env python3
"""tools/test-report.py: the end of a log says what failed and why."""
import importlib.util
import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
spec = importlib.util.spec_from_file_location("test_report", Path(__file__).resolve().parents[2] / "tools/test-report.py")
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)


def test(name, result="FAIL", out="", err=""):
    return {"name": name, "result": result, "returncode": 1, "duration": 3.2, "stdout": out, "stderr": err}


class Report(unittest.TestCase):
    def test_counts_and_what_was_skipped(self):
        self.assertEqual(tool.report([test("a", "OK"), test("b", "OK", err="SKIPPED: no c\n"), test("c", "SKIP")]),
                         ["SKIPPED in b: no c", "SKIPPED in c: all of it", "2 passed, 0 failed, 1 skipped"])

    def test_a_failure_ends_with_its_words(self):
        said = "[  ERROR   ] --- 0x1 != 0x2\n[   LINE   ] --- a.c:12: error: Failure!\n[  FAILED  ] a\n\n 1 FAILED TEST(S)\n"
        self.assertEqual(tool.report([test("a", out="[ RUN      ] a\n[       OK ] b\n", err=said)]), [
            "0 passed, 1 failed, 0 skipped", "FAILED a (fail, status 1, after 3 s):", "    [  ERROR   ] --- 0x1 != 0x2",
            "    [   LINE   ] --- a.c:12: error: Failure!", "    [  FAILED  ] a", "     1 FAILED TEST(S)"])

    def test_a_sanitizer_is_quoted_from_its_finding_on(self):
        said = "so far\n==1==ERROR: AddressSanitizer: heap-use-after-free\n" + "".join(f"#{i} f\n" for i in range(40)) + "==1==ABORTING\n"
        lines = tool.report([test("a", err=said)])
        self.assertEqual((lines[2], lines[3], len(lines)), ("    ==1==ERROR: AddressSanitizer: heap-use-after-free", "    #0 f", 10))

    def test_many_failures_share_the_room(self):
        lines = tool.report([test(f"t{i}", err="first\nlast\n" + "x" * 999) for i in range(5)])
        self.assertLessEqual(len(lines), 1 + tool.ALL_LINES)
        self.assertTrue(all(any(f"FAILED t{i} " in line for line in lines) for i in range(5)))
        self.assertLessEqual(max(map(len, lines)), 300)


if __name__ == "__main__":
    unittest.main()
