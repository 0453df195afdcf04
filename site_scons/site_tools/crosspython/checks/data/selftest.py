"""What a Python on a board has to be able to do. Runs on the target, with its standard library alone, on every series:
this is Python 3.5's language and library, but where a module is asked for that came later.

Prints one JSON line a check: name, ok, seconds, detail. Arguments: a JSON file with `modules` that must import,
`machine`, `certificate`, and facts of its series; then a folder to write to. Each check has a process of its
own: if one crashes or hangs, it is reported, and the other checks still run.
"""

import contextlib
import datetime
import importlib
import importlib.machinery
import importlib.util
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
import traceback
import warnings

with open(sys.argv[1]) as file:
    EXPECTED = json.load(file)
FOLDER = sys.argv[2]
WHEEL = "Wheel-Version: 1.0\nGenerator: check\nRoot-Is-Purelib: false\nTag: {}\n"
# A check that takes longer is counted as hung.
SECONDS = EXPECTED["seconds"]
# Modules that only work in the circumstances they are made for: importing is not their purpose.
NOT_IMPORTED = {
    "_testimportmultiple",
    "_testmultiphase",
    "_testsinglephase",
    "_xxtestfuzz",
    "xxlimited",
    "xxlimited_35",
}


def extension_modules():
    """Every extension module that should be there can be imported, and so can every other that is."""
    found = {name.split(".")[0] for name in os.listdir(os.path.join(sysconfig.get_path("stdlib"), "lib-dynload"))}
    failed = {}
    for name in sorted(
        (set(EXPECTED["modules"]) | found | set(sys.builtin_module_names)) - NOT_IMPORTED - {"__main__"}
    ):
        try:
            importlib.import_module(name)
        except Exception as error:
            failed[name] = "{}: {}".format(type(error).__name__, error)
    assert not failed, failed
    return "{} in lib-dynload, {} built in".format(len(found), len(sys.builtin_module_names))


def pip_platforms():
    """The platforms of the wheels that its pip takes, without manylinux; none where there is no pip of 20 or newer.

    They depend on the kernel's machine, and on the age of pip: packaging calls a 32-bit ARM below a 64-bit kernel
    armv8l, too, and took such a kernel for an armv7l before.
    """
    try:
        from pip._vendor.packaging.tags import sys_tags
    except ImportError:
        return []
    found = [tag.platform for tag in sys_tags() if tag.platform.startswith("linux_")]
    return list(dict.fromkeys(found))


def machine():
    """The interpreter's ELF header is the target's. `uname -m` tells only the kernel's machine, and a kernel also runs
    programs of older machines, and often 32-bit ones."""
    assert sys.byteorder == "little"
    assert struct.calcsize("P") * 8 == EXPECTED["bits"], struct.calcsize("P")
    with open("/proc/self/exe", "rb") as program:
        head = program.read(20)
    assert struct.unpack("<H", head[18:]) == (EXPECTED["elf_machine"],), head  # e_machine, elf(5)
    wanted, platforms = "linux_{}".format(EXPECTED["machine"]), pip_platforms()
    taken = "; pip takes {}".format(", ".join(platforms)) if platforms else ""
    refused = " and NOT {}".format(wanted) if platforms and wanted not in platforms else ""
    return "{} on {}{}{}".format(EXPECTED["machine"], os.uname().machine, taken, refused)


def prefix():
    """The interpreter finds its prefix from its own place, and not from the configured path."""
    assert sys.executable.startswith(sys.prefix), (sys.executable, sys.prefix)
    assert sys.prefix == os.path.dirname(os.path.dirname(os.path.abspath(sys.executable))), sys.prefix
    assert sysconfig.get_paths()["stdlib"].startswith(sys.prefix), sysconfig.get_paths()
    return sys.prefix


def run(command, env=None):
    """A command, run to its end, with what it printed."""
    pipe = subprocess.PIPE
    return subprocess.run(command, env=env, stdout=pipe, stderr=pipe, universal_newlines=True)


def loopbacks():
    """The machine's own addresses: IPv4, and IPv6 where the kernel has it switched on."""
    yield socket.AF_INET, "127.0.0.1"
    with contextlib.suppress(OSError):
        with socket.socket(socket.AF_INET6) as one:
            one.bind(("::1", 0))
        yield socket.AF_INET6, "::1"


