"""A PostgreSQL server of the test's own: in a temporary folder, on a free port of the loopback."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

FOLDERS = (
    Path("/usr/lib/postgresql/15/bin"),
    Path("/usr/lib/postgresql/16/bin"),
    Path("/usr/lib/postgresql/17/bin"),
)
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "unix_socket_directories": "",
    "listen_addresses": "127.0.0.1",
}


def binaries() -> Path | None:
    """Where initdb and pg_ctl are, or None."""
    return next((folder for folder in FOLDERS if (folder / "initdb").exists()), None)


class PostgresqlServer:
    """Started with nothing in it; as another user when we are root, whom the server refuses."""

    def __init__(self, folder: Path, settings: Mapping[str, str] = FAST, parent: Path | None = None) -> None:
        """In `parent`, or where files cost no disk."""
        self._bin = folder
        self._home = Path(tempfile.mkdtemp(prefix="helpdesk-postgresql-", dir=parent or _in_memory()))
        self._options = " ".join(f"-c {name}={value!r}" for name, value in settings.items())
        self.port = _free_port()

    def start(self) -> None:
        """Makes the cluster and returns when the server answers."""
        if os.getuid() == 0:
            shutil.chown(self._home, "postgres", "postgres")
        data = str(self._home / "data")
        self._run(
            "initdb", "-D", data, "-U", "helpdesk", "-A", "trust", "-E", "UTF8", "--no-sync", "--no-locale"
        )
        log = str(self._home / "log")
        options = f"-p {self.port} {self._options}"
        self._run("pg_ctl", "-D", data, "-l", log, "-w", "-t", "60", "-o", options, "start")

    def start_again(self) -> None:
        """Returns when the server answers on its port."""
        self._control("start", "-l", str(self._home / "log"), "-o", f"-p {self.port} {self._options}")

    def stop_for_a_while(self) -> None:
        """Cuts every connection; what was committed stays."""
        self._control("stop", "-m", "fast")

    def restart(self) -> None:
        """Cuts every connection and answers again."""
        self._control("restart", "-m", "fast")

    def stop(self) -> None:
        """Stops the server and removes everything."""
        try:
            self._control("stop", "-m", "immediate")
        finally:
            shutil.rmtree(self._home, ignore_errors=True)

    def url(self, database: str) -> str:
        """The address of a database."""
        return f"postgresql+asyncpg://helpdesk@127.0.0.1:{self.port}/{database}"

    def processes(self) -> list[int]:
        """The server's process and its children, as they are now."""
        parent = int((self._home / "data" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        return [parent, *map(int, children)]

    def _control(self, *arguments: str) -> None:
        self._run("pg_ctl", "-D", str(self._home / "data"), "-w", "-t", "60", *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        command: Sequence[str] = [str(self._bin / program), *arguments]
        if os.getuid() == 0:
            pwd.getpwnam("postgres")  # says plainly when there is no such user
            command = ["runuser", "-u", "postgres", "--", *command]
        # Not pipes: the server would keep them open.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                command, cwd=self._home, stdin=subprocess.DEVNULL, stdout=output, stderr=output, timeout=120
            )
            if done.returncode:
                output.seek(0)
                raise RuntimeError(f"{program} failed: {output.read()}")


def _in_memory() -> Path | None:
    """Where files cost no disk, if there is such a place."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > 2**30 else None


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port
