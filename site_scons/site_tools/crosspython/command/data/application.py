"""An example: what the board says of itself, packed as it would be sent somewhere."""

import platform

import msgpack


def main() -> None:
    facts = {"machine": platform.machine(), "python": platform.python_version()}
    packed = msgpack.packb(facts)
    print(f"{len(packed)} bytes: {msgpack.unpackb(packed)}")


if __name__ == "__main__":
    main()
