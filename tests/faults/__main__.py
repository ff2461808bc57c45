"""`python -m tests.faults`: residents talk to the bot while its process is killed again and again."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.faults.harness import Plan, run
from tests.faults.report import as_text, write_into

COMPLAINTS_SHOWN = 10


def main() -> int:
    """Runs the plan and prints the table; 1 when a promise was broken."""
    asked = arguments()
    plan = Plan(asked.residents, asked.messages, asked.kills, asked.seed, asked.minutes, asked.at_once)
    outcome = run(plan)
    print(as_text(plan, outcome))
    if asked.write:
        write_into(asked.write, plan, outcome)
    for complaint in outcome.waiting[:COMPLAINTS_SHOWN]:
        print(complaint, file=sys.stderr)
    for name, count in outcome.table.violations.items():
        print(f"broken: {name}: {count}", file=sys.stderr)
    return 1 if outcome.table.violations else 0


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--residents", type=int, default=500)
    parser.add_argument("--messages", type=int, default=10, help="of each resident")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--minutes", type=float, default=5.0, help="after this, what is unanswered is missing"
    )
    parser.add_argument("--at-once", type=int, default=60, help="residents in the middle of their script")
    parser.add_argument("--write", type=Path, help="put the table into this page")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
