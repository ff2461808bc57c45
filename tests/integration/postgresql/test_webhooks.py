"""Two processes send to the same receivers from one queue on PostgreSQL."""

from __future__ import annotations

import pytest

from tests.integration.two_processes.test_webhooks import *  # noqa: F403

pytestmark = pytest.mark.postgresql
