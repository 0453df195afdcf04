"""The settings that a user can choose, with defaults and allowed values: one table for `scons -h`, for checks and for
the builders."""

from __future__ import annotations

import os
import re
from collections import UserList
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import msgspec
from SCons.Variables.BoolVariable import FALSE_STRINGS, TRUE_STRINGS

from crosspython.errors import ConfigurationError, hide_logins
from crosspython.hosttools import without_virtual_environments
from crosspython.names import check_known
from crosspython.reading import find_mistakes
from crosspython.recipes.own_release import is_release_file, read_own_release
from crosspython.recipes.release import LIBEDIT, READLINE, Release, read_release
from crosspython.recipes.series import series_names
from crosspython.targets import Target, load_target, target_names
from crosspython.targets.libc import OTHERS, PRIVATE, USUAL, Libc, read_choice
from crosspython.targets.rules import TargetKeys
from crosspython.targets.triplet import parse_triplet, triplet_with
from crosspython.toolchain.launcher import LAUNCHERS
from crosspython.wheels.resolving.binary import AUTO, Binary, parse_binary
from crosspython.wheels.shards import Shard, read_shard

if TYPE_CHECKING:
    from crosspython.run.isolation import Contain

# The recipes that come with crosspython: in the repository a link, in an installed package the folder itself.
COMPONENTS = (Path(__file__).resolve().parents[1] / "components").resolve()
DEFAULT_PYTHON = "3.13"


def read_switch(text: str) -> bool | None:
    """Yes or no, as SCons takes them from the command line (its manual, BoolVariable); None: neither."""
    if text.lower() in TRUE_STRINGS:
        return True
    return False if text.lower() in FALSE_STRINGS else None


class Variable(msgspec.Struct, frozen=True):
    """One thing to choose on the command line. `allowed` is empty where anything goes.

    of: the subject of the variable: WHEELS, BOARD, IMAGE, CVE or TELLING. A run without that subject would ignore it
    separator: the text between several values; empty if the variable has only one value
    """

    name: str
    help: str
    default: str = ""
    allowed: tuple[str, ...] = ()
    of: str = ""
    separator: str = ""

    @property
    def is_switch(self) -> bool:
        """Whether yes and no are among its values."""
        return "0" in self.allowed

    def read(self, given: Mapping[str, Any]) -> str:
        """The chosen value, spelt as in `allowed`. None means that nothing was chosen; a list is joined with commas.
        Raises ConfigurationError."""
        value = given.get(self.name)
        if isinstance(value, (list, tuple, UserList)):  # SCons has a list of its own
            value = ", ".join(map(str, value))
        text = self.default if value is None else str(value)
        text = text.strip() if self.allowed or text.isspace() else text
        if self.is_switch and text not in self.allowed and (switch := read_switch(text)) is not None:
            text = "01"[switch]
        if text not in (self.default, *self.allowed) and (self.allowed or not text):
            raise ConfigurationError(
                f"{self.name}={text}: " + ("not an allowed value" if text else "is empty"),
                expected=" or ".join(self.allowed) or f"a value; without {self.name}= it is {self.default}",
                found=text or None,
            )
        return text


WHEELS, BOARD, IMAGE, CVE = "wheels", "a board", "an image", "known vulnerabilities"
TELLING = "results as JSON"
HTTP = re.compile(r"https?://[^/]")
SIZE = re.compile(r"(\d+)([MGT])")
UNITS = {"M": 10**6, "G": 10**9, "T": 10**12}
USERS_FOLDER = "~/.cache/crosspython"
DEFAULT_CACHE = f"{USERS_FOLDER}/artifacts"

