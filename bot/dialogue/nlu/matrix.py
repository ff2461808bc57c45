"""The one name for arrays of numbers."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

Matrix = npt.NDArray[Any]
"""Rows for messages, columns for features or labels."""
