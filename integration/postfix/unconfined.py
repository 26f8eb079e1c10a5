"""Scenarios that by their nature cannot run as the shipped unit confines connectord (CONNECTORD_SANDBOX=1), and why."""

import sys
import unittest

AS_ROOT = "it is about a connectord that starts as root"

# Modules, classes and tests, as the command line has them.
REASONS = {
    "test_start.FreshInstallation": AS_ROOT,
    "test_start.WhoHasConnectordsUser": AS_ROOT,
    "test_api_mail.Queue": AS_ROOT,
    "test_console.BrowserAsRoot": AS_ROOT,
    "test_listeners.Privileges.test_a_daemon_started_as_root_becomes_its_user_for_good": AS_ROOT,
    "test_listeners.UnixSockets.test_group_and_mode_are_the_configurations": AS_ROOT,
}


def skip() -> None:
    """Has those of the modules that are loaded be shown as skipped."""
    for name, reason in REASONS.items():
        module, class_, *test = name.split(".")
        if module in sys.modules:
            found = getattr(sys.modules[module], class_)
            if test:
                setattr(found, test[0], unittest.skip(reason)(getattr(found, test[0])))
            else:
                unittest.skip(reason)(found)
