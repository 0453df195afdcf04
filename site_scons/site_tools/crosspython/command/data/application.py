"""An example: facts about the board, packed as if they were sent somewhere."""

import platform

import msgpack


def main() -> None:
    facts = {"machine": platform.machine(), "python": platform.python_version()}
    packed = msgpack.packb(facts)
    print(f"{len(packed)} bytes: {msgpack.unpackb(packed)}")


if __name__ == "__main__":
    main()
