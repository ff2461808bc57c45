"""Schemathesis drives the sandbox over real HTTP: every operation, right and wrong data, calls after calls.

It prints each failing call as a `curl` command. `CONFORMANCE_EXAMPLES` asks for more calls of each operation,
`CONFORMANCE_SEED` for others.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bot.sandbox.keys import RESIDENT_KEY, STAFF_KEY
from tests.conformance.contract import CONTRACT_PATH

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(400)]

HERE = Path(__file__).parent
SEED = os.environ.get("CONFORMANCE_SEED", "1")
EXAMPLES = os.environ.get("CONFORMANCE_EXAMPLES", "40")


def run(url: str, *options: str) -> subprocess.CompletedProcess[str]:
    """One run of Schemathesis against this address."""
    program = str(Path(sys.executable).with_name("schemathesis"))
    asked = ["--config-file", str(HERE / "schemathesis.toml"), "run", str(CONTRACT_PATH), "--url", url]
    bounds = ["--seed", SEED, "--max-examples", EXAMPLES, "--no-color"]
    return subprocess.run(
        [program, *asked, *bounds, *options],
        cwd=HERE.parents[1],
        env={**os.environ, "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=False,
        timeout=380,
    )


@pytest.mark.parametrize("key", [STAFF_KEY, RESIDENT_KEY])
def test_the_sandbox_keeps_the_contract_whatever_it_is_asked(sandbox_url: str, key: str) -> None:
    ran = run(sandbox_url, "--header", f"Authorization: Bearer {key}")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search("Operations: +8 selected / 8 total", ran.stdout), ran.stdout
    assert int(re.findall("([0-9]+) generated", ran.stdout)[-1]) > 500
