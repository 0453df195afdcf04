"""What the board's Python does while the compiler is told how often each branch is taken (optimize=pgo).

Each function is one kind of work that programs on boards do. None reads the clock or asks for chance, so two runs take
the same branches. Runs in the emulator, in a Python of any series: Python 3.5's language.
"""

import array
import ast
import base64
import binascii
import bisect
import collections
import contextlib
import copy
import csv
import datetime
import decimal
import difflib
import enum
import fractions
import functools
import hashlib
import heapq
import io
import itertools
import json
import math
import operator
import pickle
import re
import shlex
import sqlite3
import statistics
import string
import struct
import sys
import textwrap
import threading
import tokenize
import unicodedata
import xml.etree.ElementTree
import zlib

TEXT = " ".join(
    "sensor-{0} reads {1:.2f} degrees at 2024-03-{2:02d}T10:{0:02d}:00, status={3}".format(
        n % 60, 20 + n / 7, n % 28 + 1, "ok" if n % 5 else "FAULT"
    )
    for n in range(400)
)


class Reading:
    """Attributes, properties, comparisons and operators, as classes of applications have them."""

    kind = "reading"

    def __init__(self, name, value, unit="C"):
        self.name = name
        self.value = value
        self.unit = unit

    @property
    def is_high(self):
        return self.value > 50

    def __eq__(self, other):
        return self.name == other.name and self.value == other.value

    def __lt__(self, other):
        return self.value < other.value

    def __hash__(self):
        return hash(self.name)

    def __add__(self, other):
        return Reading(self.name, self.value + other.value)

    def __repr__(self):
        return "{}({!r}, {})".format(type(self).__name__, self.name, self.value)


class Smoothed(Reading):
    __slots__ = ("last",)

    def __init__(self, name, value):
        super().__init__(name, value)
        self.last = value

    def update(self, value, weight=0.25):
        self.last += (value - self.last) * weight
        return self.last


class Level(enum.Enum):
    LOW = 1
    HIGH = 2


def objects():
    readings = [Reading("s%d" % (n % 17), (n * 37) % 101) for n in range(300)]
    total = functools.reduce(operator.add, readings)
    high = [each for each in sorted(readings) if each.is_high and each.kind == "reading"]
    filters = [Smoothed("f%d" % n, n) for n in range(20)]
    for n in range(40):
        for each in filters:
            each.update(n, weight=0.5)
    levels = collections.Counter(Level.HIGH if each.is_high else Level.LOW for each in readings)
    return repr(total), len(set(high)), getattr(high[0], "missing", None), isinstance(filters[0], Reading), levels


def calls():
    def add(a, b=1, *more, **named):
        return a + b + len(more) + len(named)

    def closure(step):
        value = 0

        def advance():
            nonlocal value
            value += step
            return value

        return advance

    advance = closure(3)
    total = 0
    for n in range(1200):
        total += add(n) + add(n, b=2) + add(n, 1, 2, 3) + advance()
    return total + (lambda depth: fibonacci(depth))(13)


def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def loops():
    grid = [[(x * y + x) % 7 for x in range(30)] for y in range(30)]
    count = 0
    for y in range(1, 29):
        row = grid[y]
        for x in range(1, 29):
            if row[x] > 3 and grid[y - 1][x] != grid[y + 1][x]:
                count += 1
            elif not row[x] or row[x - 1] == row[x + 1]:
                count -= 1
    while count < 2000:
        count += 3
        if count % 2 == 0:
            continue
        if count > 1500:
            break
    return count


def numbers():
    total, scale = 0.0, 1.5
    for n in range(1, 1500):
        total += math.sin(n) * scale / n - (n**0.5) * 0.01
        total = abs(total) if total < -1e9 else total
    large = 1
    for n in range(1, 120):
        large = large * n + (large >> 3) - (large & 0xFFFF)
    prime = [n for n in range(2, 400) if all(n % divisor for divisor in range(2, int(n**0.5) + 1))]
    return round(total, 6), str(large), divmod(large, 997), pow(3, 200, 1009), sum(prime), int("7f", 16), float("2.5e3")


