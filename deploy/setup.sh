#!/usr/bin/env bash
# Makes the virtual environment: finds Python 3.11 or 3.10, installs what the lock names, once per lock.
# Usage: deploy/setup.sh [runtime|dev]     VENV=.venv  PYTHON_VERSION=3.11|3.10 (default: whichever is there)
set -euo pipefail
cd "$(dirname "$0")/.."

KIND="${1:-runtime}"
VENV="${VENV:-.venv}"
WANTED="${PYTHON_VERSION:-3.11 3.10}"
case "$KIND" in
  runtime) LOCK=requirements.lock ;;
  dev) LOCK=requirements-dev.lock ;;
  *) echo "setup: runtime or dev, not '$KIND'" >&2; exit 2 ;;
esac

is_version() { # is_version PYTHON 3.11
  "$1" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$2')" >/dev/null 2>&1
}

find_python() {
  local version candidate
  for version in $WANTED; do
    for candidate in "python$version" python3 python \
      "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$version".*/bin/python /opt/pyenv/versions/"$version".*/bin/python; do
      if command -v "$candidate" >/dev/null 2>&1 && is_version "$candidate" "$version"; then
        "$candidate" -c 'import sys; print(sys.executable)'
        return 0
      fi
    done
    if command -v uv >/dev/null 2>&1; then
      candidate="$(uv python find "$version" 2>/dev/null || true)"
      if [ -n "$candidate" ] && is_version "$candidate" "$version"; then echo "$candidate"; return 0; fi
    fi
  done
  if command -v uv >/dev/null 2>&1; then
    for version in $WANTED; do
      if uv python install "$version" >&2; then uv python find "$version"; return 0; fi
    done
  fi
  return 1
}

make_venv() {
  if [ -x "$VENV/bin/python" ]; then
    for version in $WANTED; do is_version "$VENV/bin/python" "$version" && return 0; done
  fi
  local python
  if ! python="$(find_python)"; then
    echo "setup: Python 3.11 or 3.10 is needed and was not found (PATH, pyenv, uv)." >&2
    echo "       On Debian 12: apt-get install python3 python3-venv" >&2
    exit 1
  fi
  echo "setup: $("$python" --version) at $python → $VENV"
  rm -rf "$VENV"
  if command -v uv >/dev/null 2>&1; then uv venv --quiet --python "$python" "$VENV" && return 0; fi
  if ! "$python" -c 'import ensurepip' >/dev/null 2>&1; then
    # Debian ships Python without pip; its package index has it.
    echo "setup: this Python has no pip; asking Debian for python3-venv"
    local sudo=""
    [ "$(id -u)" = 0 ] || sudo="sudo"
    $sudo apt-get update -qq && $sudo apt-get install -y -qq python3-venv
  fi
  "$python" -m venv "$VENV"
}

install_with_uv() {
  local uv
  uv="$(command -v uv || true)"
  if [ -z "$uv" ]; then
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r deploy/uv.lock.txt || return 1
    uv="$VENV/bin/uv"
  fi
  "$uv" pip install --python "$VENV/bin/python" --require-hashes --no-deps --compile-bytecode -r "$LOCK"
}

install_with_pip() {
  echo "setup: trying pip instead of uv"
  "$VENV/bin/python" -m pip --version >/dev/null 2>&1 || "$VENV/bin/python" -m ensurepip >/dev/null
  # Rasa declares Python below 3.11; it runs on 3.11 with the versions that the lock names.
  "$VENV/bin/python" -m pip install --disable-pip-version-check --require-hashes --no-deps \
    --ignore-requires-python -r "$LOCK"
}

main() {
  local stamp mark
  stamp="$(sha256sum "$LOCK" | cut -d' ' -f1)"
  mark="$VENV/.installed-$KIND"
  if [ -x "$VENV/bin/python" ] && [ "$(cat "$mark" 2>/dev/null || true)" = "$stamp" ]; then
    for version in $WANTED; do is_version "$VENV/bin/python" "$version" && exit 0; done
  fi
  make_venv
  echo "setup: installing $(grep -c '==' "$LOCK") packages from $LOCK (a minute or so the first time)"
  install_with_uv || install_with_pip
  echo "$stamp" >"$mark"
  # The development lock holds everything that the runtime lock does.
  if [ "$KIND" = dev ]; then sha256sum requirements.lock | cut -d' ' -f1 >"$VENV/.installed-runtime"; fi
  echo "setup: done"
}

main
