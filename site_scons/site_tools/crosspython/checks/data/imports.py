"""Imports modules and runs snippets, and says of each how it went; runs on the target.

Arguments: a JSON file with a list of [kind, name, code, expected output]. A line with "begins" comes before each, so
that whoever started this knows which one ended the process.
"""

import builtins
import contextlib
import importlib
import io
import json
import sys
import time
import traceback

# Python 3.5 has no ModuleNotFoundError.
NOT_FOUND = getattr(builtins, "ModuleNotFoundError", ImportError)
MARK = "\nCROSSPYTHON "


def say(**facts):
    sys.__stdout__.write(MARK + json.dumps(facts) + "\n")
    sys.__stdout__.flush()


def import_it(name):
    """Import a module. If it fails because of a circular import, import the other module first, which imports it."""
    try:
        importlib.import_module(name)
    except ImportError as error:
        if "partially initialized module" not in str(error):
            raise
        place = error.__traceback__
        while place.tb_next is not None:
            place = place.tb_next
        importlib.import_module(place.tb_frame.f_globals["__name__"])
        importlib.import_module(name)


def attempt(kind, name, code, expected):
    """Run one task. Returns the error, and the name of a missing module if that was the reason."""
    try:
        if kind == "import":
            import_it(name)
            return "", None
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, name, "exec"), {"__name__": "__main__"})
        if printed.getvalue().split() != expected.split():
            return "expected %r, found %r" % (expected.strip(), printed.getvalue().strip()[-500:]), None
        return "", None
    except BaseException as error:
        missing = error.name if isinstance(error, NOT_FOUND) else None
        return traceback.format_exc(limit=-4)[-1500:], missing


def main():
    with open(sys.argv[1]) as file:
        tasks = json.load(file)
    for kind, name, code, expected in tasks:
        say(begins=name)
        begin = time.time()
        wrong, missing = attempt(kind, name, code, expected)
        say(name=name, wrong=wrong, missing=missing, seconds=round(time.time() - begin, 2))
    sys.__stdout__.flush()


main()
