"""What a fork changes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from xoxzo.cloudpy.common import forks

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

PROGRAM = """
import os
from xoxzo.cloudpy.common import forks

called = []
forks.in_child(lambda: called.append(forks.pid))
if os.fork() == 0:
    print(forks.pid == os.getpid(), called == [os.getpid()], flush=True)
    os._exit(0)
os.wait()
print(forks.pid == os.getpid(), called, flush=True)
"""


def test_a_child_knows_itself_and_a_parent_stays_what_it_was() -> None:
    """Whatever is to be done in a child is done there, after the number is right, and nowhere else."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines() == ["True True", "True []"]
    assert forks.pid == os.getpid()


def test_a_system_without_forks_has_nothing_to_tell() -> None:
    """There a program begins all the same."""
    program = (
        "import os; del os.register_at_fork\nfrom xoxzo.cloudpy.common import forks\nprint(forks.pid == os.getpid())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "True\n"
