"""The artifact cache on a real nginx, with the configuration that docs/cache.md shows."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, Project, wait_for

pytestmark = pytest.mark.slow

CONFIGURATION = """\
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
{user}
events {{}}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
{location}
    }}
}}
"""


def documented_location(root: Path) -> str:
    text = (REPOSITORY / "docs/cache.md").read_text()
    found = re.search(r"^    location /py/ \{.*?^    \}$", text, re.MULTILINE | re.DOTALL)
    assert found
    return found[0].replace("/srv/cache", str(root)).replace("10.0.0.0/8", "127.0.0.1")


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "nginx"
    (folder / "files").mkdir(parents=True)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    user = "user root;" if Path("/proc/self").stat().st_uid == 0 else ""
    (folder / "nginx.conf").write_text(
        CONFIGURATION.format(folder=folder, port=port, user=user, location=documented_location(folder / "files"))
    )
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin")
    assert program, "nginx is in packages-tests.txt"
    process = subprocess.Popen([program, "-c", str(folder / "nginx.conf"), "-p", str(folder)])
    try:
        wait_for((folder / "pid").is_file, 20)
        yield f"http://127.0.0.1:{port}/py"
    finally:
        process.terminate()
        process.wait(timeout=20)


def test_another_machine_gets_everything_from_nginx(tmp_path: Path, nginx: str) -> None:
    first, second = Project(tmp_path / "first"), Project(tmp_path / "second")
    for project in (first, second):
        project.add("base")
        project.add("user", options='depends=["base"]')
    first.scons(f"cache={nginx}", "cache_write=all")
    shutil.rmtree(second.mirror)
    output = second.scons(f"cache={nginx}")
    assert output.count("from the cache") == 2
    assert output.count(nginx) == 2
    assert "warning" not in output
    assert second.stage("user").read_bytes() == first.stage("user").read_bytes()


def test_a_server_that_refuses_writers_costs_one_warning(tmp_path: Path, nginx: str) -> None:
    project = Project(tmp_path / "project")
    project.add("hello")
    output = project.scons(f"cache={nginx.removesuffix('py')}elsewhere", "cache_write=all")
    assert output.count("warning: the cache") == 1
    assert project.stage("hello").is_file()
