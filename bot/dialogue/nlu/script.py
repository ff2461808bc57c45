"""Traditional characters as simplified ones."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import zhconv


def simplified(text: str) -> str:
    """`text` in simplified characters; words stay as they are."""
    return str(_converter().convert(text, "zh-hans"))


@lru_cache(maxsize=1)
def _converter() -> Any:
    """zhconv with its dictionary loaded by path: left to itself it forgets to close the file."""
    zhconv.loaddict(str(Path(zhconv.__file__).with_name("zhcdict.json")))
    return zhconv