@contextlib.contextmanager
def tls_server(family, address):
    """A server that answers one connection with what it was sent, backwards; gives its address."""
    import ssl

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(EXPECTED["certificate"])

    def serve():
        connection, _ = listener.accept()
        connection.settimeout(30)
        with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as tls_connection:
            tls_connection.sendall(tls_connection.recv(100)[::-1])

    with socket.socket(family) as listener:
        listener.bind((address, 0))
        listener.listen(1)
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[:2]
        thread.join(30)


def verifying_context(certificates=None):
    """A context that asks for a certificate, of whatever time: a board without a battery starts in 1970."""
    import ssl

    context = ssl.create_default_context(cafile=certificates)
    context.verify_flags |= 0x200000  # X509_V_FLAG_NO_CHECK_TIME, which ssl does not name
    return context


def tls():
    """TLS connections to a local server, its certificate verified: the newest version and 1.2, IPv4 and IPv6."""
    import ssl

    done = []
    for version in EXPECTED["tls"]:
        context = verifying_context(EXPECTED["certificate"])
        if version != EXPECTED["tls"][0]:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # newer series would rather be told the versions that are allowed
                context.options |= ssl.OP_NO_TLSv1_3
        for family, address in loopbacks():
            with tls_server(family, address) as server, socket.create_connection(server, 30) as plain:
                with context.wrap_socket(plain, server_hostname=address) as connection:
                    connection.sendall(b"abc")
                    assert connection.recv(100) == b"cba"
                    assert connection.version() == version, connection.version()
                    done.append("{} to {}".format(connection.version(), address))
    return "{}: {}".format(ssl.OPENSSL_VERSION, ", ".join(done))


def refused_certificate():
    """A certificate that no known authority has signed is refused, and so is one for another name."""
    import ssl

    refused = []
    for context, name in (
        (verifying_context(), "localhost"),
        (verifying_context(EXPECTED["certificate"]), "elsewhere"),
    ):
        with tls_server(socket.AF_INET, "127.0.0.1") as server, socket.create_connection(server, 30) as plain:
            try:
                context.wrap_socket(plain, server_hostname=name)
            except (ssl.SSLError, ssl.CertificateError) as error:  # before 3.7 a wrong name is no SSLError
                assert "certificate" in str(error) or "match" in str(error), error
                refused.append(getattr(error, "verify_message", str(error)))
            else:
                raise AssertionError("the connection to {} was made".format(name))
    return "; ".join(refused)


def hashes():
    import hashlib

    for name in sorted(hashlib.algorithms_guaranteed):
        digest = hashlib.new(name, b"abc")
        assert digest.digest(16) if digest.digest_size == 0 else digest.digest()
    assert hashlib.sha256(b"abc").hexdigest().startswith("ba7816bf")
    return "{} algorithms".format(len(hashlib.algorithms_available))


def sqlite():
    import sqlite3

    path = os.path.join(FOLDER, "test.db")
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("create table t (a integer, b text)")
        database.executemany("insert into t values (?, ?)", [(n, "ü" * n) for n in range(1000)])
    with contextlib.closing(sqlite3.connect(path)) as database:
        assert database.execute("select count(*), max(length(b)) from t").fetchone() == (1000, 999)
        database.execute("create virtual table f using fts5(x)")
        database.execute("create virtual table r using rtree(id, low, high)")
        assert database.execute("""select json_extract('{"a": [1, 2]}', '$.a[1]'), sqrt(16)""").fetchone() == (2, 4)
        database.enable_load_extension(True)
        try:
            database.execute("select load_extension(?)", [os.path.join(FOLDER, "no-such-extension")])
        except sqlite3.OperationalError as error:
            assert "not authorized" not in str(error), error
    return "{}: FTS5, R-Tree, JSON, math, extensions".format(sqlite3.sqlite_version)


def own_libraries():
    """The prefix's libraries are taken, whatever libraries of the same names a start script puts before them."""
    if not EXPECTED["rpath_first"]:
        return "this libc's loader asks LD_LIBRARY_PATH before all else"
    library, wrong = os.path.join(sys.prefix, "lib"), os.path.join(FOLDER, "wrong")
    names = sorted(name for name in os.listdir(library) if name.startswith("lib") and ".so." in name)
    os.mkdir(wrong)
    for name in names:
        other = next(one for one in names if one.split(".so")[0] != name.split(".so")[0])
        os.symlink(os.path.join(library, other), os.path.join(wrong, name))
    program = "import bz2, ctypes, curses, hashlib, lzma, readline, sqlite3, ssl, uuid, zlib"
    environment = {**os.environ, "LD_LIBRARY_PATH": wrong}
    done = run([sys.executable, "-c", program], env=environment)
    assert done.returncode == 0, done.stderr
    return "{} names".format(len(names))


