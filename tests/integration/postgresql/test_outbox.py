"""Two processes send from one outbox on PostgreSQL: each line once, a conversation's lines in order."""

from __future__ import annotations

import pytest

from tests.integration.two_processes.test_outbox import *  # noqa: F403

pytestmark = pytest.mark.postgresql