def texts():
    words = TEXT.split()
    counted = {}
    for word in words:
        key = word.strip(",.").lower()
        counted[key] = counted.get(key, 0) + 1
    joined = ", ".join("%s=%d" % item for item in sorted(counted.items())[:200])
    parts = [line.partition("=")[2].strip() for line in joined.split(",") if "=" in line]
    replaced = TEXT.replace("sensor", "probe").upper().find("FAULT")
    formatted = ["{:>10}|{:<6}|{:08.3f}|{:#x}".format(word, n, n / 3, n) for n, word in enumerate(words[:200])]
    encoded = TEXT.encode("utf-8").decode("latin-1") + "äöü€".join(parts[:50])
    return len(formatted), replaced, encoded.count("e"), unicodedata.normalize("NFD", encoded[-60:]), TEXT[::-3]


def patterns():
    found = re.findall(r"sensor-(\d+) reads ([\d.]+) degrees at (\d{4})-(\d\d)-(\d\d)T", TEXT)
    split = re.split(r"[\s,;=]+", TEXT)
    changed = re.sub(r"(\d+)\.(\d+)", lambda match: match.group(2) + "," + match.group(1), TEXT)
    matched = sum(1 for word in split if re.match(r"(?i)^(?:ok|fault|warn(?:ing)?)$", word))
    return len(found), matched, len(changed), re.compile(r"(?P<a>x+)(?:y|z)*?(?=w)").search("xxxyzzw").group("a")


def containers():
    queue, table = collections.deque(maxlen=50), collections.defaultdict(list)
    for n in range(1000):
        queue.append(n)
        table[n % 37].append(n)
        if n % 3 == 0:
            queue.popleft()
    left = set(range(0, 600, 2)) & set(range(0, 600, 3)) | {n for n in range(50)}
    ordered = collections.OrderedDict(sorted(table.items(), key=lambda item: -len(item[1])))
    merged = {**dict(ordered), **{n: str(n) for n in range(100)}}
    first, *middle, last = sorted(left, reverse=True)
    heap = []
    for n in range(300):
        heapq.heappush(heap, (n * 7919 % 1009, n))
    drained = [heapq.heappop(heap)[1] for _ in range(300)]
    position = bisect.bisect(sorted(drained), 150)
    Point = collections.namedtuple("Point", "x y")
    far = max((Point(n % 9, n % 11) for n in range(400)), key=lambda point: point.x * point.y)
    del drained[10:200:3]
    return first, len(middle), last, position, far, len(merged), list(zip(drained, reversed(drained)))[5]


def generators():
    def produce(limit):
        for n in range(limit):
            sent = yield n
            if sent:
                yield from range(sent)

    lazily = produce(600)
    total = sum(value for value in lazily if value % 2)
    again = produce(10)
    next(again)
    total += again.send(5)
    pairs = itertools.chain.from_iterable((a, b) for a, b in itertools.product(range(30), repeat=2) if a < b)
    grouped = {key: len(list(group)) for key, group in itertools.groupby(sorted(pairs))}
    return total, len(grouped), list(itertools.islice(itertools.accumulate(range(500)), 0, 500, 50))


@contextlib.contextmanager
def counting(counts, name):
    try:
        yield counts
    finally:
        counts[name] = counts.get(name, 0) + 1


def exceptions():
    counts = {}
    for n in range(500):
        with counting(counts, "tried"):
            try:
                if n % 3 == 0:
                    raise ValueError("no number: %d" % n)
                {}[n] if n % 5 == 0 else [][n:] + [n]
            except KeyError as error:
                counts["key"] = counts.get("key", 0) + error.args[0]
            except (ValueError, TypeError) as error:
                counts["value"] = counts.get("value", 0) + len(str(error))
            else:
                counts["fine"] = counts.get("fine", 0) + 1
    return counts


def documents():
    records = [
        {"id": n, "name": "node %d" % n, "values": [n / 3, n * 2, None, True], "tags": {"a": "é"}} for n in range(150)
    ]
    text = json.dumps(records, indent=1, sort_keys=True)
    again = json.loads(text)
    packed = pickle.dumps(again, protocol=4)
    root = xml.etree.ElementTree.Element("nodes")
    for each in records[:60]:
        node = xml.etree.ElementTree.SubElement(root, "node", id=str(each["id"]))
        node.text = each["name"]
    parsed = xml.etree.ElementTree.fromstring(xml.etree.ElementTree.tostring(root))
    table = io.StringIO()
    csv.writer(table).writerows([each["id"], each["name"], '"'] for each in records)
    rows = list(csv.DictReader(io.StringIO(table.getvalue()), fieldnames=["id", "name", "quote"]))
    return pickle.loads(packed) == records, len(parsed.findall("node")), len(rows), copy.deepcopy(again[:30])[3]


