"""Turns a backend's wheel into a wheel for the board, or raises an error with all problems; a ready wheel is only
audited.

The steps in their order: unpack, clean, put libraries in, write RPATHs, set the tags by the content, audit, pack. Other
modules carry them out. A ready wheel is not changed, because its hash is locked. All paths belong to the build machine.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.tags import Tag
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from crosspython.elf.file import ElfFile, find_elf_files
from crosspython.errors import AuditError
from crosspython.finish.board_needs import sum_up_needs
from crosspython.finish.elf_rules import judge_identity, wanted_elf
from crosspython.finish.leaks import BuildPaths, is_text_file
from crosspython.finish.rpath import find_sonames, set_rpaths
from crosspython.finish.strip import strip_archives, strip_files
from crosspython.store.fetch import hash_file
from crosspython.store.walk import find_files
from crosspython.targets import Target
from crosspython.targets.machines import find_machine
from crosspython.toolchain.facts import Toolchain
from crosspython.toolchain.query import try_ask
from crosspython.wheels.model import LockedPackage, WheelReport
from crosspython.wheels.repairing.archive import (
    WheelName,
    WheelTree,
    judge_archive,
    lay_out_wheel,
    name_dist_info,
    parse_wheel_name,
    state_tags,
    verify_record,
)
from crosspython.wheels.repairing.graft import find_missing, graft, rename_needed
from crosspython.wheels.repairing.metadata import name_packages_only
from crosspython.wheels.repairing.pack import pack_wheel
from crosspython.wheels.repairing.undefined import find_undefined, remark_undefined
from crosspython.wheels.repairing.wheel_audit import (
    WheelContents,
    find_foreign,
    find_wheel_problems,
    is_static_library,
    read_contents,
    remark_dropped,
    remark_foreign,
    require_clean_wheel,
)
from crosspython.wheels.tags import BoardTags, compress_tags, is_pure, manylinux_tags, predict_tags
from crosspython.workshop import EPOCH


@dataclass(frozen=True)
class Repair:
    """The facts for finishing one wheel.

    package:   the locked package; the wheel's name and version have to be the same
    series, abiflags: CPython's, "3.13" and ""
    suffix:    the suffix of extension modules of the Python that it was built for; a ready wheel needs none
    work:      a folder for this wheel alone; it is emptied first, and removed after success
    engine:    for the report
    tools:     the wrapped toolchain, <triplet>-objcopy; a ready wheel needs none
    python:    the target's interpreter, an ELF file; a ready wheel needs none
    sysroot:   the private sysroot that it was built against, with libraries in usr/lib
    replace:   folders of the build machine, with the text that replaces each of them
    brought:   SHA-256 of the ELF files that the source contained before the build; a ready wheel needs none
    to_bundle: needed libraries come into the bundle, in the prefix's lib; else they are put into the wheel
    """

    package: LockedPackage
    target: Target
    toolchain: Toolchain
    series: str
    abiflags: str
    work: Path
    engine: str = "ready"
    suffix: str | None = None
    tools: Path | None = None
    python: Path | None = None
    sysroot: Path | None = None
    replace: Mapping[str, str] | None = None
    brought: frozenset[str] = frozenset()
    to_bundle: bool = False
    log: Path | None = None

    @property
    def board(self) -> BoardTags:
        return BoardTags.of(self.target, self.toolchain, self.series, self.abiflags, self.suffix)

    @property
    def patterns(self) -> tuple[str, ...]:
        """Sonames of the libraries that every board with this libc has."""
        return self.board.libc.libraries

    @property
    def forbidden(self) -> tuple[str, ...]:
        return tuple(self.neutral)

    @property
    def neutral(self) -> dict[str, str]:
        """The text that replaces each folder of the build machine."""
        return {**(self.replace or {}), str(self.work): self.target.prefix}

    def sonames(self) -> frozenset[str]:
        """Names of the libraries in the private sysroot."""
        return find_sonames(self.sysroot / "usr/lib") if self.sysroot else frozenset()

    def find_library(self, soname: str) -> Path | None:
        """The path of a library: in the private sysroot, or in the compiler's folders (libgfortran, libc)."""
        if self.sysroot is not None and (own := self.sysroot / "usr/lib" / soname).exists():
            return own.resolve()
        _, answer, _ = try_ask(Path(f"{self.toolchain.prefix}gcc"), f"-print-file-name={soname}")
        place = Path(answer.strip())
        return place.resolve() if place.is_absolute() and place.is_file() else None

    def find_missing_library(self, soname: str) -> Path | None:
        """The same, if it has to be put into the wheel."""
        return None if self.to_bundle and soname in self.sonames() else self.find_library(soname)


