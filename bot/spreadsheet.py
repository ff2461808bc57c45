"""Files that spreadsheets open by a double click: comma-separated, with nothing that they would run."""

from __future__ import annotations

import csv
import io
from typing import Sequence

BYTE_ORDER_MARK = "\ufeff"
"""What such a file begins with: without it a spreadsheet takes Chinese in UTF-8 for something else."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_rows(rows: Sequence[Sequence[str]]) -> str:
    """Rows as a part of a file."""
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    return file.getvalue()


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text
