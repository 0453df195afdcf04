"""Build-python is brought by what needs it, and by nothing else."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pytest
from crosspython.elf.file import read_elf
from crosspython.store.tree import unpack_tree
from crosspython.targets.machines import find_machine

from tests.conftest import Project, pack

# Its installation is a Python that knows a version and a word; the component that needs it writes the word down.
SCONSCRIPT = """\
Import("env")
from pathlib import Path
from crosspython.builders.build_python import add_native
from crosspython.recipes.plan import InstallDependencies, Make, Plan, Run
from crosspython.recipes.recipe import NATIVE, Recipe, for_build_machine
from crosspython.store.sources import Source

plan = Plan(steps=(
    Run("configure", ("./configure", "--prefix={prefix}")),
    Make("install", ("DESTDIR={stage}", "install")),
    InstallDependencies(),
))
sources = (Source(SHA256, "https://upstream.invalid/build-python-3.13.0.tar.gz"),)
needed = env.Autoconf("needed", "1.0",
    sources=[dict(url="https://upstream.invalid/needed-1.0.tar.gz", sha256=NEEDED)],
    environment={"NAME": "needed"})
add_native(env, for_build_machine(env["CROSSPYTHON"].components["needed"].recipe))
recipe = Recipe("build-python", "3.13.0", sources, plan, folder=Path("."), machine=NATIVE, depends=("build-needed",))
native = add_native(env, recipe)
user = env.Autoconf("user", "3.13.1", sources=[dict(url="https://upstream.invalid/user-3.13.1.tar.gz", sha256=USER)],
    environment={"NAME": "user"}, after=[Run("ask", ("sh", "-c", "{build_python} > {stage}{prefix}/lib/word.txt"))])