def binaries():
    frame = struct.Struct("<BHIf8s")
    frames = b"".join(frame.pack(n % 256, n, n * n, n / 4, b"payload!") for n in range(400))
    values = [frame.unpack_from(frames, n * frame.size)[2] for n in range(400)]
    view = memoryview(bytearray(frames))
    checks = sum(view[n] ^ view[-n - 1] for n in range(0, 4000, 3))
    samples = array.array("h", range(-500, 500))
    samples.byteswap()
    packed = zlib.compress(frames, 6)
    names = [hashlib.new(name, frames).hexdigest()[:8] for name in ("md5", "sha1", "sha256", "sha512")]
    encoded = base64.b64encode(packed) + binascii.hexlify(samples.tobytes()[:64])
    return (
        sum(values),
        checks,
        zlib.decompress(packed) == frames,
        names,
        len(encoded),
        frames.hex()[:20],
        zlib.crc32(frames),
    )


def times_and_sums():
    start = datetime.datetime(2024, 2, 28, 23, 50)
    moments = [start + datetime.timedelta(minutes=7 * n) for n in range(150)]
    read = [datetime.datetime.strptime(each.strftime("%Y-%m-%d %H:%M"), "%Y-%m-%d %H:%M") for each in moments[:40]]
    money = sum((decimal.Decimal(n) / 7 for n in range(200)), decimal.Decimal(0)).quantize(decimal.Decimal("0.01"))
    part = sum((fractions.Fraction(1, n) for n in range(1, 30)), fractions.Fraction(0))
    spread = statistics.stdev([n * 3 % 17 for n in range(120)])
    return max(moments).isoformat(), read[-1].weekday(), str(money), part.numerator % 1009, round(spread, 9)


def databases():
    with contextlib.closing(sqlite3.connect(":memory:")) as base:
        base.execute("create table reading (id integer primary key, name text, value real)")
        base.executemany(
            "insert into reading (name, value) values (?, ?)", [("s%d" % (n % 9), n / 3) for n in range(300)]
        )
        base.create_function("twice", 1, lambda value: value * 2)
        rows = base.execute("select name, count(*), sum(twice(value)) from reading group by name order by 3").fetchall()
    return rows[0]


def sources():
    text = "\n".join(
        "def f{0}(a, b={0}, *c, **d):\n"
        "    'what it is for'\n"
        "    x = [a + n for n in range(b) if n % 3] or {{'k': (a, b)}}\n"
        "    while a < {0} and b:\n        a += 1\n    return x if c else lambda: d.get('e', a ** 2)\n".format(n)
        for n in range(25)
    )
    space = {}
    exec(compile(ast.parse(text), "<training>", "exec"), space)
    tokens = sum(1 for _ in tokenize.generate_tokens(io.StringIO(text).readline))
    changed = list(difflib.unified_diff(text.splitlines()[:60], text.replace("while", "if").splitlines()[:60]))
    template = string.Template("$name is ${value}").substitute(name="a", value=3)
    return len(space), space["f3"](1, 9, 0), tokens, len(changed), template, textwrap.wrap(TEXT[:900])[2]


def threads():
    lock, done = threading.Lock(), []

    def work(number):
        for n in range(60):
            with lock:
                done.append(number * n)

    for number in range(3):  # one after the other: how they take turns is chance
        thread = threading.Thread(target=work, args=(number,))
        thread.start()
        thread.join()
    return sum(done), shlex.split("run --name 'a b' \"c\"")


# How often each is done in a round: all take about the same time.
WORK = {
    objects: 6,
    calls: 14,
    loops: 60,
    numbers: 6,
    texts: 6,
    patterns: 1,
    containers: 4,
    generators: 40,
    exceptions: 5,
    documents: 2,
    binaries: 6,
    times_and_sums: 5,
    databases: 8,
    sources: 1,
    threads: 8,
}

if __name__ == "__main__":
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 6
    for _ in range(rounds):
        for work, times in WORK.items():
            for _ in range(times):
                work()
    print(rounds, "rounds of", len(WORK), "kinds of work")