def ctypes_callback():
    import ctypes
    import ctypes.util

    libc = ctypes.CDLL(None)
    numbers = (ctypes.c_int * 5)(5, 1, 4, 2, 3)
    compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
    libc.qsort(numbers, 5, ctypes.sizeof(ctypes.c_int), compare(lambda a, b: a[0] - b[0]))
    assert list(numbers) == [1, 2, 3, 4, 5], list(numbers)
    libc.strtod.restype = ctypes.c_double
    assert libc.strtod(b"1.5", None) == 1.5  # returned in a float register: the float ABI is right
    name = ctypes.util.find_library("c")
    assert name, "find_library does not find the C library"
    return "qsort called back; find_library: {}".format(name)


def subprocesses():
    done = run([sys.executable, "-c", "print(6 * 7)"])
    assert done.stdout == "42\n", (done.stdout, done.stderr)
    assert subprocess.run(["/bin/sh", "-c", "exit 3"]).returncode == 3
    return "python and sh"


def threads():
    import queue

    items, results = queue.Queue(), []

    def work():
        for item in iter(items.get, None):
            results.append(item * item)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for number in (*range(100), None, None, None, None):
        items.put(number)
    for worker in workers:
        worker.join()
    assert sorted(results) == [n * n for n in range(100)]
    return "4 threads"


def multiprocesses():
    import multiprocessing

    for method in ("fork", "spawn", "forkserver"):
        context = multiprocessing.get_context(method)
        with context.Pool(2) as pool:
            assert pool.map(abs, [-1, -2, 3]) == [1, 2, 3]
    messages = multiprocessing.get_context("fork").Queue()
    messages.put(1)
    time.sleep(0.1)
    assert messages.qsize() == 1  # needs sem_getvalue
    messages.get()
    return "fork, spawn, forkserver, Queue.qsize"


def curses_screen():
    """A screen on a pseudo-terminal, with no terminfo database at hand: the terminals compiled in are used."""
    import pty

    draw = "lambda screen: (screen.addstr(0, 0, 'crosspython'), screen.refresh())"
    program = "import curses; curses.wrapper(" + draw + "); print(curses.__file__)"
    output = b""
    pid, terminal = pty.fork()
    if pid == 0:
        environment = {
            **os.environ,
            "TERM": "xterm-256color",
            "TERMINFO": "/nonexistent",
            "TERMINFO_DIRS": "/nonexistent",
        }
        os.execve(sys.executable, [sys.executable, "-c", program], environment)
    with contextlib.suppress(OSError):
        for chunk in iter(lambda: os.read(terminal, 4096), b""):
            output += chunk
    _, status = os.waitpid(pid, 0)
    assert status == 0, output
    assert b"crosspython" in output, output
    return "initscr, xterm-256color"


def readline_history():
    import readline

    readline.parse_and_bind("tab: complete")
    readline.add_history("first")
    assert readline.get_history_item(1) == "first"
    return getattr(readline, "backend", "readline")


def zoneinfos():
    """A time zone from a file of our own, so that it does not matter what the machine has."""
    if "_zoneinfo" not in EXPECTED["modules"]:
        return "this series has none"
    import zoneinfo

    folder = os.path.join(FOLDER, "tz", "Test")
    os.makedirs(folder, exist_ok=True)
    footer = b"\nTST-1TDT,M3.5.0,M10.5.0/3\n"
    header = b"TZif2" + b"\0" * 15 + struct.pack(">6l", 0, 0, 0, 0, 1, 4)
    with open(os.path.join(folder, "Zone"), "wb") as file:
        file.write(header + struct.pack(">lBB", 3600, 0, 0) + b"TST\0")
        file.write(header + struct.pack(">lBB", 3600, 0, 0) + b"TST\0" + footer)
    zoneinfo.reset_tzpath(to=[os.path.join(FOLDER, "tz")])
    zone = zoneinfo.ZoneInfo("Test/Zone")
    assert datetime.datetime(2024, 7, 1, tzinfo=zone).utcoffset() == datetime.timedelta(hours=2)
    assert datetime.datetime(2024, 1, 1, tzinfo=zone).utcoffset() == datetime.timedelta(hours=1)
    return "summer and winter"


def tzset():
    os.environ["TZ"] = "XXX-5"  # POSIX: any three letters, and the hours west of Greenwich
    time.tzset()
    assert time.timezone == -5 * 3600, time.timezone
    return "time.tzset"


