"""An extract of a running set: requested over HTTP, verified by Python alone."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import requests

from tests.support.until import until

READY_WITHIN_S = 120.0


def oldest_python() -> str:
    """Return a Python 3.9 from the path or pyenv, else the running one."""
    of_pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob("versions/3.9.*/bin/python")
    for name in ("python3.9", *map(str, of_pyenv), sys.executable):
        path = shutil.which(name)
        if path and subprocess.run([path, "-I", "-c", ""], capture_output=True, check=False).returncode == 0:
            return path
    raise AssertionError


def test_an_auditor_takes_an_extract_home(running_set: dict[str, Any], tmp_path: Path) -> None:
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {running_set['keys']['auditor']}"
        url = f"{running_set['incentive']}/v1/extracts"
        answer = session.post(url, json={"evidence": "registers"}, timeout=30)
        assert answer.status_code == 202, answer.text
        asked = answer.json()

        def ended() -> Any:
            now = session.get(f"{url}/{asked['id']}", timeout=30).json()
            return None if now["state"] in ("queued", "running") else now

        assert until(ended, READY_WITHIN_S)["state"] == "ready"
        content = session.get(f"{url}/{asked['id']}/download", timeout=30).content
        keys = [
            session.get(f"{running_set[service]}/v1/log/keys", timeout=30).text
            for service in ("listing", "trade_ingest", "incentive")
        ]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(tmp_path / "home")
    # The place where an auditor would put it.
    (tmp_path / "home" / "keys.txt").write_text("".join(keys), "utf-8")
    command = [oldest_python(), "-I", "-S", "verify.py", "--key", "keys.txt"]
    done = subprocess.run(
        command, cwd=tmp_path / "home", capture_output=True, text=True, check=False, env={"LANG": "en"}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SOUND" in done.stdout
