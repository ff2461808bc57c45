"""The statistics again, on a real PostgreSQL."""

from __future__ import annotations

import pytest

from tests.unit.statistics.test_service import *  # noqa: F403
from tests.unit.statistics.test_sessions import *  # noqa: F403

pytestmark = pytest.mark.postgresql