def late_dates():
    """Points in time after January 2038, of the clock's kind and of files, where Python was built with 64-bit time."""
    assert sysconfig.get_config_var("SIZEOF_TIME_T") * 8 == EXPECTED["time_bits"]
    if EXPECTED["time_bits"] == 32:
        return "32-bit time: none after January 2038"
    assert time.gmtime(2**32)[:3] == (2106, 2, 7), time.gmtime(2**32)
    late = datetime.datetime.fromtimestamp(2**33, datetime.timezone.utc)
    assert late.year == 2242 and late.timestamp() == 2**33, late
    assert datetime.datetime.fromtimestamp(2**33).year == 2242
    path = os.path.join(FOLDER, "late")
    with open(path, "w"):
        os.utime(path, (2**31 + 5, 2**31 + 5))
    # A file system may have no such dates: those of ext4 with small inodes end in 2038, too.
    return "2242; a file of {}".format(time.gmtime(os.stat(path).st_mtime).tm_year)


def large_files():
    """Files have positions after 2 GiB, where a 32-bit off_t ends. Nothing is written."""
    far = 5 * 2**30
    with open(os.path.join(FOLDER, "large"), "w+b") as file:
        assert os.lseek(file.fileno(), far, os.SEEK_SET) == far
        assert file.seek(far) == far and file.read() == b""
    return "{} GiB".format(far // 2**30)


def compression():
    names = ["zlib", "bz2", "lzma", *(["compression.zstd"] if "_zstd" in EXPECTED["modules"] else [])]
    data = b"crosspython" * 1000
    for name in names:
        module = importlib.import_module(name)
        assert module.decompress(module.compress(data)) == data, name
    return ", ".join(names)


def gil():
    """A Python that was built without the GIL starts without it, and any other has it."""
    has_none = EXPECTED["abi"].endswith("t")
    assert bool(sysconfig.get_config_var("Py_GIL_DISABLED")) == has_none
    if not has_none:
        return "it has one"
    assert not sys._is_gil_enabled()
    return "it has none"


def accelerated():
    """Modules that are slow in pure Python have their C implementation."""
    import decimal
    import pickle

    assert decimal.Decimal.__module__ == "decimal" and "_decimal" in sys.modules
    assert pickle.Pickler.__module__ == "_pickle"
    assert sys.hash_info.algorithm.startswith("siphash"), sys.hash_info
    return sys.hash_info.algorithm


def ipv6():
    assert socket.has_ipv6
    with contextlib.closing(socket.socket(socket.AF_INET6)) as one:
        assert one.family == socket.AF_INET6
    assert socket.getaddrinfo("::1", 80, socket.AF_INET6)
    return "AF_INET6, getaddrinfo"


def uuids():
    if "_uuid" not in EXPECTED["modules"]:
        return "this series makes them itself"
    import _uuid
    import uuid

    assert _uuid.has_uuid_generate_time_safe
    assert uuid.uuid1().version == 1
    return str(uuid.uuid4())


def crypts():
    if "_crypt" not in EXPECTED["modules"]:
        return "this series has none"
    import crypt

    hashed = crypt.crypt("secret", crypt.METHOD_SHA512)
    assert hashed.startswith("$6$"), hashed
    return "METHOD_SHA512"


def venvs():
    """A venv runs, knows where it is, and has pip where the bundle has ensurepip."""
    path = os.path.join(FOLDER, "venv")
    has_ensurepip = importlib.util.find_spec("ensurepip") is not None
    made = run([sys.executable, "-m", "venv", *([] if has_ensurepip else ["--without-pip"]), path])
    assert made.returncode == 0, made.stdout + made.stderr
    python = os.path.join(path, "bin", "python")
    out = run([python, "-c", "import sys; print(sys.prefix != sys.base_prefix, sys.prefix)"]).stdout
    assert out.startswith("True ") and out.strip().endswith("venv"), out
    if has_ensurepip:
        done = run([python, "-m", "pip", "--version"])
        assert done.returncode == 0, done.stderr
        return done.stdout.split(" from")[0]
    return "without pip"


def pip_installs():
    """pip takes a wheel tagged for this machine at the first try, and refuses the classic wrong tag."""
    import zipfile

    prefix = os.path.join(FOLDER, "installed")

    def wheel(tag):
        path = os.path.join(FOLDER, "tiny-1.0-{}.whl".format(tag))
        metadata = {
            "tiny.py": "answer = 42\n",
            "tiny-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
            "tiny-1.0.dist-info/WHEEL": WHEEL.format(tag),
        }
        record = "tiny-1.0.dist-info/RECORD"
        metadata[record] = "".join("{},,\n".format(name) for name in [*metadata, record])
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in metadata.items():
                archive.writestr(
                    zipfile.ZipInfo(name), text
                )  # of 1980: the board's clock may say 1970, which no zip can
        return path

    def install(path):
        pip = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--no-index",
            "--no-deps",
            "--prefix",  # with --target pip up to 20.2 takes a wheel of any tag
            prefix,
            path,
        ]
        return run(pip)

    wanted, platforms = "linux_{}".format(EXPECTED["machine"]), pip_platforms()
    assert not platforms or wanted in platforms, (
        "its pip accepts {}, but not {}, the tag of this target's wheels".format(", ".join(platforms), wanted)
    )
    tag = "{}-{}".format(EXPECTED["interpreter"], EXPECTED["abi"])
    good = install(wheel("{}-linux_{}".format(tag, EXPECTED["machine"])))
    assert good.returncode == 0, good.stderr
    sys.path.insert(0, sysconfig.get_path("purelib", "posix_prefix", {"base": prefix, "platbase": prefix}))
    assert importlib.import_module("tiny").answer == 42
    bad = install(wheel("{}-linux_arm".format(tag)))  # the word of triplets, which is no machine's name
    assert "not a supported wheel" in bad.stderr, bad.stderr
    return "linux_{}".format(EXPECTED["machine"])


