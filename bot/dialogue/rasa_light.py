"""Rasa without what its own channels, stores, plots and trainings stand on.

`rasa.core.agent` imports every channel and tracker store that Rasa has, and with them 40 MB of clients for
Slack, DynamoDB, MongoDB and the like; every featurizer and policy, and with them 70 MB of scikit-learn and
SciPy, which our components need for training only. While the bot serves, imports of those are answered by
placeholders; Rasa's own commands (`bot.dialogue.rasa_cli`), training and evaluation load them as ever.
"""

from __future__ import annotations

import sys

from bot.dialogue import tensorflow_free
from bot.dialogue.tensorflow_free import TensorFlowPlaceholders

UNUSED_PACKAGES = frozenset(
    {
        "aiogram", "fbmessenger", "google", "mattermostwrapper", "rocketchat_API", "slack_sdk", "socketio",
        "twilio", "webexteamssdk",  # channels
        "boto3", "botocore", "bson", "gridfs", "pymongo", "redis", "s3transfer",  # stores
        "engineio", "matplotlib", "prompt_toolkit", "questionary",  # what those need; plots
        "joblib", "scipy", "sklearn",  # training
        "jwt", "requests", "sanic",  # Rasa's server, telemetry
        "dask", "jsonschema",  # Rasa's graph runner; what `overrides` replaces
        "mako",  # for writing new migrations
    }
)  # fmt: skip


def install() -> None:
    """Answers for these packages, installed or not; to be called before anything imports them."""
    tensorflow_free.install()
    ahead = sys.meta_path[0]
    if not (isinstance(ahead, TensorFlowPlaceholders) and ahead.packages == UNUSED_PACKAGES):
        sys.meta_path.insert(0, TensorFlowPlaceholders(UNUSED_PACKAGES))
