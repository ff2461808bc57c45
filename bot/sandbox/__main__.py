"""`python -m bot.sandbox`: the sandbox on its own port."""

from __future__ import annotations

import argparse

import uvicorn

from bot.sandbox.app import create_app
from bot.sandbox.keys import RESIDENT_KEY, STAFF_KEY


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m bot.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--resident-key", default=RESIDENT_KEY)
    parser.add_argument("--staff-key", default=STAFF_KEY)
    return parser.parse_args()


def main() -> None:
    """Serve until stopped."""
    asked = arguments()
    app = create_app(resident_key=asked.resident_key, staff_key=asked.staff_key)
    uvicorn.run(app, host=asked.host, port=asked.port, ws="none", timeout_graceful_shutdown=1)


if __name__ == "__main__":
    main()