def build_paths():
    """sysconfig names no folder that only the build machine has."""
    text = json.dumps(sysconfig.get_config_vars(), default=str)
    found = [path for path in EXPECTED["build_paths"] if path in text]
    assert not found, found
    return "{} variables".format(len(sysconfig.get_config_vars()))


def build_details():
    """build-details.json (PEP 739) describes this machine, and not the build machine."""
    path = os.path.join(sysconfig.get_path("stdlib"), "build-details.json")
    if not EXPECTED["build_details"]:
        return "this series has none"
    with open(path) as file:
        details = json.load(file)
    assert details["platform"] == "linux-{}".format(EXPECTED["machine"]), details["platform"]
    assert details["abi"]["extension_suffix"] == sysconfig.get_config_var("EXT_SUFFIX"), details["abi"]
    base = os.path.join(os.path.dirname(path), details["base_prefix"])
    assert os.path.samefile(base, sys.prefix), details["base_prefix"]
    assert details["libpython"]["link_extensions"] is bool(sysconfig.get_config_var("LIBPYTHON")), details
    assert details["suffixes"]["extensions"] == importlib.machinery.EXTENSION_SUFFIXES, details["suffixes"]
    return details["abi"]["extension_suffix"]


CHECKS = (
    machine,
    prefix,
    extension_modules,
    build_paths,
    build_details,
    gil,
    accelerated,
    large_files,
    compression,
    hashes,
    ctypes_callback,
    sqlite,
    own_libraries,
    tls,
    refused_certificate,
    ipv6,
    threads,
    multiprocesses,
    subprocesses,
    curses_screen,
    readline_history,
    zoneinfos,
    tzset,
    late_dates,
    uuids,
    crypts,
    venvs,
    pip_installs,
)


def report(check, path):
    """Run one check and write its result to a file."""
    try:
        result = {"ok": True, "detail": check() or ""}
    except BaseException:
        result = {"ok": False, "detail": traceback.format_exc()}
    with open(path, "w") as file:
        json.dump(result, file)


def run_apart(check):
    """Do one check in a process group of its own, within SECONDS."""
    path = os.path.join(FOLDER, "{}.json".format(check.__name__))
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        report(check, path)
        os._exit(0)
    end, status = time.monotonic() + SECONDS, None
    while status is None and time.monotonic() < end:
        pid, code = os.waitpid(child, os.WNOHANG)
        status = code if pid else time.sleep(0.01)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)
    if status is None:
        os.waitpid(child, 0)
        return {"ok": False, "detail": "no end within {} s".format(SECONDS)}
    if status != 0:
        return {"ok": False, "detail": "it crashed: wait status {}".format(status)}
    with open(path) as file:
        return json.load(file)


def main():
    names = set(EXPECTED.get("only") or [check.__name__ for check in CHECKS])
    for check in CHECKS:
        if check.__name__ not in names:
            continue
        begin = time.monotonic()
        result = run_apart(check)
        result.update(name=check.__name__, seconds=round(time.monotonic() - begin, 2))
        print("CROSSPYTHON " + json.dumps(result), flush=True)


if __name__ == "__main__":
    tempfile.tempdir = FOLDER
    main()
