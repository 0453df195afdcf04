"""An environment with crosspython's methods, for editors and type checkers; tests/unit/made_stub.py writes this file.

    import crosspython
    env: crosspython.Environment = Environment(tools=[])
    env.Tool("crosspython", target="rk3568")
"""

from collections.abc import Mapping, Sequence
from typing import Any

import SCons.Environment

class Environment(SCons.Environment.Base):  # type: ignore[misc]
    def Autoconf(self, name: str, version: str, *, sources: Sequence[Any], depends: Sequence[Any] = ..., ships: Sequence[Any] = ..., fortran: bool = ..., leave_out: Sequence[Any] = ..., license: Any = ..., license_files: Sequence[Any] = ..., cpe: str = ..., others: Mapping[str, Any] = ..., configure: Sequence[Any] = ..., make: Sequence[Any] = ..., install: Sequence[Any] = ..., environment: Mapping[str, Any] = ..., steps: Sequence[Any] = ..., after: Sequence[Any] = ..., triplet: bool = ..., tools: Sequence[Any] = ...) -> Any:
        """configure, make, make install.

        triplet:    False for a hand-written configure that knows no --host and takes CHOST and CC from the environment
        steps:      after configure, before make (edits of generated files)
        install:    None where `make install` would do more than is wanted; `after` then does it
        after:      after the installation
        """

    def Make(self, name: str, version: str, *, sources: Sequence[Any], depends: Sequence[Any] = ..., ships: Sequence[Any] = ..., fortran: bool = ..., leave_out: Sequence[Any] = ..., license: Any = ..., license_files: Sequence[Any] = ..., cpe: str = ..., others: Mapping[str, Any] = ..., make: Sequence[Any] = ..., install: Sequence[Any] = ..., environment: Mapping[str, Any] = ..., steps: Sequence[Any] = ..., after: Sequence[Any] = ..., cwd: str = ..., tools: Sequence[Any] = ...) -> Any:
        """make, make install. `install=None` where the Makefile cannot install; `after` then does it."""

    def CMake(self, name: str, version: str, *, sources: Sequence[Any], depends: Sequence[Any] = ..., ships: Sequence[Any] = ..., fortran: bool = ..., leave_out: Sequence[Any] = ..., license: Any = ..., license_files: Sequence[Any] = ..., cpe: str = ..., others: Mapping[str, Any] = ..., configure: Sequence[Any] = ..., build: Sequence[Any] = ..., environment: Mapping[str, Any] = ..., steps: Sequence[Any] = ..., after: Sequence[Any] = ..., source: str = ..., tools: Sequence[Any] = ...) -> Any:
        """cmake, ninja, cmake --install.

        configure: definitions: "-DENABLE_STATIC=OFF"
        build:     ninja's targets; all where there is none
        source:    the folder of the CMakeLists.txt
        """

    def Meson(self, name: str, version: str, *, sources: Sequence[Any], depends: Sequence[Any] = ..., ships: Sequence[Any] = ..., fortran: bool = ..., leave_out: Sequence[Any] = ..., license: Any = ..., license_files: Sequence[Any] = ..., cpe: str = ..., others: Mapping[str, Any] = ..., configure: Sequence[Any] = ..., build: Sequence[Any] = ..., environment: Mapping[str, Any] = ..., steps: Sequence[Any] = ..., after: Sequence[Any] = ..., tools: Sequence[Any] = ...) -> Any:
        """meson setup, ninja, meson install.

        configure: options: "-Dtests=disabled"
        build:     ninja's targets; all where there is none
        """

    def OpenSSL(self, name: str, version: str, *, sources: Sequence[Any], depends: Sequence[Any] = ..., ships: Sequence[Any] = ..., fortran: bool = ..., leave_out: Sequence[Any] = ..., license: Any = ..., license_files: Sequence[Any] = ..., cpe: str = ..., others: Mapping[str, Any] = ..., configure: Sequence[Any] = ..., make: Sequence[Any] = ..., install: Sequence[Any] = ..., steps: Sequence[Any] = ..., after: Sequence[Any] = ..., environment: Mapping[str, Any] = ..., destdir: str = ...) -> Any:
        """Configure with the target's cross prefix, make, make install_sw.

        /etc/ssl is the board's own: certificates installed there by the system are found.
        destdir: what its Makefile calls the folder in front of the prefix
        """

    def OpenBLAS(self, name: str, version: str, *, sources: Sequence[Any], depends: Sequence[Any] = ..., ships: Sequence[Any] = ..., fortran: bool = ..., leave_out: Sequence[Any] = ..., license: Any = ..., license_files: Sequence[Any] = ..., cpe: str = ..., others: Mapping[str, Any] = ..., threads: Any = ...) -> Any:
        """make shared, make install, for one core: a board's processor is known, so nothing is chosen at run time.

        threads: the most that it will ever start; it starts as many as the board has cores
        """

    def CPython(self, *, ships: Sequence[Any] = ...) -> Any:
        """The target's Python, of the release that `python=` names, with the dependencies its series declares."""

    def BuildPython(self) -> Any:
        """The same Python for the build machine, unless `build_python=` names one. Read after the components it needs."""

    def DebugSymbols(self) -> list[Any]:
        """The debug symbols that were stripped from the Python and its libraries. Returns the nodes of the archives."""

    def Components(self) -> dict[str, Any]:
        """Read the recipes that come with crosspython; the nodes of their stage archives by name ("zlib", "cpython", ...).

        Recipes of your own come after it: SConscript("recipes/libfoo/SConscript", exports="env").
        """

    def Bundle(self, also: str | Sequence[str] = ()) -> Any:
        """The archive that is unpacked on the board: build/<target>/python-<version>-<target>.tar.gz. CPython's own tests
        lie beside it, in python-<version>-<target>-tests.tar.gz.

        also: names of further components that the board gets, with what they depend on
        With libraries=bundle it gets what wheels need that were declared before.
        """

    def Sysroot(self, also: str | Sequence[str] = ()) -> Any:
        """The folder that firmware compiles and links against, $CROSSPYTHON_SYSROOT. Returns the node of its stamp, a file
        that changes when the folder does: what uses the sysroot depends on it.

        also: names of further components that it holds, with what they depend on
        """

    def FetchSources(self) -> Any:
        """Get the sources of all components and of the wheels that were declared before, for builds without a network.
        Returns the node of a list of them.
        """

    def CheckBundle(self, bundle: Any) -> Any:
        """Run what was built, in the emulator. Fails where there is none. Returns the node of its report."""

    def Doctor(self) -> Any:
        """Say the programs that this machine lacks, and the command that installs them. Returns an alias:
        nothing is written.
        """

    def Report(self) -> Any:
        """Draw build/<target>/report.html. Returns an alias: it is drawn anew each time that it is asked for."""

    def Reproduce(self, goals: Sequence[str] = (), given: Mapping[str, str] | None = None) -> Any:
        """Build twice under conditions that differ, and fail where products do. Returns an alias.

        goals: what is built, as on the command line; none: bundle and sysroot, or the wheels of `pkgs=`
        given: the command line's variables
        """

    def Schema(self) -> Any:
        """Write crosspython.schema.json into the build folder. Returns an alias: it is written each time that it is
        asked for.
        """

    def Wheels(self, packages: str | Sequence[str] | None = None, constraints: str | None = None, binary: str | Sequence[str] | None = None) -> list[Any]:
        """Wheels of packages and of all they need: the node of the wheelhouse's report, then one node a wheel.
        With `shard=` there is no report, and there are only the wheels of this part.

        packages: texts as `pkgs=` takes them; None: what `pkgs=` says, or the lock as it stands
        constraints, binary: as the variables of these names, which count where they are not given
        Raises UserError.
        """

    def Shell(self) -> Any:
        """A shell in the build of the package that `pkgs=` names, once the run has ended. Returns an alias.

        Call it after Wheels().
        """

    def Rebuild(self, wheels: Any) -> Any:
        """The wheels of the packages that `pkgs=` names, built once more whatever is there. Returns an alias.

        wheels: as Wheels() returned them: the wheelhouse gets them
        """

    def CompileCommands(self) -> Any:
        """A compile_commands.json in the source of each package that `pkgs=` names, for editors. Returns an alias.

        The packages are built once more, whatever is there, and their sources stay. Call it after Wheels().
        """

    def Image(self, bundle: Any, wheels: Sequence[Any] = (), form: str | None = None, max_size: str | None = None, name: str = 'python-image', version: str | None = None) -> Any:
        """One file for the board: the bundle with wheels installed in it. build/<target>/<name>-<version>-<target>.<form>

        bundle, wheels: as Bundle() and Wheels() returned them
        form:           "tar.gz", "squashfs", "deb", "ipk", "rpm"; None: what `image=` says
        max_size:       what it may take on the board, "40M"; None: what `max_size=` says
        name, version:  of its file, and what dpkg, opkg and rpm are told; None: CPython's version
        """

    def Lock(self) -> Any:
        """Resolve what `pkgs=` asks for and write the lock, and build nothing. Returns an alias, as all of these do."""

    def Outdated(self) -> Any:
        """Say which locked packages have newer versions that would do, and with `cve_db=` which have known vulnerabilities
        and where these are fixed; of those in `pkgs=`, where it names some.
        """

    def Tree(self) -> Any:
        """Show what is in the lock as a tree: what was asked for, and below it what each package needs."""

    def Why(self) -> Any:
        """Say why the packages that `pkgs=` names are in the lock."""

    def Sbom(self, bundle: Any = None, sysroot: Any = None, wheels: Any = None) -> Any:
        """Write down what the bundle, the sysroot and the wheelhouse are made of: build/<target>/sbom/.
        Returns an alias: it is written anew each time that it is asked for.

        bundle, sysroot, wheels: what env.Bundle(), env.Sysroot() and env.Wheels() returned, of what it shall tell. The
        wheelhouse is told of too where an earlier run filled it.
        """

    def LegalInfo(self, bundle: Any = None, sysroot: Any = None, wheels: Any = None) -> Any:
        """Gather the texts of all licences, the sources' names and hashes, patches and a table: build/<target>/legal-info/.
        Returns an alias. The arguments are those of env.Sbom().
        """

    def Provenance(self, bundle: Any = None, sysroot: Any = None, wheels: Any = None) -> Any:
        """State of the bundle, the sysroot and each wheel what they were made of: build/<target>/provenance/. Returns an
        alias. The arguments are those of env.Sbom(); with `sign_key=` each statement is signed.
        """

    def Verify(self, files: Sequence[str] = ()) -> Any:
        """Compare products with their statements, and these with the lock, the recipes and the cache. Returns an alias.

        files: products; none: all that were stated and lie where they were built
        """

    def Vulnerabilities(self) -> Any:
        """Say which known vulnerabilities the components of the bundle and the locked packages have, and fail for those
        that are as bad as `cve_severity=` says. Returns an alias; the findings lie in build/<target>/cve.json.
        """

    def Deploy(self, bundle: Any, board: str | None = None) -> Any:
        """Bring the bundle, and the wheels that were built for it, onto a board; switch to it when its check has passed.

        board: USER@HOST:PORT; None: what `board=` says. Returns the node of the report;
        let it depend on wheels of this run.
        """

    def Rollback(self, board: str | None = None) -> Any:
        """Let a board use the version that it used before. Returns the node of the report."""

    def CheckBoard(self, bundle: Any, board: str | None = None) -> Any:
        """Run the whole self-test with the Python that was deployed to a board. Returns the node of the report."""

    def CheckWheels(self, bundle: Any, wheels: Sequence[Any]) -> list[Any]:
        """Install wheels with the bundle's own pip and import all that is in them, in the emulator.
        Fails where there is none.

        wheels: as Wheels() returned them; the node of the check's report, or nothing where there are none
        """
