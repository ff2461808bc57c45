"""Limits hold for all processes on one PostgreSQL together."""

from __future__ import annotations

import pytest

from tests.integration.two_processes.test_shared_limits import *  # noqa: F403
from tests.unit.storage.test_lately import *  # noqa: F403

pytestmark = pytest.mark.postgresql
