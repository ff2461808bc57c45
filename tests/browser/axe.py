"""Deque's accessibility checker, run inside a page.

`axe.min.js` is axe-core 4.14.1 as published on npm, unchanged, under the Mozilla Public License 2.0 (its
source: github.com/dequelabs/axe-core). It is used by tests only and is no part of the product.
"""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Page

AXE = Path(__file__).parent / "axe.min.js"
SERIOUS = ("serious", "critical")


async def serious_findings(page: Page) -> list[str]:
    """What axe finds serious or critical on the page as it stands: rule, impact and place, one a line."""
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    found = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{violation['id']} ({violation['impact']}): {node['target']}"
        for violation in found["violations"]
        if violation["impact"] in SERIOUS
        for node in violation["nodes"]
    ]