def finish_wheel(made: Path, product: Path, repair: Repair) -> WheelReport:
    """Make a wheel for the board from a backend's wheel, and write it. Raises AuditError that lists all problems."""
    stated = parse_wheel_name(made.name)
    tree = lay_out_wheel(made, repair.work, repair.series)
    _require_identity(tree, stated, repair)
    _require_plain_names(tree, repair)
    name_dist_info(tree, stated)
    renamed = name_packages_only(tree)
    _clean_texts(tree, repair)
    aside = _find_brought(tree, repair)
    grafted = _finish_code(tree, repair, aside)
    elves = list(find_elf_files(tree.root))
    overwritten = _overwrite_folders(elves, repair)
    contents = read_contents(tree, [elf for elf in elves if elf.path not in aside])
    corrected = predict_tags(stated.tags, contents.code, repair.board)
    _require_accepted(corrected, repair)
    tags = corrected | _manylinux_tags(corrected, tree, repair)
    state_tags(tree, tags, is_pure=not contents.code)
    problems = find_wheel_problems(
        tree,
        repair.target,
        repair.board,
        forbidden=repair.forbidden,
        provided=repair.sonames() if repair.to_bundle else frozenset(),
        time_bits=repair.toolchain.time_bits,
    )
    foreign = [problem for problem in find_foreign(problems, tree, contents) if tree.root / problem.path in aside]
    problems = [problem for problem in problems if problem not in foreign]
    require_clean_wheel(problems, repair.package.title, _below_root(tree), repair.log)
    pack_wheel(tree, product, EPOCH)
    name = WheelName(stated.name, stated.version, stated.build, tags)
    remarks = [
        *remark_dropped(contents, repair.package.other_wheels),
        *_remark_undefined(tree, repair),
        *overwritten,
        *renamed,
        *remark_foreign(foreign, tree),
    ]
    if corrected != stated.tags:
        remarks.append(f"the backend gave it the tags {compress_tags(stated.tags)}, which were corrected")
    report = _report(str(name), tree, contents, elves, repair, grafted, remarks)
    shutil.rmtree(repair.work)
    return report


def take_ready(
    wheel: Path, filename: str, product: Path, repair: Repair, judged: WheelReport | None = None
) -> WheelReport:
    """Audit a ready wheel, whose name in the index is `filename`, and copy it to the product's path without changes.

    judged: the result of judge_ready, if it was called before
    """
    report = judged or judge_ready(wheel, filename, repair)
    product.parent.mkdir(parents=True, exist_ok=True)
    part = product.with_name(product.name + ".part")
    shutil.copyfile(wheel, part)
    part.replace(product)
    return report


def judge_ready(wheel: Path, filename: str, repair: Repair) -> WheelReport:
    """Audit a ready wheel. Raises AuditError or ArchiveError if it would not work on the board.

    A wheel for any platform may contain files for several machines, and choose one at run time.
    """
    stated = parse_wheel_name(filename)
    tree = lay_out_wheel(wheel, repair.work, repair.series)
    _require_identity(tree, stated, repair)
    _require_accepted(stated.tags, repair)
    broken = [*verify_record(tree), *judge_archive(wheel)]
    if canonicalize_name(tree.dist_info.name.partition("-")[0]) != stated.name:
        broken.append(f"its {tree.dist_info.name} belongs to another package")
    if broken:
        raise AuditError(f"{filename} is damaged", evidence=broken)
    elves = list(find_elf_files(tree.root))
    contents = read_contents(tree, elves)
    problems = find_wheel_problems(tree, repair.target, repair.board, forbidden=(), is_ready=True)
    foreign = find_foreign(problems, tree, contents) if is_pure(filename) else []
    problems = [problem for problem in problems if problem not in foreign]
    require_clean_wheel(problems, repair.package.title, _below_root(tree), repair.log)
    remarks = [*_remark_time(elves, repair), *remark_foreign(foreign, tree)]
    report = _report(filename, tree, contents, elves, repair, (), remarks)
    shutil.rmtree(repair.work)
    return report


