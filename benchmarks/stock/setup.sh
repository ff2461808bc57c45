#!/usr/bin/env bash
# Makes the stock peer's environment and trains its model: benchmarks/stock/setup.sh FOLDER
# Python 3.10 is what Rasa 3.6 declares. Prints how many seconds the training took.
set -euo pipefail
HERE="$(cd "$(dirname "$0")" && pwd)"
ROOT="$(cd "$HERE/../.." && pwd)"
FOLDER="$(mkdir -p "$1" && cd "$1" && pwd)"

find_python() {
  local candidate
  for candidate in python3.10 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.10.*/bin/python; do
    if command -v "$candidate" >/dev/null 2>&1 && "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 10))'; then
      command -v "$candidate"
      return 0
    fi
  done
  return 1
}

if [ ! -x "$FOLDER/venv/bin/rasa" ]; then
  python="$(find_python)" || { echo "stock: Python 3.10 is needed and was not found" >&2; exit 1; }
  "$python" -m venv "$FOLDER/venv"
  "$FOLDER/venv/bin/python" -m pip install --quiet --upgrade pip
  "$FOLDER/venv/bin/python" -m pip install --quiet --requirement "$HERE/requirements.txt"
  "$FOLDER/venv/bin/python" -m compileall -q "$FOLDER/venv/lib" || true
fi

train() { # train EPOCHS NAME
  local config="$FOLDER/config-$2.yml"
  sed "s/epochs: 100/epochs: $1/" "$HERE/config.yml" >"$config"
  RASA_TELEMETRY_ENABLED=false TF_CPP_MIN_LOG_LEVEL=3 "$FOLDER/venv/bin/rasa" train --config "$config" \
    --domain "$ROOT/nlu_data/domain" --data "$ROOT/nlu_data/nlu" "$ROOT/nlu_data/rules" "$ROOT/nlu_data/stories" \
    --out "$FOLDER/models" --fixed-model-name "$2" --force >"$FOLDER/train-$2.log" 2>&1
}

EPOCHS="${EPOCHS:-100}"
started=$(date +%s.%N)
train "$EPOCHS" "stock-$EPOCHS"
echo "$(date +%s.%N) $started" | awk '{print $1 - $2}'
