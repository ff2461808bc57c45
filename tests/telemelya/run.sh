#!/bin/sh
# Checks the bot over webhook against telemelya, a Bot API emulator that is not ours.
# Needs python3.11 and redis-server (Debian: apt-get install redis-server); what it installs goes into var/telemelya.
set -eu
cd "$(dirname "$0")/../.."
VENV=${VENV:-.venv}
OWN=${TELEMELYA_VENV:-var/telemelya}
command -v redis-server >/dev/null || { echo "redis-server is missing: apt-get install redis-server" >&2; exit 1; }
if ! cmp -s tests/telemelya/requirements.txt "$OWN/installed.txt"; then
    python3.11 -m venv "$OWN"
    "$OWN/bin/pip" install --quiet --disable-pip-version-check -r tests/telemelya/requirements.txt
    cp tests/telemelya/requirements.txt "$OWN/installed.txt"
fi
"$VENV/bin/python" -m bot train
exec "$VENV/bin/python" -m tests.telemelya.check "$OWN/bin"
