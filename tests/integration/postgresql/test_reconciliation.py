"""Two processes on one PostgreSQL decide and carry out the same manual reconciliation."""

from __future__ import annotations

import pytest

from tests.integration.two_processes.test_reconciliation import *  # noqa: F403

pytestmark = pytest.mark.postgresql
