"""The storage, the desk and the services again, on a real PostgreSQL."""

from __future__ import annotations

import pytest

from tests.unit.console.test_canned_answers import *  # noqa: F403
from tests.unit.console.test_staff import *  # noqa: F403
from tests.unit.desk.test_acceptance import *  # noqa: F403
from tests.unit.desk.test_agent_serves import *  # noqa: F403
from tests.unit.desk.test_corrections import *  # noqa: F403
from tests.unit.desk.test_defects import *  # noqa: F403
from tests.unit.desk.test_folding import *  # noqa: F403
from tests.unit.desk.test_offers import *  # noqa: F403
from tests.unit.desk.test_order import *  # noqa: F403
from tests.unit.desk.test_recovery import *  # noqa: F403
from tests.unit.desk.test_transcript import *  # noqa: F403
from tests.unit.desk.test_turn import *  # noqa: F403
from tests.unit.desk.test_understood import *  # noqa: F403
from tests.unit.notifications.test_addresses import *  # noqa: F403
from tests.unit.notifications.test_service import *  # noqa: F403
from tests.unit.notifications.test_watcher import *  # noqa: F403
from tests.unit.reconciliation.test_reconciliation import *  # noqa: F403
from tests.unit.requests.test_service import *  # noqa: F403
from tests.unit.storage.test_forms import *  # noqa: F403
from tests.unit.storage.test_inbox import *  # noqa: F403
from tests.unit.storage.test_migrations import *  # noqa: F403
from tests.unit.storage.test_oversight import *  # noqa: F403
from tests.unit.storage.test_presence import *  # noqa: F403
from tests.unit.storage.test_reads import *  # noqa: F403
from tests.unit.storage.test_repositories import *  # noqa: F403
from tests.unit.storage.test_ticket_words import *  # noqa: F403
from tests.unit.storage.test_unit_of_work import *  # noqa: F403
from tests.unit.test_attachments import *  # noqa: F403
from tests.unit.test_personal_data import *  # noqa: F403
from tests.unit.test_sending import *  # noqa: F403
from tests.unit.tickets.test_appraiser import *  # noqa: F403
from tests.unit.tickets.test_casework import *  # noqa: F403
from tests.unit.tickets.test_coming_back import *  # noqa: F403
from tests.unit.tickets.test_satisfaction import *  # noqa: F403
from tests.unit.tickets.test_service import *  # noqa: F403
from tests.unit.tickets.test_sweeper import *  # noqa: F403
from tests.unit.tickets.test_waiting_line import *  # noqa: F403

pytestmark = pytest.mark.postgresql
