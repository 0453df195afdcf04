"""Eight programs that say how fast an interpreter is, each with a value that tells that it did its work.

None of them is part of what `optimize=pgo` trains with (components/cpython/training.py).

    python3 workloads.py NAME    prints the value
"""

import json
import re
import sys


def nbody():
    """Floats and attributes of lists: planets that pull each other."""
    bodies = [[n * 1.7, n * -0.9, 1.0 / (n + 1), 0.0, 0.0, 0.0, 4.0 / (n + 2)] for n in range(5)]
    for _ in range(1200):
        for at, one in enumerate(bodies):
            for other in bodies[at + 1 :]:
                x, y, z = one[0] - other[0], one[1] - other[1], one[2] - other[2]
                pull = 0.001 / (x * x + y * y + z * z + 0.01) ** 1.5
                for axis, way in enumerate((x, y, z)):
                    one[3 + axis] -= way * other[6] * pull
                    other[3 + axis] += way * one[6] * pull
        for body in bodies:
            for axis in range(3):
                body[axis] += 0.001 * body[3 + axis]
    return round(sum(body[0] for body in bodies), 6)


def queens():
    """Recursion and generators: queens on a chess board."""

    def place(rows, columns=(), sums=frozenset(), differences=frozenset()):
        row = len(columns)
        if row == rows:
            yield columns
            return
        for column in range(rows):
            if column not in columns and row + column not in sums and row - column not in differences:
                yield from place(rows, (*columns, column), sums | {row + column}, differences | {row - column})

    return sum(1 for _ in place(7))


def trees():
    """Many small objects: trees built, walked and thrown away."""

    class Node:
        def __init__(self, left, right):
            self.left, self.right = left, right

        def count(self):
            return 1 + (self.left.count() if self.left else 0) + (self.right.count() if self.right else 0)

    def grow(depth):
        return Node(grow(depth - 1), grow(depth - 1)) if depth else Node(None, None)

    return sum(grow(9).count() for _ in range(14))


def words():
    """Texts and dictionaries: words counted, joined, turned and looked for."""
    text = " ".join("word%d and-%s" % (n % 97, chr(97 + n % 26) * (n % 5 + 1)) for n in range(6000))
    seen = {}
    for word in text.split():
        key = word.strip("-").upper().replace("AND", "")
        seen[key] = seen.get(key, 0) + len(word)
    return len(seen), sum(seen.values()), "".join(sorted(seen))[:20]


def machine():
    """A loop over numbers and branches: a small processor, simulated."""
    program = [("load", 0, 7), ("add", 0, 13), ("shift", 0, 1), ("xor", 0, 91), ("low", 0, 255), ("again", 0, 4000)]
    registers, turns, steps = [0] * 4, 0, 0
    while turns < 4000:
        for name, at, value in program:
            steps += 1
            if name == "load":
                registers[at] = (registers[at] + value) & 0xFFFF
            elif name == "add":
                registers[at] += value
            elif name == "shift":
                registers[at] <<= value
            elif name == "xor":
                registers[at] ^= value
            elif name == "low":
                registers[at + 1] += registers[at] & value
            else:
                turns += 1
    return steps, registers[1]


def documents():
    """The standard library's accelerators: JSON there and back."""
    record = {"name": "pump 7", "on": True, "values": [n / 8 for n in range(40)], "parts": {"é" * 3: list(range(20))}}
    for _ in range(60):
        record["again"] = json.loads(json.dumps([record["values"], record["parts"]], sort_keys=True))
        text = json.dumps(record, indent=2)
    return len(text)


def patterns():
    """Regular expressions."""
    text = "".join("%s<%d>;" % ("acgt"[n % 4] * (n % 3 + 1), n) for n in range(2500))
    found = re.findall(r"(?:ag|ct?)+<(\d+)>;", text)
    return len(found), len(re.sub(r"[aeiou]|<\d*5>", "_", text)), len(re.split(r"g+|t{2,}", text))


def matrices():
    """Lists of lists: matrices multiplied, a table of the cheapest way filled."""
    size = 26
    one = [[(x * y) % 11 + 0.5 for x in range(size)] for y in range(size)]
    two = [[sum(a * b for a, b in zip(row, column)) for column in zip(*one)] for row in one]
    costs = [[0] * 120 for _ in range(120)]
    for y in range(1, 120):
        for x in range(1, 120):
            costs[y][x] = min(costs[y - 1][x], costs[y][x - 1], costs[y - 1][x - 1]) + (x * y % 7 != 3)
    return round(sum(map(sum, two)), 3), costs[119][119]


WORKLOADS = (nbody, queens, trees, words, machine, documents, patterns, matrices)

if __name__ == "__main__":
    print({work.__name__: work for work in WORKLOADS}[sys.argv[1]]())