VARIABLES = (
    Variable(
        "target",
        f"the board: {', '.join(target_names())}, or a TOML file of your own; several, with commas between",
        "rv1126",
        separator=",",
    ),
    Variable(
        "python",
        f"CPython's series or patch release: {', '.join(series_names(COMPONENTS / 'cpython'))}, 3.13.5, ...;"
        " or a TOML file of your own",
        DEFAULT_PYTHON,
    ),
    Variable("toolchain", "the vendor's SDK: its folder, or its archive as downloaded; without it, a compiler on PATH"),
    Variable(
        "libc",
        'the libc to build for; "glibc 2.28", or another version: needs no SDK; board: the compiler\'s own;'
        f" private: the same, put into the bundle; {', '.join(OTHERS)}: that of an SDK; without it,"
        " board with toolchain=, otherwise the target's",
    ),
    Variable("rust", "a folder with rustc, cargo and the standard library for the target; without it, one is searched"),
    Variable("prefix", "the folder of Python on the board; without it, the target's"),
    Variable("build", "the folder for everything that is built", "build"),
    Variable("build_python", "an interpreter of the same X.Y that runs here; without it, one is built"),
    Variable(
        "slim", "leave out files that a board does not need; pyc: also each .py that has a .pyc", "0", ("0", "1", "pyc")
    ),
    Variable("shared", "link the interpreter to a libpython, for programs that embed Python", "0", ("0", "1")),
    Variable(
        "optimize",
        "how the board's interpreter is optimized; lto: when it is linked; pgo: also with a profile from the emulator",
        "none",
        ("none", "lto", "pgo"),
    ),
    Variable(
        "readline", "the library of CPython's readline module; gnu is under the GPL 3", "libedit", ("libedit", "gnu")
    ),
    Variable("mirror", "a folder or an HTTP address with the source archives, under their file names"),
    Variable("downloads", "the folder where sources are kept, shared by all builds", f"{USERS_FOLDER}/sources"),
    Variable(
        "board",
        "a board to deploy to, roll back or check over SSH: USER@HOST:PORT, such as root@192.168.1.10",
        of=BOARD,
    ),
    Variable(
        "board_root",
        "check: a folder with the board's file system, whose libc the emulator then uses; without it, the compiler's",
    ),
    Variable("ssh_config", "an ssh_config(5) file for the connection to the board; without it, your own", of=BOARD),
    Variable(
        "forbid_licenses",
        'licences that must not be in the products, by their SPDX names: "GPL-3.0-only AGPL-3.0*"',
        separator=" ",
    ),
    Variable(
        "cve_db", "cve: a folder of OSV files, a zip archive of them, or the HTTP address of such an archive", of=CVE
    ),
    Variable("vex", "cve: a file of OpenVEX statements: which vulnerabilities do no harm here, and why", of=CVE),
    Variable(
        "cve_severity",
        "cve: the lowest severity that fails; a vulnerability without a severity fails, too, except with never",
        "low",
        ("low", "medium", "high", "critical", "never"),
        of=CVE,
    ),
    Variable("offline", "never touch the network", "0", ("0", "1")),
    Variable(
        "pkgs",
        'wheels: what to build: "numpy pandas>=2", @requirements.txt, ./folder, an sdist or wheel here',
        of=WHEELS,
        separator=", ",
    ),
    Variable(
        "group",
        "wheels: dependency groups (PEP 735) of the projects that pkgs= names, or of the pyproject.toml here: dev,test",
        of=WHEELS,
        separator=",",
    ),
    Variable(
        "constraints", "wheels: a constraints file, as for pip's -c: it limits versions and adds no package", of=WHEELS
    ),
    Variable(
        "binary",
        "wheels: auto: use ready wheels that fit; never: build all compiled packages; only: use ready wheels alone;"
        " for single packages too: auto,numpy=never",
        AUTO,
        of=WHEELS,
        separator=",",
    ),
    Variable("lock", "wheels: a pylock.toml of your own to build from; if it is missing, it is written", of=WHEELS),
    Variable(
        "upgrade", "wheels: the locked packages that get their newest version: names, or all", of=WHEELS, separator=","
    ),
    Variable("check", "wheels: install and import them in the emulator", "0", ("0", "1"), of=WHEELS),
    Variable(
        "libraries", "wheels: where the C libraries of the wheels are put", "wheel", ("wheel", "bundle"), of=WHEELS
    ),
    Variable(
        "shard",
        "wheels: build one part alone, for a CI job: 2/5 is the second of five; a last run without it gets all from the"
        " cache",
        of=WHEELS,
    ),
    Variable(
        "times", "wheels: the times.json of an earlier run, by which shard= divides; the same for all parts", of=WHEELS
    ),
    Variable("overrides", "wheels: a folder with overrides of your own, by package", of=WHEELS),
    Variable(
        "components",
        "folders with recipes of your own: their components go into the bundle and the sysroot",
        separator=",",
    ),
    Variable("patches", "a folder with further patches: NAME/0001-what-it-does.patch, by component"),
    Variable(
        "image",
        "image: the kind of file: to be unpacked, mounted, or installed by dpkg, opkg or rpm",
        "tar.gz",
        ("tar.gz", "squashfs", "deb", "ipk", "rpm"),
        of=IMAGE,
    ),
    Variable(
        "max_size", "image: the most space that it may take on the board, such as 40M; a larger image fails", of=IMAGE
    ),
    Variable("pip", "image: 0 leaves out pip and ensurepip, which would install it", "1", ("0", "1"), of=IMAGE),
    Variable(
        "format",
        "json: lock, tree, why, outdated, doctor, report, wheels and check print their results as JSON (scons -s)",
        "text",
        ("text", "json"),
        of=TELLING,
    ),
    Variable(
        "cache",
        "where finished products are kept for other builds: a folder, the HTTP address of a server that other machines"
        " share, or FOLDER,ADDRESS; with an address alone, the default folder comes first; none: keep no product",
        DEFAULT_CACHE,
        separator=",",
    ),
    Variable(
        "farm",
        "a scheduler of Dask, whose workers build components and wheels, too: tls://HOST:8786, tcp://127.0.0.1:8786;"
        " needs a cache's server, and cache_write=all; docs/farm.md",
    ),
    Variable("launcher", "a program in front of the cross compiler; without it, none", "", tuple(LAUNCHERS)),
    Variable(
        "contain",
        "isolate builds from this machine's files, network and processes; auto: as far as its kernel can; required:"
        " build nothing if it cannot; off: do not isolate",
        "auto",
        ("auto", "required", "off"),
    ),
    Variable("cache_write", "the parts of the cache that are written", "folder", ("folder", "all", "none")),
    Variable(
        "sign_key",
        "an SSH key that signs the products on the cache's server and the statements of `scons provenance`",
    ),
    Variable(
        "signers",
        "a list of signers (ssh-keygen(1), ALLOWED SIGNERS): products that none of them signed are not taken from the"
        " cache's server, and `scons verify` refuses them",
    ),
    Variable("cache_limit", "how large the cache's folder may grow: 500M, 20G", "10G"),
)