def _require_identity(tree: WheelTree, stated: WheelName, repair: Repair) -> None:
    """Check that the wheel is the locked package. A version such as 0.0.0 means that the backend asked git for the
    version, and found no repository."""
    package, metadata = repair.package, tree.metadata
    told = str(metadata.get("Name", "")), str(metadata.get("Version", ""))
    wanted = Version(package.version) if package.version else stated.version  # 1.0 and 1.0.0 are the same (PEP 440)
    is_named = {stated.name, canonicalize_name(told[0])} == {canonicalize_name(package.name)}
    if not is_named or stated.version != wanted or not _is_version(told[1], wanted):
        raise AuditError(
            f"{package.title}: the build made another package",
            expected=f"{package.name} {wanted}",
            found=f"{stated.name} {stated.version} by its file name, {' '.join(told)} by its METADATA",
            log=repair.log,
        )


def _is_version(text: str, wanted: Version) -> bool:
    try:
        return Version(text) == wanted
    except InvalidVersion:
        return False


def _require_plain_names(tree: WheelTree, repair: Repair) -> None:
    """Refuse names with a backslash: installers read it as a slash in RECORD."""
    if odd := [name for path in find_files(tree.root) if "\\" in (name := tree.name_in_wheel(path))]:
        raise AuditError(
            f"{repair.package.title}: the build made files with a backslash in their names",
            evidence=odd,
            log=repair.log,
        )


def _require_accepted(tags: Iterable[Tag], repair: Repair) -> None:
    board = repair.board
    if not board.accepts(tags):
        raise AuditError(
            f"{repair.package.title}: the wheel is not for the board's Python",
            expected=f"{board.interpreter}-{board.abi}-{board.platform}, or another tag that pip accepts there",
            found=compress_tags(tags),
            log=repair.log,
        )


def _manylinux_tags(tags: Iterable[Tag], tree: WheelTree, repair: Repair) -> frozenset[Tag]:
    """The manylinux tags of a wheel. It gets them only if it needs no special CPU features, was built for an older
    glibc, and needs no libraries of the bundle."""
    if not repair.target.generic or repair.target.libc is None or repair.to_bundle:
        return frozenset()
    needs = sum_up_needs(tree.root, find_elf_files(tree.root))
    newest = needs.of_libc
    return manylinux_tags(tags, repair.board, needs.libraries, newest.libc if newest else None)


def _clean_texts(tree: WheelTree, repair: Repair) -> None:
    """Remove bytecode, which contains times and paths, and replace folders of the build machine in texts."""
    paths = BuildPaths(repair.neutral)
    for path in list(find_files(tree.root)):
        if path.suffix == ".pyc":
            path.unlink()
            continue
        if is_text_file(path) and (_is_script(path) or paths.find_in(path)):
            data = path.read_bytes()
            new, _ = paths.replace(_name_python(data, tuple(repair.replace or ())))
            if new != data:
                path.write_bytes(new)


