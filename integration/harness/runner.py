"""Runs scenarios from the command line, whichever servers they are about."""

import argparse
import contextlib
import re
import signal
import subprocess
import sys
import unittest
from pathlib import Path
from typing import Callable, ContextManager

# What fails because the machine is busy with others passes when it runs again. More than a few are no such case.
MAX_AGAIN = 3

# A test that takes as many seconds hangs. It fails, and shows where it was.
MAX_SECONDS = 300.0


class Runner:
    """What a command that runs the scenarios of one folder does. `title` is its name in messages, `description` its help.

    `obstacle` says what keeps the scenarios from running here, in words for a person, or None. `loaded` is called when
    their modules are there.
    """

    def __init__(self, title: str, description: str, scenarios: Path, obstacle: Callable[[], str | None],
                 loaded: Callable[[], None] = lambda: None):
        self.title = title
        self._scenarios = scenarios
        self._obstacle = obstacle
        self._loaded = loaded
        self.parser = argparse.ArgumentParser(description=description,
                                              formatter_class=argparse.RawDescriptionHelpFormatter)
        self.parser.add_argument("-v", "--verbose", action="store_true", help="name each test")
        self.parser.add_argument("-f", "--failfast", action="store_true", help="stop at the first failure")
        self.parser.add_argument("--again", action="store_true",
                                 help=f"run what failed once more, if it is not more than {MAX_AGAIN}; both are shown")
        self.parser.add_argument("names", nargs="*", metavar="NAME")

    def run(self, around: Callable[[argparse.Namespace], ContextManager] = lambda _: contextlib.nullcontext(),
            failed: Callable[[], None] = lambda: None) -> int:
        """The exit status. The scenarios run within `around`; `failed` is called there when one has not passed."""
        options = self.parser.parse_args()
        if problem := self._obstacle():
            print(f"{self.title}: {problem}", file=sys.stderr)
            return 2
        signal.signal(signal.SIGTERM, _interrupt)  # so that ctest's time limit, too, ends in an orderly way
        runner = unittest.TextTestRunner(verbosity=2 if options.verbose else 1, failfast=options.failfast,
                                         resultclass=_ResultWithCircumstances)
        with around(options):
            result = runner.run(self._load(options.names))
            passed = result.wasSuccessful()
            if not passed:
                failed()
            names = _names_of_failed(result)
            if options.again and 0 < len(names) <= MAX_AGAIN:
                print(f"{self.title}: once more: {' '.join(names)}", file=sys.stderr)
                passed = runner.run(self._load(names)).wasSuccessful()
        return 0 if passed else 1

    def keep_logs(self, logs: str, file: Path) -> None:
        """What all hosts of the scenarios logged, for whoever looks into a failure."""
        file.parent.mkdir(exist_ok=True)
        file.write_text(logs)
        print(f"{self.title}: what all hosts logged is in {file}", file=sys.stderr)

    def _load(self, names: list[str]) -> unittest.TestSuite:
        loader = unittest.defaultTestLoader
        folder = str(self._scenarios)
        suite = loader.loadTestsFromNames(names) if names else loader.discover(folder, "test_*.py", folder)
        self._loaded()
        return suite


class _ResultWithCircumstances(unittest.TextTestResult):
    """Beside what failed, what the servers of the scenario said, where it has `circumstances()`: a failure that comes once
    in a hundred runs is to explain itself. What hangs, in a test or between two of them, fails."""

    def startTestRun(self):
        super().startTestRun()
        signal.signal(signal.SIGALRM, _give_up)
        _allow_time()

    def stopTestRun(self):
        signal.setitimer(signal.ITIMER_REAL, 0)
        super().stopTestRun()

    def startTest(self, test):
        _allow_time()
        super().startTest(test)

    def stopTest(self, test):
        super().stopTest(test)
        _allow_time()

    def _exc_info_to_string(self, err, test):
        text = super()._exc_info_to_string(err, test)
        test = getattr(test, "test_case", test)  # of a subtest
        return text + test.circumstances() if hasattr(test, "circumstances") else text


def _names_of_failed(result: unittest.TestResult) -> list[str]:
    """Of tests, and of classes that could not begin, as the command line takes them."""
    names = []
    for test, _ in result.failures + result.errors:
        name = getattr(test, "test_case", test).id()
        of_class = re.fullmatch(r"(?:setUpClass|tearDownClass) \((.*)\)", name)
        names.append(of_class[1] if of_class else name)
    return sorted(set(names))


class Hangs(Exception):
    """Not a TimeoutError, which is an OSError too: those that wait for a server take them as "not yet"."""


def _allow_time() -> None:
    """From now on, and again: what is undone after a failure may hang as well."""
    signal.setitimer(signal.ITIMER_REAL, MAX_SECONDS, MAX_SECONDS)


def _give_up(*_) -> None:
    # With what each process waits for; the run's own and those that it has started are among them.
    processes = subprocess.run(["ps", "-e", "--forest", "-o", "pid,ppid,stat,etime,wchan:24,args"], capture_output=True,
                               text=True, check=False).stdout
    raise Hangs(f"it has taken {MAX_SECONDS:g} s; the processes of this machine:\n{processes}")


def _interrupt(*_) -> None:
    raise KeyboardInterrupt
