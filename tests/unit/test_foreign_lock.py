"""Locks of other tools: the packages that a board gets, and the parts that cannot be used."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from crosspython.errors import ConfigurationError
from crosspython.wheels.commits import Commit
from crosspython.wheels.model import LockedPackage
from crosspython.wheels.resolving.foreign.wanted import Wanted
from crosspython.wheels.resolving.foreign_lock import read_foreign_lock
from crosspython.wheels.resolving.platform import Platform
from crosspython.wheels.resolving.pylock import is_foreign

BOARD = Platform("armv7l", "glibc", "3.13.5", "hard")
HASH = "0" * 64
HEAD = 'lock-version = "1.0"\ncreated-by = "uv"\n'
WHEEL = '[[packages.wheels]]\nurl = "https://host.invalid/{}"\nhashes = {{ sha256 = "{}" }}\n'

VCS = """\
[[packages]]
name = "v"
vcs = {{ type = "{}", url = "https://host.invalid/v", commit-id = "{}", subdirectory = "lib" }}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "pylock.toml"
    path.write_text(HEAD + text)
    return path


def package(name: str, more: str = "", *wheels: str) -> str:
    files = "".join(WHEEL.format(wheel, HASH) for wheel in wheels or (f"{name}-1.0-py3-none-any.whl",))
    return f'[[packages]]\nname = "{name}"\nversion = "1.0"\n{more}{files}'


def test_packages_come_with_all_their_wheels_and_edges(tmp_path: Path) -> None:
    text = package(
        "top", 'dependencies = [{ name = "below" }]\n', "top-1.0-py3-none-any.whl", "top-1.0-cp313-cp313-win32.whl"
    )
    found = read_foreign_lock(write(tmp_path, text + package("below")), BOARD)
    assert [(each.name, each.version, each.depends) for each in found] == [
        ("top", "1.0", ("below",)),
        ("below", "1.0", ()),
    ]
    assert [file.name for file in found[0].wheels] == ["top-1.0-py3-none-any.whl", "top-1.0-cp313-cp313-win32.whl"]
    assert found[0].wheels[0].url == "https://host.invalid/top-1.0-py3-none-any.whl"


@pytest.mark.parametrize(
    ("marker", "is_there"),
    [
        ("platform_machine == 'armv7l'", True),
        ("platform_machine == 'x86_64'", False),
        ("python_full_version < '3.13'", False),
        ("'dev' in dependency_groups", False),
    ],
)
def test_markers_are_the_boards(tmp_path: Path, marker: str, is_there: bool) -> None:
    lock = write(tmp_path, 'dependency-groups = ["dev"]\n' + package("top", f'marker = "{marker}"\n'))
    assert bool(read_foreign_lock(lock, BOARD)) is is_there


