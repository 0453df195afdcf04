"""Files that the build of a package would download: put where it looks for them, because builds have no network.

Knows how CMake is told of them. Meson takes files from subprojects/packagecache by itself, and other builds are told by
an override's [environment].
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from crosspython.store.archive import unpack_archive
from crosspython.wheels.building.inside import path_inside
from crosspython.wheels.model import Fetch

# Names a file for CMake that the toolchain file includes.
SETTINGS = "CROSSPYTHON_FETCHED"

# The commands of ExternalProject are replaced when the first project() is called (CMAKE_PROJECT_TOP_LEVEL_INCLUDES).
# CMake keeps the former definition of a function under its name with an underscore.
_EXTERNAL_PROJECT = """\
include_guard(GLOBAL)
include(ExternalProject)
function(ExternalProject_Add name)
  set(words "")
  math(EXPR last "${ARGC} - 1")
  foreach(number RANGE ${last})
    if(number GREATER 0)
      string(APPEND words " [==[${ARGV${number}}]==]")
    endif()
  endforeach()
  string(TOUPPER "${name}" upper)
  if(DEFINED FETCHCONTENT_SOURCE_DIR_${upper})
    set(copy "copy_directory [==[${FETCHCONTENT_SOURCE_DIR_${upper}}]==] <SOURCE_DIR>")
    string(APPEND words " DOWNLOAD_COMMAND [==[${CMAKE_COMMAND}]==] -E ${copy}")
  endif()
  cmake_language(EVAL CODE "_ExternalProject_Add([==[${name}]==]${words})")
endfunction()
"""


def hand_over(fetches: Sequence[Fetch], files: Mapping[str, Path], source: Path, work: Path) -> Path | None:
    """Put the files where the build looks for them. Return the file that SETTINGS has to name, if CMake needs one.

    files: by SHA-256
    source, work: the folder of the package's source, and that of its build
    Raises ArchiveError, StepError.
    """
    lines = []
    for fetch in fetches:
        archive = files[fetch.sha256]
        if fetch.file:
            place = path_inside(source, fetch.file)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(archive, place)
        elif fetch.folder:
            unpack_archive(archive, path_inside(source, fetch.folder), strip=1)
        else:
            folder = work / "fetched" / fetch.cmake
            folder.parent.mkdir(parents=True, exist_ok=True)
            unpack_archive(archive, folder, strip=1)
            # CMake's manual, FetchContent: the name in capital letters
            lines.append(f'set(FETCHCONTENT_SOURCE_DIR_{fetch.cmake.upper()} [==[{folder}]==] CACHE PATH "")\n')
    if not lines:
        return None
    settings, commands = work / "fetched" / "settings.cmake", work / "fetched" / "commands.cmake"
    settings.write_text("".join(lines) + f"list(APPEND CMAKE_PROJECT_TOP_LEVEL_INCLUDES [==[{commands}]==])\n")
    commands.write_text(_EXTERNAL_PROJECT)
    return settings
