"""The front end on small projects of every kind: built by the real cross compiler, imported in the emulator."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from crosspython.errors import CrosspythonError, StepError
from crosspython.recipes.release import read_release
from crosspython.store.fetch import hash_file
from crosspython.store.sources import Source
from crosspython.store.tree import unpack_tree
from crosspython.toolchain.facts import Toolchain
from crosspython.toolchain.launcher import launcher_environment
from crosspython.toolchain.rust import RustSearch
from crosspython.wheels.building.by_hand import prepare_build
from crosspython.wheels.building.front_end import build_wheel
from crosspython.wheels.building.kit import Kit
from crosspython.wheels.building.make_kit import make_kit
from crosspython.wheels.commits import Commit, check_out
from crosspython.wheels.known.downloads import HASH, PLACE
from crosspython.wheels.known.overrides import read_override
from crosspython.wheels.model import LockedCrates, LockedPackage, Override, WheelOrder, WheelReport
from crosspython.wheels.project_files import ProjectFiles
from crosspython.wheels.resolving.indexes import indexes_for_uv, read_pip_configuration
from crosspython.wheels.resolving.neighbours import find_project_files

from tests.conftest import REPOSITORY
from tests.target.test_rv1126 import BUILD, built  # noqa: F401 -- a fixture
from tests.target.workshop import DOWNLOADS, open_workshop, stage_archives
from tests.unit.loopback import reply, server
from tests.unit.made_repository import commit, git

pytestmark = pytest.mark.slow

MODULE = """\
#include <Python.h>
static PyModuleDef def = { PyModuleDef_HEAD_INIT, "toy", NULL, -1, NULL };
PyMODINIT_FUNC PyInit_toy(void) {
    PyObject *module = PyModule_Create(&def);
    PyModule_AddIntConstant(module, "pointer", sizeof(void *));
    return module;
}
"""

# A backend in the tree, which needs nothing from an index.
BACKEND = """\
import os, struct, subprocess, sys, sysconfig, time, urllib.request, zipfile
NAME = "toy-1.0.dist-info"
def build_wheel(folder, config_settings=None, metadata_directory=None):
    so = "toy" + sysconfig.get_config_var("EXT_SUFFIX")
{body}
    subprocess.run([os.environ["CC"], "-shared", "-fPIC", "-g", "-I" + sysconfig.get_path("include"),
                    *{flags}, "-o", so, os.path.abspath("toy.c")], check=True)
    tag = "cp%d%d-" % sys.version_info[:2]
    tag += tag + sysconfig.get_platform().replace("-", "_").replace(".", "_")
    wheel = "toy-1.0-" + tag + ".whl"
    with zipfile.ZipFile(os.path.join(folder, wheel), "w") as out:
        out.write(so)
        out.writestr(NAME + "/METADATA", "Metadata-Version: 2.1\\nName: toy\\nVersion: 1.0\\n")
        out.writestr(NAME + "/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: false\\nTag: " + tag + "\\n")
        out.writestr(NAME + "/RECORD", "")
    return wheel