def test_local_projects_and_archives_lie_beside_the_lock(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app/pyproject.toml").write_text('[project]\nname = "app"\nversion = "3"\n')
    text = '[[packages]]\nname = "app"\ndirectory = { path = "app" }\n'
    text += '[[packages]]\nname = "a"\nversion = "1"\n'
    text += f'archive = {{ path = "in/a-1.tar.gz", hashes = {{ sha256 = "{HASH}" }} }}\n'
    app, archive = read_foreign_lock(write(tmp_path, text), BOARD)
    assert (app.folder, app.version) == (tmp_path / "app", "3")
    assert archive.sdist is not None
    assert (archive.sdist.name, archive.sdist.path) == ("a-1.tar.gz", tmp_path / "in/a-1.tar.gz")


def test_a_commit_of_a_repository_is_taken(tmp_path: Path) -> None:
    (found,) = read_foreign_lock(write(tmp_path, VCS.format("git", "0" * 40)), BOARD)
    assert found.commit == Commit("https://host.invalid/v", "0" * 40, "lib")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("packages = 1\n", "packages"),
        ('requires-python = ">=3.14"\n' + package("top"), "3.13.5"),
        ("environments = [\"sys_platform == 'win32'\"]\n" + package("top"), "environment"),
        (package("top", "", "top-1.0-cp313-cp313-win32.whl"), "top"),
        (package("top").replace("sha256", "sha512"), "without a SHA-256"),
        (VCS.format("git", "1"), "'1' may be another commit tomorrow"),
        (VCS.format("hg", "0" * 40), "only git repositories are read, and this is hg"),
    ],
)
def test_what_cannot_be_used_is_told(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_foreign_lock(write(tmp_path, text), BOARD)
    assert says in str(caught.value)


def test_a_lock_of_ours_is_not_foreign(tmp_path: Path) -> None:
    assert is_foreign(write(tmp_path, "packages = []\n"))
    assert not is_foreign(write(tmp_path, "packages = []\n[tool.crosspython]\n"))
    assert not is_foreign(tmp_path / "absent.toml")


UV = """\
version = 1
revision = 3
requires-python = ">=3.11"
resolution-markers = ["python_full_version >= '3.12'", "python_full_version < '3.12'"]

[[package]]
name = "app"
version = "3"
source = {{ virtual = "." }}
dependencies = [
    {{ name = "top", extra = ["fast"] }},
    {{ name = "elsewhere", marker = "platform_machine == 'x86_64'" }},
    {{ name = "two" }},
]

[package.optional-dependencies]
camera = [{{ name = "cam" }}]

[package.dev-dependencies]
dev = [{{ name = "tester" }}]

[[package]]
name = "top"
version = "1.0"
source = {{ registry = "https://host.invalid/simple" }}
dependencies = [{{ name = "below" }}]
sdist = {{ url = "https://host.invalid/top-1.0.tar.gz", hash = "sha256:{hash}" }}

[package.optional-dependencies]
fast = [{{ name = "speed", marker = "sys_platform == 'linux'" }}]

[[package]]
name = "two"
version = "1.0"
source = {{ registry = "https://host.invalid/simple" }}
resolution-markers = ["python_full_version < '3.12'"]
wheels = [{{ url = "https://host.invalid/two-1.0-py3-none-any.whl", hash = "sha256:{hash}" }}]

[[package]]
name = "two"
version = "2.0"
source = {{ registry = "https://host.invalid/simple" }}
resolution-markers = ["python_full_version >= '3.12'"]
wheels = [{{ url = "https://host.invalid/two-2.0-py3-none-any.whl", hash = "sha256:{hash}" }}]

[[package]]
name = "below"
version = "1.5"
source = {{ registry = "links" }}
wheels = [{{ path = "below-1.5-py3-none-any.whl" }}]

[[package]]
name = "speed"
version = "1.0"
source = {{ git = "https://host.invalid/speed?rev=main&subdirectory=lib#{commit}" }}
"""
UV_WHEEL = """
[[package]]
name = "{name}"
version = "1.0"
source = {{ registry = "https://host.invalid/simple" }}
wheels = [{{ url = "https://host.invalid/{name}-1.0-{tag}.whl", hash = "sha256:{hash}" }}]
"""


@pytest.fixture
def uv_lock(tmp_path: Path) -> Path:
    (tmp_path / "links").mkdir()
    (tmp_path / "links/below-1.5-py3-none-any.whl").write_bytes(b"")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "app"\nversion = "3"\n')
    text = UV.format(hash=HASH, commit="0" * 40)
    text += "".join(
        UV_WHEEL.format(name=name, tag="py3-none-any", hash=HASH) for name in ("cam", "tester", "elsewhere")
    )
    (tmp_path / "uv.lock").write_text(text)
    return tmp_path / "uv.lock"


def titles(packages: tuple[LockedPackage, ...]) -> set[str]:
    return {package.title for package in packages}


def test_of_uvs_lock_the_board_gets_what_its_markers_reach(uv_lock: Path) -> None:
    found = {each.name: each for each in read_foreign_lock(uv_lock, BOARD)}
    assert titles(tuple(found.values())) == {"top 1.0", "below 1.5", "speed 1.0", "two 2.0"}
    assert found["top"].depends == ("below", "speed")
    assert found["top"].sdist is not None and found["top"].sdist.url == "https://host.invalid/top-1.0.tar.gz"
    assert found["speed"].commit == Commit("https://host.invalid/speed", "0" * 40, "lib")
    [below] = found["below"].wheels
    assert (below.path, below.sha256) == (uv_lock.parent / "links" / below.name, hashlib.sha256(b"").hexdigest())


def test_of_uvs_lock_extras_groups_and_the_project_itself_are_asked_for(uv_lock: Path) -> None:
    usual = titles(read_foreign_lock(uv_lock, BOARD))
    wanted = Wanted(frozenset({"camera"}), frozenset({"dev"}))
    assert titles(read_foreign_lock(uv_lock, BOARD, wanted)) - usual == {"cam 1.0", "tester 1.0"}
    wanted = Wanted(projects=frozenset({uv_lock.parent}))
    assert titles(read_foreign_lock(uv_lock, BOARD, wanted)) - usual == {"app 3"}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('">=3.11"', '">=3.14"', "it is for Python >=3.14, and the board's is 3.13.5"),
        ("version = 1\n", "version = 2\n", "this crosspython knows version 1"),
        ('"two" }', '"two", version = "9" }', "two: the lock has 0 versions of it for this board"),
        ('"below" }', '"gone" }', "'gone' is missing"),
        (f"sha256:{HASH}", f"md5:{HASH}", "has files without a SHA-256"),
        ("revision = 3\n", 'conflicts = [[{ package = "app", extra = "camera" }]]\n', "exclude each other"),
    ],
)
def test_what_of_uvs_lock_cannot_be_used_is_told(uv_lock: Path, old: str, new: str, says: str) -> None:
    uv_lock.write_text(uv_lock.read_text().replace(old, new))
    with pytest.raises(ConfigurationError) as caught:
        read_foreign_lock(uv_lock, BOARD)
    assert says in str(caught.value)


