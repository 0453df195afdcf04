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

        triplet:    False for a hand-written configure that has no --host, and reads CHOST and CC from the environment
        steps:      steps between configure and make (edits of generated files)
        install:    None if `make install` would install unwanted files; then `after` installs
        after:      steps after the installation
        """

    def Make(self, name: str, version: str, *, sources: Sequence[Any], depends: Sequence[Any] = ..., ships: Sequence[Any] = ..., fortran: bool = ..., leave_out: Sequence[Any] = ..., license: Any = ..., license_files: Sequence[Any] = ..., cpe: str = ..., others: Mapping[str, Any] = ..., make: Sequence[Any] = ..., install: Sequence[Any] = ..., environment: Mapping[str, Any] = ..., steps: Sequence[Any] = ..., after: Sequence[Any] = ..., cwd: str = ..., tools: Sequence[Any] = ...) -> Any:
        """make, make install. `install=None` if the Makefile cannot install; then `after` installs."""

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

        Certificates are searched in the board's own /etc/ssl.
        destdir: the make variable for the folder in front of the prefix
        """

    def OpenBLAS(self, name: str, version: str, *, sources: Sequence[Any], depends: Sequence[Any] = ..., ships: Sequence[Any] = ..., fortran: bool = ..., leave_out: Sequence[Any] = ..., license: Any = ..., license_files: Sequence[Any] = ..., cpe: str = ..., others: Mapping[str, Any] = ..., threads: Any = ...) -> Any:
        """make shared, make install, for one core: a board's processor is known, so nothing is chosen at run time.

        threads: the maximum number of threads; it starts one for each core of the board
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
        are in an archive beside it, python-<version>-<target>-tests.tar.gz.

        also: names of further components for the board; their dependencies are added
        With libraries=bundle it also gets the libraries of wheels that were declared before.
        """

    def Sysroot(self, also: str | Sequence[str] = ()) -> Any:
        """The folder that firmware compiles and links against, $CROSSPYTHON_SYSROOT. Returns the node of its stamp, a file
        that changes when the folder changes. Nodes that use the sysroot have to depend on this node.

        also: names of further components in it; their dependencies are added
        """

    def FetchSources(self) -> Any:
        """Get the sources of all components and of the wheels that were declared before, for builds without a network.
        Returns the node of a list of them.
        """

    def CheckBundle(self, bundle: Any) -> Any:
        """Run the bundle's Python in the emulator. Fails without an emulator. Returns the node of the report."""

    def Doctor(self) -> Any:
        """Tell the user which programs this machine lacks, and the command that installs them. Returns an alias; no file is
        written.
        """

    def Report(self) -> Any:
        """Draw build/<target>/report.html. Returns an alias: it is drawn again each time that it is asked for."""

    def Reproduce(self, goals: Sequence[str] = (), given: Mapping[str, str] | None = None) -> Any:
        """Build twice under different conditions, and fail if the products differ. Returns an alias.

        goals: the goals to build, as on the command line; none: bundle and sysroot, or the wheels of `pkgs=`
        given: the command line's variables
        """

    def Schema(self) -> Any:
        """Write crosspython.schema.json into the build folder. Returns an alias: it is written again each time that it is
        asked for.
        """

    def Wheels(self, packages: str | Sequence[str] | None = None, constraints: str | None = None, binary: str | Sequence[str] | None = None) -> list[Any]:
        """Wheels of packages and all their dependencies: the node of the wheelhouse's report, then a node for each wheel.
        With `shard=` there is no report, and only the wheels of this shard.

        packages: texts as in `pkgs=`; None: the value of `pkgs=`, or the packages of the lock
        constraints, binary: as the variables of these names, which are used if they are not given here
        Raises UserError.
        """

    def Shell(self) -> Any:
        """A shell in the build of the package that `pkgs=` names, started at the end of the run. Returns an alias.

        Call it after Wheels().
        """

    def Rebuild(self, wheels: Any) -> Any:
        """The wheels of the packages that `pkgs=` names, built again even if they exist. Returns an alias.

        wheels: the return value of Wheels(); they are put into the wheelhouse
        """

    def CompileCommands(self, components: Sequence[str] = ()) -> Any:
        """A compile_commands.json in the source of each of these components, and of each package that `pkgs=` names, for
        editors. Returns an alias.

        They are built again, even if they exist, and their sources stay. Call it after Wheels().
        """

    def Image(self, bundle: Any, wheels: Sequence[Any] = (), form: str | None = None, max_size: str | None = None, name: str = 'python-image', version: str | None = None) -> Any:
        """One file for the board: the bundle with wheels installed in it. build/<target>/<name>-<version>-<target>.<form>

        bundle, wheels: the return values of Bundle() and Wheels()
        form:           "tar.gz", "squashfs", "deb", "ipk", "rpm"; None: the value of `image=`
        max_size:       the largest size on the board, "40M"; None: the value of `max_size=`
        name, version:  for the file's name, and for dpkg, opkg and rpm; None: CPython's version
        """

    def Lock(self) -> Any:
        """Resolve the request of `pkgs=` and write the lock, without building. Returns an alias, as all of these do."""

    def Outdated(self) -> Any:
        """List locked packages with newer versions that the request allows; with `cve_db=` also known vulnerabilities, and
        the versions that fix them. If `pkgs=` names packages, only these.
        """

    def Tree(self) -> Any:
        """Show the lock as a tree: the requested packages, and below each package its dependencies."""

    def Why(self) -> Any:
        """Say why the packages that `pkgs=` names are in the lock."""

    def Sbom(self, bundle: Any = None, sysroot: Any = None, wheels: Any = None) -> Any:
        """Write inventories of the parts of the bundle, the sysroot and the wheelhouse: build/<target>/sbom/.
        Returns an alias: they are written again each time that it is asked for.

        bundle, sysroot, wheels: the products to describe, as env.Bundle(), env.Sysroot() and env.Wheels() returned them.
        The wheelhouse is also described if an earlier run filled it.
        """

    def LegalInfo(self, bundle: Any = None, sysroot: Any = None, wheels: Any = None) -> Any:
        """Gather the texts of all licences, the sources' names and hashes, patches and a table: build/<target>/legal-info/.
        Returns an alias. The arguments are those of env.Sbom().
        """

    def Provenance(self, bundle: Any = None, sysroot: Any = None, wheels: Any = None) -> Any:
        """Write statements of what the bundle, the sysroot and each wheel were made of: build/<target>/provenance/. Returns
        an alias. The arguments are those of env.Sbom(); with `sign_key=` each statement is signed.
        """

    def Verify(self, files: Sequence[str] = ()) -> Any:
        """Compare products with their statements, and these with the lock, the recipes and the cache. Returns an alias.

        files: products; none: all products in the build folder that have a statement
        """

    def Vulnerabilities(self) -> Any:
        """List known vulnerabilities of the bundle's components and of the locked packages, and fail if one is as severe as
        `cve_severity=` or more. Returns an alias; the findings are written to build/<target>/cve.json.
        """

    def Deploy(self, bundle: Any, board: str | None = None) -> Any:
        """Deploy the bundle, and the wheels that were built for it, to a board; switch to it if its check succeeds.

        board: USER@HOST:PORT; None: the value of `board=`. Returns the node of the report, which has to depend on wheels of
        the same run.
        """

    def Rollback(self, board: str | None = None) -> Any:
        """Let a board use the version that it used before. Returns the node of the report."""

    def CheckBoard(self, bundle: Any, board: str | None = None) -> Any:
        """Run the whole self-test with the Python that was deployed to a board. Returns the node of the report."""

    def CheckWheels(self, bundle: Any, wheels: Sequence[Any]) -> list[Any]:
        """Install wheels with the bundle's own pip and import all their modules, in the emulator.
        Fails without an emulator.

        wheels: the return value of Wheels(). Returns the node of the check's report; nothing if there are no wheels
        """