def _is_script(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"#!"


def _name_python(data: bytes, folders: Sequence[str]) -> bytes:
    """Replace a `#!` line with a Python of the build machine by `#!python`, which installers replace (PEP 427)."""
    if not data.startswith(b"#!"):
        return data
    first, newline, rest = data.partition(b"\n")
    interpreter, _, arguments = first.removeprefix(b"#!").strip().partition(b" ")
    is_ours = any(interpreter.startswith(folder.rstrip("/").encode() + b"/") for folder in folders)
    if not is_ours or not interpreter.rpartition(b"/")[2].startswith(b"python"):
        return data
    return b"#!python" + (b" " + arguments if arguments else b"") + newline + rest


def _find_brought(tree: WheelTree, repair: Repair) -> frozenset[Path]:
    """Files for other machines that the source already contained: a package may choose one of several at run time.

    If the build has made such a file, the build machine's compiler was used, and the wheel is refused.
    """
    if not repair.brought:
        return frozenset()
    wanted = wanted_elf(repair.target.machine, repair.target.float_abi)
    foreign = (elf.path for elf in find_elf_files(tree.root) if judge_identity(elf, "", wanted))
    return frozenset(path for path in foreign if hash_file(path) in repair.brought)


def _finish_code(tree: WheelTree, repair: Repair, aside: Collection[Path] = ()) -> tuple[str, ...]:
    """Put libraries in, strip, rename, write RPATHs, in this order: strip damages what patchelf has extended.

    aside: files that are left as they are
    """
    if repair.tools is None:
        return ()
    objcopy = repair.tools / f"{repair.target.triplet}-objcopy"
    strip_archives((path for path in find_files(tree.root) if is_static_library(path)), objcopy)
    elves = _own(tree, aside)
    missing = find_missing(elves, repair.patterns, repair.find_missing_library)
    copies = graft(missing, tree.libs)
    elves = _own(tree, aside)
    strip_files(tree.root, elves, objcopy, None)
    if copies:
        rename_needed(elves, copies)
        elves = _own(tree, aside)
    set_rpaths(tree.root, elves, repair.sonames() if repair.to_bundle else ())
    return tuple(copies)


def _own(tree: WheelTree, aside: Collection[Path]) -> list[ElfFile]:
    return [elf for elf in find_elf_files(tree.root) if elf.path not in aside]


def _overwrite_folders(elves: Iterable[ElfFile], repair: Repair) -> list[str]:
    """Overwrite folders of the build machine in binaries: OpenCV and others contain them in a description of their
    build. Returns remarks.

    A path that is longer there, because a blank is escaped, is not replaced, and the audit refuses it.
    """
    paths = BuildPaths({folder: of_same_length(folder, neutral) for folder, neutral in repair.neutral.items()})
    remarks = []
    for elf in elves:
        if paths.find_in(elf.path) is None:
            continue
        data = elf.path.read_bytes()
        new, count = paths.replace(data)
        if count and len(new) == len(data):
            elf.path.write_bytes(new)
            remarks.append(f"{elf.path.name} contained paths of this machine, which were overwritten")
    return remarks


def of_same_length(folder: str, neutral: str) -> str:
    """A path of the same length as another, to replace it in a binary: it is padded with slashes.

    The last part of the path stays, because linkers may use the end of one text as another text.
    """
    parent, slash, last = folder.rpartition("/")
    room = len(parent.encode())
    return (neutral if len(neutral) <= room else "").ljust(room, "/") + slash + last


def _remark_undefined(tree: WheelTree, repair: Repair) -> list[str]:
    if repair.python is None:
        return []
    undefined = find_undefined(find_elf_files(tree.root), repair.python, repair.find_library)
    return [remark_undefined(tree.name_in_wheel(path), names) for path, names in undefined.items()]


def _remark_time(elves: Iterable[ElfFile], repair: Repair) -> list[str]:
    """A remark about a ready wheel with 32-bit time. It may have another size of time_t than our products, because it
    contains all code that it passes a time_t to."""
    if repair.toolchain.time_bits == 32 or find_machine(repair.target.machine).bits == 64:
        return []
    if any(32 in elf.time_functions() for elf in elves):
        return ["compiled with 32-bit time: its own code knows no dates after January 2038"]
    return []


def _report(
    filename: str,
    tree: WheelTree,
    contents: WheelContents,
    elves: Iterable[ElfFile],
    repair: Repair,
    grafted: Sequence[str],
    remarks: Sequence[str],
) -> WheelReport:
    machine = find_machine(repair.target.machine).elf
    own = [elf for elf in elves if elf.machine == machine]
    newest = sum_up_needs(tree.root, own).of_libc
    name = parse_wheel_name(filename)
    return WheelReport(
        name=repair.package.name,
        version=str(name.version),
        filename=filename,
        tags=tuple(sorted(map(str, name.tags))),
        engine=repair.engine,
        extensions=tuple(sorted(contents.extensions)),
        grafted=tuple(grafted),
        needs=newest.version if newest else None,
        remarks=tuple(remarks),
    )


def _below_root(tree: WheelTree) -> str:
    return tree.site.relative_to(tree.root).as_posix()