def find_variable(name: str) -> Variable:
    """The one of this name."""
    return next(variable for variable in VARIABLES if variable.name == name)


class CacheChoice(msgspec.Struct, frozen=True):
    """Where products are cached: in a folder, on a server, or both; which of them may be written; the folder's limit in
    bytes."""

    folder: Path | None
    server: str | None
    writes: str
    limit: int

    @property
    def is_shared(self) -> bool:
        """Whether what is built here can be found by other machines."""
        return self.server is not None and self.writes == "all"


class FarmChoice(msgspec.Struct, frozen=True):
    """The scheduler's address, and the variables that decide what a product becomes: paths in them are absolute."""

    address: str
    variables: tuple[tuple[str, str], ...]


class Settings(msgspec.Struct, frozen=True):
    """The user's choices. Paths belong to the build machine, except for `target.prefix`.

    others: further targets, for which the same products are made
    libc:  the libc that was chosen by its version; libc_kind: "musl" or "uclibc", if one of these was chosen
    start: the folder of relative paths that are read later: those in `packages` and `constraints`
    """

    target: Target
    others: tuple[str, ...]
    libc: Libc | None
    libc_kind: str
    release: Release
    toolchain: str | None
    rust: Path | None
    build: Path
    build_python: Path | None
    slim: str
    shared: bool
    optimize: str
    mirror: str | None
    downloads: Path
    board: str | None
    board_root: Path | None
    ssh_config: Path | None
    forbid_licenses: str
    cve_db: str | None
    vex: Path | None
    cve_severity: str
    offline: bool
    cache: CacheChoice
    farm: FarmChoice | None
    sign_key: Path | None
    signers: Path | None
    launcher: str | None
    contain: Contain
    path: str
    start: Path
    packages: str
    groups: tuple[str, ...]
    constraints: str | None
    binary: Binary
    lock: Path | None
    upgrade: tuple[str, ...]
    check: bool
    libraries: str
    shard: Shard | None
    times: Path | None
    overrides: Path | None
    components: tuple[Path, ...]
    patches: Path | None
    image: str
    max_size: int | None
    pip: bool
    format: str

    @property
    def folder(self) -> Path:
        """Everything of this target."""
        return self.build / self.target.name

    @property
    def sysroot(self) -> Path:
        """The folder that firmware links against. A Python other than the default one has a folder of its own beside
        it."""
        is_default = self.release.series == DEFAULT_PYTHON
        return self.folder / ("sysroot" if is_default else f"sysroot-{self.release.series}")

    @property
    def wheelhouse(self) -> Path:
        """Finished wheels of all Pythons, and their index."""
        return self.folder / "wheels"

    def describe(self) -> str:
        """The choices in a few words."""
        return f"{self.target.name}, Python {self.release.version}, built in {self.build}"