nodes = [user]
Return("nodes")
"""
CONFIGURE = """\
#!/bin/sh
for argument; do case $argument in --prefix=*) prefix=${argument#--prefix=} ;; esac; done
printf 'install:\\n\\tmkdir -p $(DESTDIR)%s/bin\\n\\tcp python3 $(DESTDIR)%s/bin/\\n' "$prefix" "$prefix" > Makefile
"""

# Every order goes through a pickle before it is carried out, as it would on its way to another machine.
SENT = """\
import pickle
from crosspython.stages import carry_out
build = carry_out.build_component
def send(order, *here):
    arrived = pickle.loads(pickle.dumps(order))
    assert arrived == order
    print(f"{order.recipe.name} was sent")
    build(arrived, *here)
carry_out.build_component = send
"""


@pytest.fixture
def made(project: Project) -> Project:
    """A project whose one component calls build-python, which needs a library of its own; nothing else needs that."""
    project.add("needed")
    project.add("user")
    (project.mirror / "user-1.0.tar.gz").rename(project.mirror / "user-3.13.1.tar.gz")
    say(project, "first")
    return project


def say(project: Project, word: str, configure: str = CONFIGURE) -> None:
    """Have another build-python."""
    native = pack("build-python-3.13.0", {"configure": configure, "python3": f"#!/bin/sh\necho {word}\n"})
    (project.mirror / "build-python-3.13.0.tar.gz").write_bytes(native)
    user, needed = ((project.mirror / name).read_bytes() for name in ("user-3.13.1.tar.gz", "needed-1.0.tar.gz"))
    hashes = {"SHA256": native, "USER": user, "NEEDED": needed}
    lines = "".join(f"{name} = {hashlib.sha256(data).hexdigest()!r}\n" for name, data in hashes.items())
    (project.recipes / "SConscript").write_text(lines + SCONSCRIPT)


def archives(project: Project, name: str = "build-python") -> list[Path]:
    return sorted((project.folder / "build/build-machine/stages").glob(f"{name}-*"))


def test_it_is_built_for_what_calls_it(made: Project) -> None:
    output = made.scons("cache=none")
    assert "build-python 3.13.0  built" in output
    assert len(archives(made)) == 1
    assert "is up to date" in made.scons("cache=none")


def test_what_is_built_can_be_ordered_from_another_machine(made: Project) -> None:
    script = made.recipes / "SConscript"
    script.write_text(SENT + script.read_text())
    output = made.scons("cache=none")
    for name in ("needed", "build-needed", "build-python", "user"):
        assert f"{name} was sent" in output
    unpack_tree(made.stage("user").with_name("user-3.13.1.tar.zst"), made.folder / "there")
    assert (made.folder / "there/lib/word.txt").read_text() == "first\n"


def test_what_it_needs_is_built_for_the_build_machine_and_goes_along(made: Project, tmp_path: Path) -> None:
    output = made.scons("cache=none")
    assert output.index("build-needed 1.0     built") < output.index("build-python 3.13.0  built")
    (archive,) = archives(made)
    unpack_tree(archive, tmp_path / "unpacked")
    library = read_elf(tmp_path / "unpacked/lib/libneeded.so.1")
    assert library is not None and library.machine == find_machine(os.uname().machine).elf


def test_what_it_needs_is_not_built_where_it_comes_from_the_cache(made: Project, tmp_path: Path) -> None:
    made.scons(f"cache={tmp_path / 'cache'}")
    shutil.rmtree(made.folder / "build")
    recipe = made.recipes / "SConscript"
    recipe.write_text(recipe.read_text().replace('"NAME": "user"', '"NAME": "user", "OTHER": "1"'))
    made.scons(f"cache={tmp_path / 'cache'}")
    assert archives(made) and archives(made, "build-needed") == []


def test_without_a_network_its_library_need_not_be_at_hand(made: Project, tmp_path: Path) -> None:
    cache, boards = f"cache={tmp_path / 'cache'}", str(made.stage("needed").relative_to(made.folder))
    made.scons(cache, boards)
    made.scons(cache)
    shutil.rmtree(made.folder / "build")
    (made.mirror / "needed-1.0.tar.gz").unlink()
    for found in (made.folder / "downloads").rglob("needed-1.0.tar.gz"):
        found.unlink()
    recipe = made.recipes / "SConscript"
    recipe.write_text(recipe.read_text().replace('"NAME": "user"', '"NAME": "user", "OTHER": "1"'))
    made.scons(cache, boards)
    output = made.scons(cache, "offline=1")
    assert "build-python 3.13.0  from the cache" in output


def test_its_build_may_name_folders_of_the_build_machine_and_sees_nothing_there(made: Project) -> None:
    """setup.py of CPython 3.9 and 3.11 repeats what `gcc -v` says of them."""
    link = "echo 'int main(void) { return 0; }' | gcc -L/usr/lib -I/usr/include -x c - -o program"
    say(
        made,
        "second",
        CONFIGURE + f"{link} || exit 1\n! echo '#include <zlib.h>' | gcc -I/usr/include -E - || exit 1\n",
    )
    assert "build-python 3.13.0  built" in made.scons("cache=none")


def test_another_library_makes_another_build_python(made: Project) -> None:
    made.scons("cache=none")
    (before,) = archives(made)
    recipe = made.recipes / "SConscript"
    recipe.write_text(recipe.read_text().replace('"NAME": "needed"', '"NAME": "needed", "OTHER": "1"'))
    assert "user 3.13.1          built" in made.scons("cache=none")
    (after,) = archives(made)
    assert after.name != before.name


def test_its_name_does_not_tell_what_is_installed_here(made: Project, tmp_path: Path) -> None:
    """Another compiler first on PATH, another pkg-config: the same build-python is meant."""
    made.scons("cache=none")
    (before,) = archives(made)
    bin = tmp_path / "bin"
    bin.mkdir()
    for tool in ("pkg-config", "zlib-flate"):
        (bin / tool).write_text("#!/bin/sh\nexit 1\n")
        (bin / tool).chmod(0o755)
    made.scons("cache=none", path=f"{bin}:{os.environ['PATH']}")
    assert archives(made) == [before]


def test_what_comes_from_the_cache_brings_none(made: Project, tmp_path: Path) -> None:
    made.scons(f"cache={tmp_path / 'cache'}")
    shutil.rmtree(made.folder / "build")
    output = made.scons(f"cache={tmp_path / 'cache'}")
    assert output.count("from the cache") == 1
    assert archives(made) == []


def test_what_is_built_anew_takes_it_from_the_cache(made: Project, tmp_path: Path) -> None:
    made.scons(f"cache={tmp_path / 'cache'}")
    shutil.rmtree(made.folder / "build")
    recipe = made.recipes / "SConscript"
    recipe.write_text(recipe.read_text().replace('"NAME": "user"', '"NAME": "user", "OTHER": "1"'))
    output = made.scons(f"cache={tmp_path / 'cache'}")
    assert "build-python 3.13.0  from the cache" in output
    assert "user 3.13.1          built" in output


def test_another_one_takes_the_place_of_the_old(made: Project) -> None:
    made.scons("cache=none")
    (before,) = archives(made)
    say(made, "second")
    assert "user 3.13.1          built" in made.scons("cache=none")
    (after,) = archives(made)
    assert after != before


def test_its_node_takes_what_is_there(made: Project) -> None:
    made.scons("cache=none")
    (archive,) = archives(made)
    assert " built " not in made.scons("cache=none", str(archive.relative_to(made.folder)))
    assert archives(made) == [archive]


def test_one_job_is_enough(made: Project) -> None:
    assert "user 3.13.1          built" in made.scons("cache=none", "-j1")


def test_its_sources_are_fetched_and_cleaning_takes_all_of_it(made: Project) -> None:
    made.scons("fetch")
    listing = next((made.folder / "build/rv1126").glob("sources-*.txt")).read_text().splitlines()
    assert {"build-python 3.13.0", "build-needed 1.0"} <= set(listing)
    made.scons("cache=none", "offline=1")
    assert archives(made) and archives(made, "build-needed")
    made.scons("-c")
    assert archives(made) == archives(made, "build-needed") == []