def test_extras_and_groups_that_no_lock_has_are_told(uv_lock: Path) -> None:
    for wanted in (Wanted(extras=frozenset({"camra"})), Wanted(groups=frozenset({"dve"}))):
        with pytest.raises(ConfigurationError) as caught:
            read_foreign_lock(uv_lock, BOARD, wanted)
        assert "did you mean" in str(caught.value)


def test_all_packages_that_do_not_fit_the_board_are_named(uv_lock: Path) -> None:
    text = uv_lock.read_text().replace("x86_64'", "armv7l'")
    for name in ("two-2.0", "elsewhere-1.0"):
        text = text.replace(f"{name}-py3-none-any", f"{name}-cp313-cp313-win32")
    uv_lock.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        read_foreign_lock(uv_lock, BOARD)
    assert "two 2.0: it has two-2.0-cp313-cp313-win32.whl" in str(caught.value)
    assert "elsewhere 1.0: it has" in str(caught.value)


POETRY = f"""\
[[package]]
name = "top"
version = "1.0"
optional = false
python-versions = ">=3.8"
groups = ["main"]
files = [
    {{file = "top-1.0-py3-none-any.whl", hash = "sha256:{HASH}"}},
    {{file = "top-1.0.tar.gz", hash = "sha256:{HASH}"}},
]

[package.dependencies]
below = {{version = ">=1", markers = "sys_platform == 'win32'"}}

[[package]]
name = "below"
version = "1.5"
optional = false
python-versions = "*"
groups = ["main", "dev"]
markers = {{main = "sys_platform == 'win32'", dev = "sys_platform == 'linux'"}}
files = [{{file = "below-1.5.tar.gz", hash = "sha256:{HASH}"}}]

[[package]]
name = "cam"
version = "1.0"
optional = true
python-versions = "*"
groups = ["main"]
markers = "extra == \\"camera\\""
files = []

[package.source]
type = "git"
url = "https://host.invalid/cam"
reference = "main"
resolved_reference = "{"0" * 40}"

[extras]
camera = ["cam"]

[metadata]
lock-version = "2.1"
python-versions = ">=3.11"
content-hash = "x"
"""


def test_of_poetrys_lock_the_board_gets_its_groups_by_their_markers(tmp_path: Path) -> None:
    lock = tmp_path / "poetry.lock"
    lock.write_text(POETRY)
    (top,) = read_foreign_lock(lock, BOARD)
    assert (top.title, top.depends) == ("top 1.0", ())
    assert top.sdist is not None and (top.sdist.name, top.sdist.url) == ("top-1.0.tar.gz", None)
    wanted = Wanted(frozenset({"camera"}), frozenset({"dev"}))
    found = {each.name: each for each in read_foreign_lock(lock, BOARD, wanted)}
    assert found.keys() == {"top", "below", "cam"}
    assert found["cam"].commit == Commit("https://host.invalid/cam", "0" * 40)
    assert found["top"].depends == ("below",)


def test_the_project_of_a_poetry_lock_needs_what_no_other_package_does(tmp_path: Path) -> None:
    lock = tmp_path / "poetry.lock"
    lock.write_text(POETRY)
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "app"\nversion = "3"\n')
    wanted = Wanted(groups=frozenset({"dev"}), projects=frozenset({tmp_path}))
    *_, app = read_foreign_lock(lock, BOARD, wanted)
    assert (app.title, app.folder, app.depends) == ("app 3", tmp_path, ("top",))