def read_settings(given: Mapping[str, Any], start: Path, environment: Mapping[str, str]) -> Settings:
    """Settings from what was given; relative paths start at `start`, tools are found on the environment's PATH.

    Raises ConfigurationError.
    """
    check_known(
        "unknown variable{s}", given, [v.name for v in VARIABLES], form="{}=", next="scons -h describes each of them"
    )
    chosen = {variable.name: variable.read(given) for variable in VARIABLES}
    first, *others = _split_targets(chosen["target"], start)
    target = load_target(first, start)
    if chosen["prefix"]:
        target = _with_prefix(target, chosen["prefix"])
    libc = _read_libc(chosen["libc"]) if chosen["libc"] else None
    release = _release(start, chosen)
    cache = _cache(start, chosen)
    return Settings(
        target=_choose_libc(target, libc, chosen),
        others=tuple(others),
        libc=libc,
        libc_kind=chosen["libc"] if chosen["libc"] in OTHERS else "",
        release=release,
        toolchain=_toolchain(start, chosen["toolchain"]) if chosen["toolchain"] else None,
        rust=Path(_place(start, chosen["rust"])) if chosen["rust"] else None,
        build=Path(_place(start, chosen["build"])),
        build_python=Path(_place(start, chosen["build_python"])) if chosen["build_python"] else None,
        slim=chosen["slim"],
        shared=chosen["shared"] == "1",
        optimize=_optimize(release, chosen["optimize"]),
        mirror=_mirror(start, chosen["mirror"]),
        downloads=Path(_place(start, chosen["downloads"])),
        board=chosen["board"] or None,
        board_root=_board_root(start, chosen["board_root"]) if chosen["board_root"] else None,
        ssh_config=Path(_place(start, chosen["ssh_config"])) if chosen["ssh_config"] else None,
        forbid_licenses=chosen["forbid_licenses"],
        cve_db=_mirror(start, chosen["cve_db"]),
        vex=Path(_place(start, chosen["vex"])) if chosen["vex"] else None,
        cve_severity=chosen["cve_severity"],
        offline=chosen["offline"] == "1",
        cache=cache,
        farm=_farm(start, {**chosen, "target": first}, cache) if chosen["farm"] else None,
        sign_key=_file(start, "sign_key", chosen),
        signers=_file(start, "signers", chosen),
        launcher=chosen["launcher"] or None,
        contain=cast("Contain", chosen["contain"]),
        path=without_virtual_environments(environment.get("PATH", os.defpath)),
        start=start,
        packages=chosen["pkgs"],
        groups=tuple(chosen["group"].replace(",", " ").split()),
        constraints=chosen["constraints"] or None,
        binary=parse_binary(chosen["binary"], f"binary={chosen['binary']}"),
        lock=Path(_place(start, chosen["lock"])) if chosen["lock"] else None,
        upgrade=tuple(
            name.lower() if name.lower() == "all" else name for name in chosen["upgrade"].replace(",", " ").split()
        ),
        check=chosen["check"] == "1",
        libraries=chosen["libraries"],
        shard=read_shard(chosen["shard"]) if chosen["shard"] else None,
        times=Path(_place(start, chosen["times"])) if chosen["times"] else None,
        overrides=Path(_place(start, chosen["overrides"])) if chosen["overrides"] else None,
        components=_folders(start, "components", chosen["components"], "SConscript"),
        patches=next(iter(_folders(start, "patches", chosen["patches"], "*/[0-9]*.patch", one=True)), None),
        image=chosen["image"],
        max_size=read_size("max_size", chosen["max_size"]) if chosen["max_size"] else None,
        pip=chosen["pip"] == "1",
        format=chosen["format"],
    )


def _split_targets(text: str, start: Path) -> list[str]:
    """The targets of a list; a path may have commas in it."""
    if "," not in text or (start / Path(text).expanduser()).is_file():
        return [text]
    return list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip())) or [text]


def _release(start: Path, chosen: Mapping[str, str]) -> Release:
    python = chosen["python"]
    wanted = read_own_release(python, start) if is_release_file(python) else python
    return read_release(COMPONENTS / "cpython", wanted, READLINE if chosen["readline"] == "gnu" else LIBEDIT)


