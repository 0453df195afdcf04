"""Unpacking other people's archives: sources and vendor SDKs. Their content is not trusted.

An incomplete folder never has the final name: members are unpacked into a folder beside it, which is renamed at the
end. formats.py knows the formats, members.py which members may be unpacked. All paths belong to the build machine.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from crosspython.errors import ArchiveError
from crosspython.store.disk import archive_refusal
from crosspython.store.formats import Damaged, damage_told, read_members
from crosspython.store.members import Refused, Unpacker, member_refusal


def unpack_archive(
    archive: Path,
    folder: Path,
    *,
    strip: int = 0,
    leave_out: Sequence[str] = (),
    keep_absolute_links: bool = False,
    left_out: list[str] | None = None,
) -> None:
    """Unpack a tar (plain, gz, bz2, xz, zst), a zip archive or a Debian package, with times and executable bits.
    Replaces `folder`.

    strip: how many folders at the top to leave out, each of which is the only member of its level; sources have one
    leave_out: globs of names below those folders that are not unpacked; `*` matches slashes, too
    keep_absolute_links: make links to absolute paths, as the sysroots of SDKs have them, instead of refusing them
    left_out: a list that gets the skipped members and the reasons: devices, pipes and links that lead outside. Without
              this list such members are refused
    Raises ArchiveError: damaged, truncated, of an unknown kind, or with a member that must not be unpacked; disk full.
    """
    part = folder.with_name(folder.name + ".part")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        unpacker = Unpacker(part, keep_absolute_links=keep_absolute_links, left_out=left_out)
        with damage_told():
            for member in read_members(archive):
                if not leave_out or not _matches_one(member.name, strip, leave_out):
                    unpacker.add(member)
        unpacker.close()
        whole = part
        for _ in range(strip):
            whole = _only_folder(whole, archive)
        shutil.rmtree(folder, ignore_errors=True)
        whole.rename(folder)
    except Refused as reason:
        raise member_refusal(archive, reason) from reason
    except Damaged as error:
        raise ArchiveError(
            f"{archive.name}: the archive is damaged, truncated or of an unknown kind",
            expected="a .tar, .tar.gz, .tar.bz2, .tar.xz, .tar.zst or .zip file",
            found=str(error),
            next="download it again",
        ) from error
    except OSError as error:
        expected = f"that {archive} can be read, and {folder.parent} can be written"
        raise archive_refusal(archive, "cannot be unpacked", error, folder.parent, expected) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _matches_one(name: str, strip: int, globs: Sequence[str]) -> bool:
    below = "/".join(name.removeprefix("./").split("/")[strip:])
    return any(fnmatchcase(below, glob) for glob in globs)


def _only_folder(folder: Path, archive: Path) -> Path:
    entries = list(folder.iterdir())
    if len(entries) != 1 or entries[0].is_symlink() or not entries[0].is_dir():
        raise ArchiveError(
            f"{archive.name}: does not look like the archive of a source",
            expected="one folder at the top",
            found=", ".join(sorted(entry.name for entry in entries)[:5]) or "nothing",
        )
    return entries[0]