def test_an_older_poetrys_lock_says_what_to_do(tmp_path: Path) -> None:
    lock = tmp_path / "poetry.lock"
    lock.write_text(POETRY.replace('groups = ["main"]\n', "").replace('"2.1"', '"2.0"'))
    with pytest.raises(ConfigurationError) as caught:
        read_foreign_lock(lock, BOARD)
    assert "poetry lock" in str(caught.value)


PDM = f"""\
[metadata]
groups = ["default", "camera", "dev"]
strategy = ["inherit_metadata"]
lock_version = "4.5.0"
content_hash = "sha256:x"

[[metadata.targets]]
requires_python = ">=3.11"

[[package]]
name = "top"
version = "1.0"
groups = ["default"]
dependencies = ["below>=1", "elsewhere; platform_machine == 'x86_64'"]
files = [{{file = "top-1.0-py3-none-any.whl", hash = "sha256:{HASH}"}}]

[[package]]
name = "top"
version = "1.0"
extras = ["fast"]
groups = ["default"]
dependencies = ["speed", "top==1.0"]
files = [{{file = "top-1.0-py3-none-any.whl", hash = "sha256:{HASH}"}}]

[[package]]
name = "below"
version = "1.5"
groups = ["default", "dev"]
files = [{{url = "https://host.invalid/below-1.5.tar.gz", hash = "sha256:{HASH}"}}]

[[package]]
name = "speed"
version = "1.0"
groups = ["default"]
files = [{{file = "speed-1.0.tar.gz", hash = "sha256:{HASH}"}}]

[[package]]
name = "elsewhere"
version = "1.0"
groups = ["default"]
marker = "platform_machine == 'x86_64'"
files = [{{file = "elsewhere-1.0.tar.gz", hash = "sha256:{HASH}"}}]

[[package]]
name = "cam"
version = "1.0"
requires_python = ">=3.8"
groups = ["camera"]
git = "https://host.invalid/cam"
ref = "main"
revision = "{"0" * 40}"
"""


def test_of_pdms_lock_the_board_gets_its_groups_and_markers(tmp_path: Path) -> None:
    lock = tmp_path / "pdm.lock"
    lock.write_text(PDM)
    found = {each.name: each for each in read_foreign_lock(lock, BOARD)}
    assert found.keys() == {"top", "below", "speed"}
    assert found["top"].depends == ("below", "speed")
    assert found["below"].sdist is not None and found["below"].sdist.url == "https://host.invalid/below-1.5.tar.gz"
    assert titles(read_foreign_lock(lock, BOARD, Wanted(extras=frozenset({"camera"})))) - titles(
        tuple(found.values())
    ) == {"cam 1.0"}


def test_a_pdm_lock_without_groups_is_read_with_its_project(tmp_path: Path) -> None:
    lock = tmp_path / "pdm.lock"
    without = re.sub(r"^(groups|marker) = .*\n", "", PDM.partition("[[package]]")[2], flags=re.MULTILINE)
    head = PDM.partition("[[package]]")[0].replace('"inherit_metadata"', "")
    lock.write_text(f"{head}[[package]]{without}")
    with pytest.raises(ConfigurationError) as caught:
        read_foreign_lock(lock, BOARD)
    assert "pyproject.toml beside it" in str(caught.value)
    project = '[project]\nname = "app"\nversion = "3"\ndependencies = ["top[fast]"]\n'
    (tmp_path / "pyproject.toml").write_text(project + '[dependency-groups]\ndev = ["cam"]\n')
    assert titles(read_foreign_lock(lock, BOARD)) == {"top 1.0", "below 1.5", "speed 1.0"}
    assert "cam 1.0" in titles(read_foreign_lock(lock, BOARD, Wanted(groups=frozenset({"dev"}))))


@pytest.mark.parametrize(
    "text",
    [
        package("../top"),
        package("top").replace(HASH, "../top"),
        package("top").replace("[[packages.wheels]]", '[[packages.wheels]]\nname = "../top-1.0-py3-none-any.whl"'),
        VCS.format("git", "1" * 40).replace('"lib"', '"../lib"'),
    ],
)
def test_a_lock_that_names_places_elsewhere_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match="not a lock that can be used"):
        read_foreign_lock(write(tmp_path, text), BOARD)
