"""What embedding costs a host project's own start: the CPU of a build that has nothing to do,
with crosspython and without.

    python benchmarks/embedding.py [--times 7]

The host has one C file's worth of work, up to date, and an SConscript of its own. With crosspython it declares all
components, the bundle, the sysroot and a deployment as well, and still asks for its own target alone. Each figure is
the least of several runs, taken in turn, so that a busy machine hits both alike.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

TOOLS = Path(__file__).resolve().parents[1] / "site_scons" / "site_tools"
HOST = """\
env = Environment(tools=[])
mine = SConscript("mine/SConscript", exports="env")
"""
GUEST = f"""\
env.Tool("crosspython", toolpath=[{str(TOOLS)!r}], target="rv1126")
env.Components()
bundle = env.Bundle()
env.Depends("image", [bundle, env.Sysroot(), env.Deploy(bundle, board="root@camera")])
"""
MINE = """\
Import("env")
env.Command("mine.txt", "SConscript", Copy("$TARGET", "$SOURCE"))
"""


def cpu(folder: Path) -> float:
    """Seconds of processor time that one run takes; it has to have nothing to do."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = [sys.executable, "-m", "SCons", "-Q", "mine"]
    output = subprocess.run(run, cwd=folder, capture_output=True, text=True, check=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if "up to date" not in output:
        sys.exit(f"it had something to do:\n{output}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=7)
    times = parser.parse_args().times
    with tempfile.TemporaryDirectory(prefix="crosspython-benchmark-") as name:
        hosts = {"without crosspython": HOST, "with crosspython": HOST + GUEST}
        folders = {}
        for number, (what, text) in enumerate(hosts.items()):
            folders[what] = folder = Path(name) / str(number)
            (folder / "mine").mkdir(parents=True)
            (folder / "mine/SConscript").write_text(MINE)
            (folder / "SConstruct").write_text(text)
            subprocess.run([sys.executable, "-m", "SCons", "-Q", "mine"], cwd=folder, check=True, capture_output=True)
        runs = [{what: cpu(folder) for what, folder in folders.items()} for _ in range(times)]
    least = {what: min(run[what] for run in runs) for what in hosts}
    print("| a host's own no-op | CPU s |\n| --- | --- |")
    for what, seconds in least.items():
        print(f"| {what} | {seconds:.3f} |")
    alone, ours = least["without crosspython"], least["with crosspython"] - least["without crosspython"]
    print(f"| difference | {ours:.3f} |\n\nthe difference, as a part of the host's own no-op: {ours / alone:.2f}")


if __name__ == "__main__":
    main()