"""
IN_TREE = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'

SETUPTOOLS = {
    "pyproject.toml": '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
    '[project]\nname = "toy"\nversion = "1.0"\n',
    "setup.py": "from setuptools import Extension, setup\n"
    'setup(ext_modules=[Extension("toy", ["toy.c"], include_dirs=["/usr/include"], library_dirs=["/usr/lib"])])\n',
    "toy.c": MODULE,
}
MESON = {
    "pyproject.toml": '[build-system]\nrequires = ["meson-python"]\nbuild-backend = "mesonpy"\n'
    '[project]\nname = "toy"\nversion = "1.0"\n',
    "meson.build": "project('toy', 'c', version: '1.0')\npython = import('python').find_installation()\n"
    "assert(host_machine.cpu() == 'armv7l')\ndependency('zlib')\n"
    "python.extension_module('toy', 'toy.c', install: true)\n",
    "toy.c": MODULE,
}
CMAKE = {
    "pyproject.toml": '[build-system]\nrequires = ["scikit-build-core"]\nbuild-backend = "scikit_build_core.build"\n'
    '[project]\nname = "toy"\nversion = "1.0"\n',
    "CMakeLists.txt": "cmake_minimum_required(VERSION 3.26)\nproject(toy C)\n"
    'if(NOT CMAKE_SYSTEM_PROCESSOR STREQUAL "armv7l")\n  message(FATAL_ERROR "not for the board")\nendif()\n'
    "find_package(Python REQUIRED COMPONENTS Interpreter Development.Module)\nfind_package(ZLIB REQUIRED)\n"
    "python_add_library(toy MODULE toy.c WITH_SOABI)\ninstall(TARGETS toy DESTINATION .)\n",
    "toy.c": MODULE,
}
PY_BUILD_CMAKE = {
    "pyproject.toml": '[build-system]\nrequires = ["py-build-cmake"]\nbuild-backend = "py_build_cmake.build"\n'
    '[project]\nname = "toy"\nversion = "1.0"\ndescription = "A toy"\n'
    '[tool.py-build-cmake]\nmodule = {generated = "module"}\ncmake = {minimum_version = "3.26"}\n',
    "CMakeLists.txt": CMAKE["CMakeLists.txt"],
    "toy.c": MODULE,
}


CALLS_HOME = """\
import socket, sys
try:
    socket.create_connection(("127.0.0.1", {port}), 2)
except OSError:
    pass
else:
    sys.exit("the network is open")
"""


def in_tree(body: str = "    pass", code: str = MODULE, flags: str = "[]") -> dict[str, str]:
    return {"pyproject.toml": IN_TREE, "backend.py": BACKEND.format(body=body, flags=flags), "toy.c": code}


class Factory:
    """A kit of the real target, and small projects that it builds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        release = read_release(REPOSITORY / "components" / "cpython", "3.13")
        (native,) = (BUILD.parent / "build-machine/stages").glob(f"build-python-{release.version}-*.tar.zst")
        path = os.environ["PATH"]
        self.workshop = open_workshop(folder)
        self.kit = Kit(
            folder=folder / "work/kit",
            target=self.workshop.target,
            toolchain=Toolchain.read(BUILD / "toolchain.json"),
            release=release,
            python=BUILD / "stages" / f"cpython-{release.version}.tar.zst",
            build_python=native,
            libraries=stage_archives(BUILD, release.depends),
            rust=RustSearch(None, os.environ, BUILD.parent / "build-machine", DOWNLOADS / "cargo"),
            indexes=lambda: indexes_for_uv(read_pip_configuration(path), os.environ),
        )

    def build(
        self,
        files: Mapping[str, str],
        override: Override | None = None,
        crates: LockedCrates | None = None,
        **changes: object,
    ) -> WheelReport:
        source = self.folder / "source"
        shutil.rmtree(source, ignore_errors=True)
        source.mkdir()
        for name, text in files.items():
            (source / name).parent.mkdir(exist_ok=True)
            (source / name).write_text(text)
        return self.build_from(source, override, crates, **changes)

    def build_from(
        self,
        source: Path,
        override: Override | None = None,
        crates: LockedCrates | None = None,
        **changes: object,
    ) -> WheelReport:
        package = LockedPackage("toy", "1.0", folder=source if source.is_dir() else None)
        files = ProjectFiles("toy", source) if source.is_dir() else source
        override = override or Override("toy")
        fetched = {
            each.sha256: self.workshop.store.get([Source(each.sha256, each.url)], "toy")[1] for each in override.fetches
        }
        order = WheelOrder(package, override, files, {}, {}, self.product, fetched=fetched, crates=crates)
        return build_wheel(order, replace(self.kit, **changes), self.workshop)  # type: ignore[arg-type]

    @property
    def product(self) -> Path:
        return self.folder / "toy.whl"

    def imported(self) -> int:
        """The size of a pointer, as the extension module says in the emulator."""
        site = self.folder / "site"
        shutil.rmtree(site, ignore_errors=True)
        with zipfile.ZipFile(self.product) as wheel:
            wheel.extractall(site)
        command = [self.kit.target_python, "-c", "import toy; print(toy.pointer)"]
        done = subprocess.run(command, env={"PYTHONPATH": str(site)}, capture_output=True, text=True, check=True)
        return int(done.stdout)


