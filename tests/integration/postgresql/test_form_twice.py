"""Forms that are sent twice, to two processes on one PostgreSQL."""

from __future__ import annotations

import pytest

from tests.integration.test_form_twice import *  # noqa: F403

pytestmark = pytest.mark.postgresql