def _optimize(release: Release, choice: str) -> str:
    if choice != "none" and not release.optimizes:
        raise ConfigurationError(
            f"optimize={choice}: Python {release.series} cannot be built in this way",
            expected="optimize=none, or a newer Python",
        )
    return choice


def _with_prefix(target: Target, prefix: str) -> Target:
    if mistakes := find_mistakes({"prefix": prefix}, TargetKeys):
        raise ConfigurationError(
            f"prefix={prefix}: not a place for Python on the board", evidence=[str(each) for each in mistakes]
        )
    return replace(target, prefix=prefix.rstrip("/"))


def _read_libc(choice: str) -> Libc | None:
    if find_mistakes({"libc": choice}, TargetKeys):
        raise ConfigurationError(
            f"libc={choice}: not a libc to build for",
            expected=f'board, private, {", ".join(OTHERS)}, or a glibc such as libc="glibc 2.28" (in quotes)',
            found=choice,
            next="docs/targets.md, The libc",
        )
    return read_choice(choice)


def _choose_libc(target: Target, asked: Libc | None, chosen: Mapping[str, str]) -> Target:
    if chosen["libc"] == PRIVATE or (target.brings_libc and not chosen["libc"]):
        return _with_private_libc(target, shared=chosen["shared"] == "1")
    if chosen["libc"] in OTHERS:
        return _with_other_libc(target, chosen["libc"], has_sdk=bool(chosen["toolchain"]))
    return _with_libc(target, asked, keeps_own=bool(chosen["toolchain"] or chosen["libc"]))


def _with_libc(target: Target, asked: Libc | None, *, keeps_own: bool) -> Target:
    """A target with the libc to build for: the chosen one, or the board's own, unless the compiler's must be kept.

    Products are then checked against that libc.
    """
    boards = target.libc_baseline
    libc = asked or (None if keeps_own else target.libc)
    if libc and (triplet := parse_triplet(target.triplet)).has_other_libc:
        raise ConfigurationError(
            f"libc={libc}: {target.name} has {triplet.libc}",
            expected="libc=private, whose bundle contains a glibc, or an SDK for the board as toolchain=",
            found=str(libc),
        )
    if libc and boards and not boards.loads(libc):
        raise ConfigurationError(
            f"libc={libc}: programs for it would not start on {target.name}",
            expected=f"{boards} at most, the board's libc (libc_baseline)",
            found=str(libc),
        )
    return replace(target, libc=libc, libc_baseline=libc or boards, brings_libc=False)


def _with_other_libc(target: Target, name: str, *, has_sdk: bool) -> Target:
    """A target that is built for the libc of an SDK (musl or uClibc), and not for the board's own."""
    triplet = parse_triplet(target.triplet)
    if triplet.libc == name:
        return replace(target, libc=None, brings_libc=False)
    if not has_sdk:
        raise ConfigurationError(
            f"libc={name}: no compiler for {name} is known for {target.name}",
            expected=f"an SDK whose libc is {name}, as toolchain=",
            found="no toolchain=",
            next="without an SDK, libc=private makes a bundle that starts there, too; docs/targets.md, The libc",
        )
    called = triplet_with(name, triplet, target.float_abi)
    return replace(target, triplet=called, prefixes=(called,), libc=None, libc_baseline=None, brings_libc=False)


def _with_private_libc(target: Target, *, shared: bool) -> Target:
    """A target that is built for the compiler's libc. The bundle contains that libc, so the board's own does not
    matter."""
    if shared:
        raise ConfigurationError(
            "libc=private and shared=1 exclude each other",
            expected="one of them: a program that embeds Python starts with the board's libc",
            found="both",
            next='build for the board\'s libc, libc="glibc 2.28" or toolchain=; docs/targets.md, The libc',
        )
    if (boards := parse_triplet(target.triplet)).has_other_libc:  # what is brought is a glibc, of another compiler
        name = triplet_with(USUAL, boards, target.float_abi)
        target = replace(target, triplet=name, prefixes=(name,))
    return replace(target, libc=None, libc_baseline=None, brings_libc=True)


def _place(start: Path, path: str) -> str:
    return os.path.normpath(start / os.path.expanduser(path))


def _file(start: Path, name: str, chosen: Mapping[str, str]) -> Path | None:
    if not chosen[name]:
        return None
    file = Path(_place(start, chosen[name]))
    if not file.is_file():
        raise ConfigurationError(f"{name}={chosen[name]}: there is no such file")
    return file