@pytest.fixture(scope="module")
def factory(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Factory:  # noqa: F811
    return Factory(tmp_path_factory.mktemp("wheels"))


@pytest.mark.parametrize(
    "files",
    [SETUPTOOLS, MESON, CMAKE, PY_BUILD_CMAKE, in_tree()],
    ids=["setuptools", "meson", "cmake", "py-build-cmake", "in-tree"],
)
def test_backends_of_all_kinds_build_for_the_board(factory: Factory, files: Mapping[str, str]) -> None:
    report = factory.build(files)
    assert report.filename == "toy-1.0-cp313-cp313-linux_armv7l.whl"
    assert (report.engine, report.extensions) == ("cross", ("toy",))
    assert factory.imported() == 4
    assert [path.name for path in (factory.folder / "site").glob("*.so")] == [f"toy{factory.kit.extension_suffix}"]


WRAPPED = "project('made', 'c')\nmade = declare_dependency(include_directories: include_directories('.'))\n"
MADE = "static const int made = 1;\n"
USES_MADE = f'#include "made.h"\n{MODULE}'
FETCHES = {
    "fetch-content": {
        **CMAKE,
        "toy.c": USES_MADE,
        "CMakeLists.txt": CMAKE["CMakeLists.txt"].replace(
            "python_add",
            "include(FetchContent)\nFetchContent_Declare(made URL {url})\nFetchContent_MakeAvailable(made)\n"
            "include_directories(${made_SOURCE_DIR})\npython_add",
        ),
    },
    "external-project": {
        **CMAKE,
        "toy.c": USES_MADE,
        "CMakeLists.txt": CMAKE["CMakeLists.txt"].replace(
            "install",
            "include(ExternalProject)\n"
            'ExternalProject_Add(made URL {url} CONFIGURE_COMMAND "" BUILD_COMMAND "" INSTALL_COMMAND "")\n'
            "ExternalProject_Get_Property(made SOURCE_DIR)\ninclude_directories(${SOURCE_DIR})\n"
            "add_dependencies(toy made)\ninstall",
        ),
    },
    "wrap": {
        **MESON,
        "toy.c": USES_MADE,
        "meson.build": MESON["meson.build"].replace(
            "'toy.c', ", "'toy.c', dependencies: subproject('made').get_variable('made'), "
        ),
        "subprojects/made.wrap": "[wrap-file]\ndirectory = made-1.0\nsource_filename = made-1.0.tar.gz\n"
        "source_url = {url}\nsource_hash = {sha256}\n",
    },
    "download": in_tree(
        '    with urllib.request.urlopen("{url}") if not os.path.exists("made.h") else open("made.h") as file:\n'
        "        file.read()",
        USES_MADE,
    ),
}


@pytest.mark.parametrize("name", FETCHES)
def test_what_a_build_would_download_is_declared_with_its_hash(factory: Factory, tmp_path: Path, name: str) -> None:
    """First nothing is declared, then what the error says."""
    archive = tmp_path / "made-1.0.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for member, text in {"made.h": MADE, "CMakeLists.txt": "", "meson.build": WRAPPED}.items():
            (tmp_path / "file").write_text(text)
            tar.add(tmp_path / "file", f"made-1.0/{member}")
    sha256 = hash_file(archive)
    with server(lambda handler, number: reply(handler, archive.read_bytes())) as (url, asked):
        files = {path: text.replace("{url}", url).replace("{sha256}", sha256) for path, text in FETCHES[name].items()}
        with pytest.raises(StepError) as caught:
            factory.build(files)
        assert asked == []
        heading = caught.value.evidence.index("overrides/toy.toml:")
        text = "\n".join(caught.value.evidence[heading + 1 :])
        assert f'url = "{url}"' in text
        override = tmp_path / "toy.toml"
        override.write_text(text.replace(HASH, sha256).replace(f'file = "{PLACE}"', 'folder = "include"'))
        if name == "download":
            files = {**files, "backend.py": files["backend.py"].replace("made.h", "include/made.h")}
            files["toy.c"] = files["toy.c"].replace("made.h", "include/made.h")
        factory.build(files, read_override(override))
        assert len(asked) == 1
    assert factory.imported() == 4


def test_a_build_can_be_done_by_hand_in_its_own_environment(factory: Factory) -> None:
    source = factory.folder / "by hand"
    source.mkdir()
    for name, text in SETUPTOOLS.items():
        (source / name).write_text(text)
    order = WheelOrder(
        LockedPackage("toy", "1.0", folder=source),
        Override("toy"),
        ProjectFiles("toy", source),
        {},
        {},
        factory.product,
    )
    prepared = prepare_build(order, factory.kit, factory.workshop)
    command = [str(prepared.start), "sh", "-c", f"pwd; echo $CC; {prepared.build}"]
    done = subprocess.run(command, env={"TERM": "dumb"}, capture_output=True, text=True, check=True, timeout=120)
    folder, compiler, *_, wheel = done.stdout.splitlines()
    assert (folder, Path(wheel).name) == (str(prepared.source), "toy-1.0-cp313-cp313-linux_armv7l.whl")
    assert Path(compiler.split()[0]).name.endswith("gcc") and Path(wheel).is_file()


def test_programs_that_a_build_starts_have_distutils(factory: Factory) -> None:
    """setuptools compiles with -O in a process of its own, which imports distutils:
    thrift's setup.cfg asks for that."""
    setup = SETUPTOOLS["setup.py"].replace("ext_modules", 'py_modules=["pure"], ext_modules')
    files = {**SETUPTOOLS, "setup.py": setup, "setup.cfg": "[install]\noptimize = 1\n", "pure.py": "x = 1\n"}
    assert factory.build(files).extensions == ("toy",)


def test_the_same_source_gives_the_same_bytes(factory: Factory) -> None:
    factory.build(in_tree())
    first = factory.product.read_bytes()
    factory.build(in_tree())
    assert factory.product.read_bytes() == first


def test_the_kit_is_made_once_and_anew_when_it_is_made_of_something_else(factory: Factory) -> None:
    def made() -> int:
        """When the kit was made that a new run finds, or makes."""
        make_kit(replace(factory.kit, whole=set()), factory.workshop)
        return factory.kit.bin.stat().st_mtime_ns

    first, marker = made(), factory.kit.folder.with_name(f"{factory.kit.folder.name}.json")
    assert made() == first
    marker.write_text(marker.read_text().replace(factory.kit.release.version, "3.13.0"))
    second = made()
    assert second != first
    header = factory.kit.include / "Python.h"
    good = header.read_bytes()
    header.write_bytes(b"#error\n")
    assert made() != second
    assert header.read_bytes() == good
    factory.kit.whole.clear()  # its overlays went with the kit that was made anew


def test_what_asks_the_interpreter_for_sizes_is_built_in_the_emulator(factory: Factory) -> None:
    check = '_Static_assert(sizeof(void *) == POINTER, "sizeof(void *) is not what Python says");\n'
    flags = '["-DPOINTER=%d" % struct.calcsize("P")]'
    report = factory.build(in_tree(code=check + MODULE, flags=flags))
    assert report.engine == "emulated"
    assert factory.imported() == 4


def test_a_wheel_is_built_with_an_interpreter_of_the_users_own(factory: Factory, tmp_path: Path) -> None:
    """Its standard library is outside of the kit; what is installed in it is not seen."""
    unpack_tree(factory.kit.build_python, tmp_path / "own")
    python = tmp_path / "own/bin/python3"
    (tmp_path / "own/lib/python3.13/site-packages/planted.py").write_text("")
    body = "    import importlib.util\n    assert importlib.util.find_spec('planted') is None"
    report = factory.build(in_tree(body), folder=tmp_path / "kit", build_python=python, whole=set())
    assert (report.engine, report.extensions) == ("cross", ("toy",))


def test_what_build_python_does_without_is_there_in_the_emulator(factory: Factory) -> None:
    assert factory.build(in_tree("    import ssl")).engine == "emulated"


def test_an_override_names_the_engine(factory: Factory) -> None:
    body = "    assert sys.maxsize < 2**32"
    assert factory.build(in_tree(body), Override("toy", engine="emulated")).engine == "emulated"
    with pytest.raises(StepError):
        factory.build(in_tree(body), Override("toy", engine="cross"))


def test_an_override_names_folders_by_what_they_hold(factory: Factory) -> None:
    body = (
        '    for name, file in (("HEADERS", "linux/input.h"), ("SYSROOT", "include/zlib.h")):\n'
        "        assert os.path.isfile(os.path.join(os.environ[name], file)), name\n"
        '    assert os.environ["OVERLAY"] == os.environ["PYTHONPATH"] == config_settings["overlay"]'
    )
    environment = {"HEADERS": "{headers}", "SYSROOT": "{sysroot}", "OVERLAY": "{overlay}"}
    override = Override("toy", environment=environment, config_settings={"overlay": ("{overlay}",)})
    assert factory.build(in_tree(body), override).extensions == ("toy",)


def test_what_an_override_leaves_out_of_an_sdist_is_not_unpacked(factory: Factory, tmp_path: Path) -> None:
    body = '    assert os.listdir("doc") == ["read.txt"]'
    for name, text in {**in_tree(body), "doc/read.txt": "", "doc/manual/deep/page.txt": ""}.items():
        file = tmp_path / "toy-1.0" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    sdist = Path(shutil.make_archive(str(tmp_path / "toy-1.0"), "gztar", tmp_path, "toy-1.0"))
    assert factory.build_from(sdist, Override("toy", leave_out=("doc/manual*",))).extensions == ("toy",)
    with pytest.raises(StepError):
        factory.build_from(sdist)


def test_what_a_backend_left_out_stands_in_the_report(factory: Factory) -> None:
    report = factory.build(in_tree("    print('building extension \"toy.fast\" failed: no header', flush=True)"))
    (remark,) = report.remarks
    assert "toy.fast" in remark


def test_a_name_that_nothing_defines_stands_in_the_report(factory: Factory) -> None:
    report = factory.build(in_tree(code=MODULE.replace("return module;", "return lost() ? NULL : module;")))
    (remark,) = report.remarks
    assert remark.startswith("toy.cpython-313-arm-linux-gnueabihf.so uses lost, which neither Python nor")


def test_a_build_unpacks_programs_of_somebody_else_as_programs(factory: Factory) -> None:
    body = """
    import io, tarfile
    with tarfile.open("foreign.tar", "w") as tar:
        member = tarfile.TarInfo("configure")
        member.uid, member.gid, member.mode, member.size = 12345, 12345, 0o755, 10
        tar.addfile(member, io.BytesIO(b"#!/bin/sh\\n"))
    tarfile.open("foreign.tar").extractall(".", filter="fully_trusted")
    subprocess.run(["./configure"], check=True)
"""
    assert factory.build(in_tree(body)).extensions == ("toy",)


@pytest.mark.parametrize("engine", ["cross", "emulated"])
def test_a_build_hears_of_the_boards_libraries_alone(factory: Factory, engine: Literal["cross", "emulated"]) -> None:
    body = """
    from ctypes.util import find_library
    def say(*command):
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    found = {name: find_library(name) for name in ("z", "c", "zstd", "tiff", "crypt", "blkid")}
    assert found == {"z": "libz.so.1", "c": "libc.so.6", **dict.fromkeys(("zstd", "tiff", "crypt", "blkid"))}, found
    assert say("ldconfig", "-p") == ""
    assert say("gcc", "-dumpmachine") == say(os.environ["CC"], "-dumpmachine")
    assert say("pkg-config", "--variable=includedir", "zlib").startswith(os.environ["CROSSPYTHON_SYSROOT"])
    include, other = say("python3-config", "--includes").split()
    assert include == other == "-I" + sysconfig.get_path("include"), include
"""
    assert factory.build(in_tree(body), Override("toy", engine=engine)).extensions == ("toy",)


def test_a_makefile_that_names_gcc_builds_for_the_board(factory: Factory) -> None:
    includes = "$$(python3-config --includes)"
    makefile = f"all:\n\tgcc -shared -fPIC {includes} toy.c -o extra.so\n\tcc -c {includes} toy.c\n"
    body = """
    subprocess.run(["make"], check=True)
    os.environ["CC"] = "gcc"
    assert open("extra.so", "rb").read(20)[18] == 0x28
    assert open("toy.o", "rb").read(20)[18] == 0x28
"""
    report = factory.build({**in_tree(body), "Makefile": makefile})
    assert (report.engine, report.extensions) == ("cross", ("toy",))


GENERATOR = '#include <stdio.h>\nint main(void) { puts("int generated;"); return 0; }\n'


@pytest.mark.parametrize("compiler", ["gcc", "$CC_FOR_BUILD", "$HOSTCC"])
def test_programs_for_the_build_itself_run_here(factory: Factory, compiler: str) -> None:
    body = f'''
    subprocess.run("{compiler} gen.c -o gen && ./gen > generated.c", shell=True, check=True)
    assert open("generated.c").read() == "int generated;\\n"
'''
    assert factory.build({**in_tree(body), "gen.c": GENERATOR}).extensions == ("toy",)


def test_mesons_native_programs_run_here(factory: Factory) -> None:
    add = """
gen = executable('gen', 'gen.c', native: true)
made = custom_target(output: 'made.c', command: gen, capture: true, build_by_default: true)
static_library('helper', 'gen.c', native: true)
"""
    assert factory.build({**MESON, "meson.build": MESON["meson.build"] + add, "gen.c": GENERATOR}).engine == "cross"


OWN_IMPORT = {
    "CMakeLists.txt": CMAKE["CMakeLists.txt"]
    + 'add_custom_command(TARGET toy POST_BUILD COMMAND ${Python_EXECUTABLE} -c "import toy" VERBATIM '
    "WORKING_DIRECTORY $<TARGET_FILE_DIR:toy>)\n",
    "meson.build": MESON["meson.build"].replace("python.extension", "toy = python.extension")
    + "custom_target(output: 'stub', depends: toy, build_by_default: true, capture: true,\n"
    "  command: [python, '-c', 'import toy'], env: {'PYTHONPATH': meson.current_build_dir()})\n",
}


@pytest.mark.parametrize("system", [CMAKE, MESON], ids=["cmake", "meson"])
def test_a_build_that_imports_its_own_extension_is_emulated(factory: Factory, system: dict[str, str]) -> None:
    files = {name: OWN_IMPORT.get(name, text) for name, text in system.items()}
    assert factory.build(files).engine == "emulated"


def test_a_build_that_wants_the_network_is_told_that_it_has_none(factory: Factory) -> None:
    body = '    urllib.request.urlopen("http://files.example.org/")'
    with pytest.raises(StepError) as caught:
        factory.build(in_tree(body))
    assert "network" in str(caught.value.found)


def test_what_a_build_leaves_running_is_ended_and_told(factory: Factory) -> None:
    code = f"import time; time.sleep(600)  # {factory.folder}"
    body = f"    subprocess.Popen([sys.executable, '-c', {code!r}], start_new_session=True)"
    remarks = factory.build(in_tree(body)).remarks
    assert any(remark.startswith("its build left a process running, which was ended: ") for remark in remarks)
    assert subprocess.run(["pgrep", "-f", code], capture_output=True, check=False).returncode == 1


def test_a_build_that_kills_its_parent_does_not_reach_us(factory: Factory) -> None:
    assert factory.build(in_tree("    os.kill(os.getppid(), 9); time.sleep(0.2)")).extensions == ("toy",)


def test_a_missing_header_is_named_with_its_package_and_log(factory: Factory) -> None:
    with pytest.raises(StepError) as caught:
        factory.build(in_tree(code="#include <libfoo/foo.h>\n" + MODULE))
    error = caught.value
    assert "libfoo/foo.h" in str(error.found)
    assert error.what.startswith("toy-1.0: build (cross)")
    assert error.log is not None
    assert "foo.h" in error.log.read_text()
    assert "FOLDER/toy.toml" in str(error.next)


def test_a_build_that_hangs_is_ended_at_its_time_limit(factory: Factory) -> None:
    with pytest.raises(StepError, match="did not end within 1 s"):
        factory.build(in_tree("    time.sleep(600)"), timeout=1)


def test_what_is_no_project_is_told(factory: Factory) -> None:
    with pytest.raises(CrosspythonError, match="not a Python project"):
        factory.build({"README": "nothing"})


def test_nothing_of_this_machine_is_in_the_environment_of_a_build(factory: Factory) -> None:
    body = """
    import json
    print("seen:", json.dumps(dict(os.environ)))
"""
    factory.build(in_tree(body))
    log = (factory.folder / "logs/wheels/toy-1.0.log").read_text()
    [seen] = [json.loads(line.removeprefix("seen: ")) for line in log.splitlines() if line.startswith("seen: ")]
    assert seen["HOME"].startswith(str(factory.folder))
    assert {"CPATH", "LIBRARY_PATH", "C_INCLUDE_PATH", "LD_LIBRARY_PATH"}.isdisjoint(seen)


def test_a_commit_is_built_as_git_describes_it_and_behind_ccache_without_a_network(
    factory: Factory, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        setup = CALLS_HOME.format(port=door.getsockname()[1]) + SETUPTOOLS["setup.py"]
        told = SETUPTOOLS["pyproject.toml"].replace('version = "1.0"', 'dynamic = ["version"]')
        told = told.replace('["setuptools"]', '["setuptools", "setuptools-scm"]') + "[tool.setuptools_scm]\n"
        source = Commit((tmp_path / "origin").as_uri(), "")
        source = replace(
            source, id=commit(tmp_path / "origin", {**SETUPTOOLS, "setup.py": setup, "pyproject.toml": told})
        )
        git(tmp_path / "origin", "tag", "v3.1")
        path = factory.workshop.path
        tree = check_out(source, tmp_path / "store", path=path, offline=False, wanted_by="toy")
        files = find_project_files("toy", tree, None, path)
        launcher = launcher_environment("ccache", {"CCACHE_DIR": str(tmp_path)}, home=tmp_path, path=path)
        order = WheelOrder(LockedPackage("toy", "3.1", commit=source), Override("toy"), files, {}, {}, factory.product)
        report = build_wheel(order, factory.kit, replace(factory.workshop, launcher=launcher))
    assert (report.version, factory.imported()) == ("3.1", 4)
    assert any(tmp_path.glob("?/*"))  # ccache was at work
