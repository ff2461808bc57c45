"""A page's style sheets and scripts, addressed by their content so that browsers may keep them."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope


class Assets:
    """A folder of files served under `prefix`; `address` changes whenever a file does."""

    def __init__(self, folder: Path, prefix: str) -> None:
        self._folder = folder
        self._prefix = prefix
        self._versions = {
            path.name: sha256(path.read_bytes()).hexdigest()[:12]
            for path in folder.iterdir()
            if path.is_file()
        }

    def address(self, name: str) -> str:
        """Where a page finds the file; raises KeyError for one that is not there."""
        return f"{self._prefix}/{name}?v={self._versions[name]}"

    def files(self) -> StaticFiles:
        """The application that serves the folder."""
        return _KeptFiles(directory=self._folder)


class _KeptFiles(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        versioned = b"v=" in scope.get("query_string", b"")
        response.headers["Cache-Control"] = f"public, max-age={31536000 if versioned else 60}"
        return response