def _folders(start: Path, name: str, text: str, holds: str, *, one: bool = False) -> tuple[Path, ...]:
    """Folders that a variable names. holds: a glob of what is in each; one: the text is one folder's name"""
    words = [text] if one and text else text.split(",")
    folders = tuple(Path(_place(start, word.strip())) for word in words if word.strip())
    for folder in folders:
        if not any(folder.glob(holds)):
            raise ConfigurationError(
                f"{name}={folder}: {'nothing for it is in there' if folder.is_dir() else 'there is no such folder'}",
                expected=f"a folder with {holds}",
                next="docs/components.md, Components of your own",
            )
    return folders


def _board_root(start: Path, given: str) -> Path:
    from crosspython.toolchain.emulator import has_loader

    root = Path(_place(start, given))
    if not has_loader(root):
        raise ConfigurationError(
            f"board_root={given}: not the file system of a board",
            expected="a folder with the board's loader, at lib/ld-*.so*",
            found="none there" if root.is_dir() else "no such folder",
            next="unpack the board's root file system, or name the folder that it was packed from"
            " (Buildroot's output/target)",
        )
    return root


def _toolchain(start: Path, given: str) -> str:
    """An absolute path; or the given name if no such file exists: it then names a compiler on PATH, or its prefix."""
    if "://" in given:
        raise ConfigurationError(
            f"toolchain={hide_logins(given)}: this is an address, and not a file of this machine",
            expected="a folder, an archive or a compiler here",
            next="download the file, and name it here as it is",
        )
    return given if "/" not in given and given != "~" and not (start / given).exists() else _place(start, given)


def _mirror(start: Path, mirror: str) -> str | None:
    if not mirror:
        return None
    return mirror if "://" in mirror else _place(start, mirror)


def _cache(start: Path, chosen: Mapping[str, str]) -> CacheChoice:
    places = [place for place in chosen["cache"].split(",") if place]
    servers = [place for place in places if "://" in place]
    folders = [place for place in places if "://" not in place]
    if len(servers) > 1 or len(folders) > 1 or any(not HTTP.match(server) for server in servers):
        raise ConfigurationError(
            f"cache={','.join(hide_logins(place) for place in places)}: not a cache",
            expected="a folder, an address with http:// or https://, one of each with a comma between, or none",
        )
    if servers and chosen["cache_write"] == "all" and chosen["signers"] and not chosen["sign_key"]:
        raise ConfigurationError(
            f"cache_write=all signers={chosen['signers']}: what this run writes would not be signed",
            expected="sign_key= with a key of that list",
            next="or cache_write=folder, which only reads the server",
        )
    folder = (folders or [DEFAULT_CACHE if servers else "none"])[0]
    return CacheChoice(
        folder=None if folder == "none" else Path(_place(start, folder)),
        server=servers[0] if servers else None,
        writes=chosen["cache_write"],
        limit=read_size("cache_limit", chosen["cache_limit"]),
    )


def _farm(start: Path, chosen: Mapping[str, str], cache: CacheChoice) -> FarmChoice:
    from crosspython.farm.address import require_address  # not needed without a farm
    from crosspython.farm.order import FOR_WHEELS, TRAVELLING

    address = require_address(chosen["farm"], f"farm={chosen['farm']}")
    if not cache.is_shared:
        raise ConfigurationError(
            f"farm={address}: its workers and this build have no cache in common",
            expected="cache=http://... and cache_write=all: products travel by the cache's server",
            found=f"cache={hide_logins(chosen['cache'])} cache_write={chosen['cache_write']}",
            next="docs/farm.md",
        )
    names = (*TRAVELLING, *FOR_WHEELS)
    given = {name: chosen[name] for name in names if chosen[name] != find_variable(name).default}
    return FarmChoice(address, tuple((name, _for_anywhere(start, name, text)) for name, text in given.items()))


def _for_anywhere(start: Path, name: str, text: str) -> str:
    """The value of a variable for a run in another folder: paths are made absolute."""
    if name in ("components", "patches", "build_python"):
        return ",".join(_place(start, word.strip()) for word in text.split(","))
    return _place(start, text) if (start / os.path.expanduser(text)).exists() else text


def read_size(name: str, text: str | None) -> int:
    """Bytes. name: of the variable or argument. Raises ConfigurationError."""
    size = SIZE.fullmatch(text or "")
    if size is None:
        raise ConfigurationError(f"{name}={text}: not a size", expected="a number with M, G or T behind it: 500M, 20G")
    return int(size[1]) * UNITS[size[2]]
