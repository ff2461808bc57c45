#!/usr/bin/env bash
# Makes the stock peer's environment and trains its model: benchmarks/stock/setup.sh FOLDER
# Python 3.10 is what Rasa 3.6 declares. Leaves in FOLDER: venv, models/stock-EPOCHS.tar.gz, and in
# trained-EPOCHS.seconds the seconds of the training on the clock, of the processors for it, and for the kernel.
# Does nothing twice.
set -euo pipefail
HERE="$(cd "$(dirname "$0")" && pwd)"
ROOT="$(cd "$HERE/../.." && pwd)"
FOLDER="$(mkdir -p "$1" && cd "$1" && pwd)"

find_python() {
  local candidate
  for candidate in python3.10 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.10.*/bin/python; do
    if "$candidate" -c "import sys; sys.exit(sys.version_info[:2] != (3, 10))" >/dev/null 2>&1; then
      command -v "$candidate"
      return 0
    fi
  done
  return 1
}

if [ ! -x "$FOLDER/venv/bin/rasa" ]; then
  python="$(find_python)" || { echo "stock: Python 3.10 is needed and was not found" >&2; exit 1; }
  # With uv where it is, as deploy/setup.sh does: the sizes of the two are compared.
  if command -v uv >/dev/null 2>&1; then
    cd / # in this project uv would leave out what this project leaves out: TensorFlow
    uv venv --quiet --python "$python" "$FOLDER/venv"
    uv pip install --quiet --python "$FOLDER/venv/bin/python" --compile-bytecode --requirement "$HERE/requirements.txt"
  else
    "$python" -m venv "$FOLDER/venv"
    "$FOLDER/venv/bin/python" -m pip install --quiet --requirement "$HERE/requirements.txt"
  fi
fi

train() { # train EPOCHS NAME
  local config="$FOLDER/config-$2.yml"
  sed "s/epochs: 100/epochs: $1/" "$HERE/config.yml" >"$config"
  RASA_CACHE_DIRECTORY="$FOLDER/cache" RASA_TELEMETRY_ENABLED=false TF_CPP_MIN_LOG_LEVEL=3 "$FOLDER/venv/bin/rasa" train --config "$config" \
    --domain "$ROOT/nlu_data/domain" --data "$ROOT/nlu_data/nlu" "$ROOT/nlu_data/rules" "$ROOT/nlu_data/stories" \
    --out "$FOLDER/models" --fixed-model-name "$2" --force >"$FOLDER/train-$2.log" 2>&1
}

EPOCHS="${EPOCHS:-100}"
if [ ! -f "$FOLDER/models/stock-$EPOCHS.tar.gz" ] || [ ! -f "$FOLDER/trained-$EPOCHS.seconds" ]; then
  TIMEFORMAT='%R %U %S'
  { time train "$EPOCHS" "stock-$EPOCHS"; } 2>"$FOLDER/trained-$EPOCHS.part"
  mv "$FOLDER/trained-$EPOCHS.part" "$FOLDER/trained-$EPOCHS.seconds"
fi
