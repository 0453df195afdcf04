"""The store: a file is used only with the right bytes, whatever a server sends, and a failure names every place."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from crosspython.errors import ConfigurationError, SourceError
from crosspython.store import fetch
from crosspython.store.fetch import Store
from crosspython.store.sources import Source

from tests.unit.loopback import reply, serve_ranges, server

DATA = bytes(range(256)) * 400
SHA = hashlib.sha256(DATA).hexdigest()


def store(folder: Path, **options) -> Store:
    return Store(folder / "downloads", **{"pools": lambda: (), "pause": 0.0, "timeout": (1.0, 0.3), **options})


def test_a_file_is_fetched_and_kept(tmp_path: Path) -> None:
    with server(lambda handler, _: reply(handler, DATA)) as (url, seen):
        source = Source(SHA, url)
        assert store(tmp_path).get([source], "x")[1].read_bytes() == DATA
        assert store(tmp_path).get([source], "x")[1].read_bytes() == DATA
    assert len(seen) == 1


def test_an_error_500_is_tried_again(tmp_path: Path) -> None:
    def answer(handler, number):
        reply(handler, DATA if number > 1 else b"", 200 if number > 1 else 500)

    with server(answer) as (url, seen):
        store(tmp_path).get([Source(SHA, url)], "x")
    assert len(seen) == 2


def test_a_lasting_error_500_is_told(tmp_path: Path) -> None:
    with server(lambda handler, _: reply(handler, b"", 500)) as (url, _), pytest.raises(SourceError) as caught:
        store(tmp_path).get([Source(SHA, url)], "x 1.0")
    assert "the server answered 500" in str(caught.value)
    assert "x 1.0" in str(caught.value)


def test_a_404_is_not_tried_again(tmp_path: Path) -> None:
    with server(lambda handler, _: reply(handler, b"", 404)) as (url, seen), pytest.raises(SourceError, match="x"):
        store(tmp_path).get([Source(SHA, url)], "x")
    assert len(seen) == 1


def test_a_truncated_download_goes_on_where_it_broke_off(tmp_path: Path) -> None:
    def answer(handler, number):
        if number == 1:
            reply(handler, DATA[:70000], length=len(DATA))
            handler.connection.close()
        else:
            start = int(handler.headers["Range"].removeprefix("bytes=").removesuffix("-"))
            reply(handler, DATA[start:], 206)

    with server(answer) as (url, seen):
        assert store(tmp_path).get([Source(SHA, url)], "x")[1].read_bytes() == DATA
    assert seen == [None, "bytes=70000-"]


def test_a_server_without_ranges_starts_again(tmp_path: Path) -> None:
    def answer(handler, number):
        reply(handler, DATA[:1000] if number == 1 else DATA, length=len(DATA))
        handler.connection.close()

    with server(answer) as (url, seen):
        assert store(tmp_path).get([Source(SHA, url)], "x")[1].read_bytes() == DATA
    assert len(seen) == 2


def test_a_server_that_hangs_is_given_up(tmp_path: Path) -> None:
    stop = threading.Event()
    with server(lambda handler, _: stop.wait(20)) as (url, _), pytest.raises(SourceError) as caught:
        try:
            store(tmp_path).get([Source(SHA, url)], "x")
        finally:
            stop.set()
    assert "no answer in time" in str(caught.value)


def test_wrong_bytes_are_kept_aside_and_both_hashes_told(tmp_path: Path) -> None:
    with server(lambda handler, _: reply(handler, b"evil")) as (url, _), pytest.raises(SourceError) as caught:
        store(tmp_path).get([Source(SHA, url)], "x")
    text = str(caught.value)
    assert SHA in text
    assert hashlib.sha256(b"evil").hexdigest() in text
    (rejected,) = (tmp_path / "downloads" / "rejected").iterdir()
    assert rejected.read_bytes() == b"evil"


def test_where_each_place_has_other_bytes_the_hash_may_be_wrong(tmp_path: Path) -> None:
    with server(lambda handler, _: reply(handler, b"evil")) as (url, _), pytest.raises(SourceError) as wrong:
        store(tmp_path).get([Source(SHA, url)], "x")
    assert "correct the hash" in wrong.value.next
    with server(lambda handler, _: reply(handler, b"", 404)) as (url, _), pytest.raises(SourceError) as missing:
        store(tmp_path).get([Source(SHA, url)], "x")
    assert "correct the hash" not in missing.value.next


def test_after_wrong_bytes_the_next_place_is_asked(tmp_path: Path) -> None:
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / "x-1.0.tar.gz").write_bytes(b"stale")
    with server(lambda handler, _: reply(handler, DATA)) as (url, _):
        found = store(tmp_path, mirror=str(tmp_path / "mirror")).get([Source(SHA, url)], "x")
    assert found[1].read_bytes() == DATA


def test_a_mirror_spares_upstream(tmp_path: Path) -> None:
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / "x-1.0.tar.gz").write_bytes(DATA)
    with server(lambda handler, _: reply(handler, DATA)) as (url, seen):
        store(tmp_path, mirror=str(tmp_path / "mirror")).get([Source(SHA, url)], "x")
    assert seen == []


def test_the_pool_is_asked_last(tmp_path: Path) -> None:
    with server(lambda handler, _: reply(handler, DATA if "/pool/main/x/" in handler.path else b"", 200)) as (
        url,
        seen,
    ):
        base = url.rpartition("/")[0]
        source = Source(SHA, url, "x/x/x_1.0.orig.tar.gz")
        assert store(tmp_path, pools=lambda: (base,)).get([source], "x")[1].read_bytes() == DATA
    assert len(seen) == 2


def test_an_alternative_with_other_bytes_will_do(tmp_path: Path) -> None:
    other = b"repacked"
    with server(lambda handler, _: reply(handler, other, 200 if "orig" in handler.path else 404)) as (url, _):
        base = url.rpartition("/")[0]
        sources = [Source(SHA, url), Source(hashlib.sha256(other).hexdigest(), None, "x/x_1.0.orig.tar.gz")]
        chosen, path = store(tmp_path, pools=lambda: (base,)).get(sources, "x")
    assert chosen == sources[1]
    assert path.read_bytes() == other


def test_a_dead_host_is_asked_once(tmp_path: Path) -> None:
    asked = store(tmp_path)
    for name in ("a", "b"):
        with pytest.raises(SourceError, match="could not be fetched"):
            asked.get([Source(SHA, f"http://127.0.0.1:9/{name}")], name)
    assert list(asked.downloader.unreachable) == ["127.0.0.1:9"]


def test_offline_touches_nothing(tmp_path: Path) -> None:
    with server(lambda handler, _: reply(handler, DATA)) as (url, seen), pytest.raises(SourceError) as caught:
        store(tmp_path, offline=True).get([Source(SHA, url)], "x 1.0")
    assert seen == []
    assert "x 1.0: x-1.0.tar.gz" in str(caught.value)


def test_a_file_that_went_bad_in_the_store_is_fetched_again(tmp_path: Path) -> None:
    with server(lambda handler, _: reply(handler, DATA)) as (url, _):
        source = Source(SHA, url)
        path = store(tmp_path).get([source], "x")[1]
        path.write_bytes(b"bit rot")
        assert store(tmp_path).get([source], "x")[1].read_bytes() == DATA


def test_two_at_once_fetch_once(tmp_path: Path) -> None:
    with server(lambda handler, _: reply(handler, DATA)) as (url, seen):
        threads = [threading.Thread(target=lambda: store(tmp_path).get([Source(SHA, url)], "x")) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(seen) == 1


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "downloads").write_text("a file")
    with pytest.raises(SourceError, match="sources cannot be stored"):
        store(tmp_path).get([Source(SHA, "http://127.0.0.1:9/x")], "x")


def test_progress_ends_with_the_whole(tmp_path: Path) -> None:
    calls = []
    with server(lambda handler, _: reply(handler, DATA)) as (url, _):
        store(tmp_path, progress=lambda *call: calls.append(call)).get([Source(SHA, url)], "x")
    assert calls[-1] == ("x-1.0.tar.gz", len(DATA), len(DATA))


def test_a_mirror_of_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="mirror=gopher://host/x: not a mirror"):
        store(tmp_path, mirror="gopher://host/x")


def test_a_mirror_is_asked_by_address(tmp_path: Path) -> None:
    with server(lambda handler, _: reply(handler, DATA)) as (url, asked):
        mirror = url.rpartition("/")[0] + "/mirror/"
        store(tmp_path, mirror=mirror).get([Source(SHA, "http://127.0.0.1:9/x-1.0+b.tar.gz")], "x")
    assert asked.paths == ["/mirror/x-1.0+b.tar.gz"]


def test_a_mirror_may_be_a_file_address_even_offline(tmp_path: Path) -> None:
    (tmp_path / "mirror dir").mkdir()
    (tmp_path / "mirror dir" / "x-1.0.tar.gz").write_bytes(DATA)
    asked = store(tmp_path, mirror=f"file://{tmp_path}/mirror%20dir", offline=True)
    assert asked.get([Source(SHA, "http://127.0.0.1:9/x-1.0.tar.gz")], "x")[1].read_bytes() == DATA


def test_a_file_that_the_user_put_into_the_folder_is_taken(tmp_path: Path) -> None:
    source = Source(SHA, "http://127.0.0.1:9/x-1.0.tar.gz")
    asked = store(tmp_path, offline=True)
    asked.folder.mkdir()
    (asked.folder / "x-1.0.tar.gz").write_bytes(DATA)
    assert asked.is_at_hand([source])
    assert asked.get([source], "x")[1] == asked.place(source)


def test_wrong_bytes_in_a_local_folder_are_not_at_hand(tmp_path: Path) -> None:
    (tmp_path / "x-1.0.tar.gz").write_bytes(b"stale")
    assert not store(tmp_path, mirror=str(tmp_path), offline=True).is_at_hand([Source(SHA, "http://h/x-1.0.tar.gz")])


def test_every_place_that_was_asked_is_named_with_its_reason(tmp_path: Path) -> None:
    with server(lambda handler, _: reply(handler, b"", 404)) as (url, _), pytest.raises(SourceError) as caught:
        base = url.rpartition("/")[0]
        source = Source(SHA, "http://127.0.0.1:9/x-1.0.tar.gz", "x/x/x_1.0.orig.tar.gz")
        store(tmp_path, mirror=str(tmp_path), pools=lambda: (base,)).get([source], "x 1.0")
    evidence = caught.value.evidence
    assert evidence == (
        f"{tmp_path}/x-1.0.tar.gz: No such file or directory",
        f"{tmp_path}/x_1.0.orig.tar.gz: No such file or directory",
        "http://127.0.0.1:9/x-1.0.tar.gz: connection refused",
        f"{base}/pool/main/x/x/x_1.0.orig.tar.gz: the server answered 404 Not Found",
    )


def test_the_way_out_names_mirror_fetch_and_the_folder(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        store(tmp_path).get([Source(SHA, "http://127.0.0.1:9/x")], "x")
    assert [word for word in ("mirror=", "scons fetch", str(tmp_path)) if word not in str(caught.value.next)] == []


def test_a_password_in_an_address_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        store(tmp_path, mirror="http://me:secret@127.0.0.1:9/m").get([Source(SHA, "http://127.0.0.1:9/x")], "x")
    assert "secret" not in str(caught.value)


def test_dead_upstreams_are_passed_quickly(tmp_path: Path) -> None:
    begin = time.monotonic()
    with server(lambda handler, _: reply(handler, DATA)) as (url, _):
        sources = [Source(SHA, f"http://nowhere{n}.invalid/x.tar.gz") for n in range(5)]
        pooled = Source(SHA, "http://127.0.0.1:9/x.tar.gz", "x.tar.gz")
        asked = store(tmp_path, pause=60.0, pools=lambda: (url.rpartition("/")[0],))
        assert asked.get([*sources, pooled], "x")[0] == pooled
    assert time.monotonic() - begin < 2


def test_bytes_of_another_file_are_not_gone_on_with(tmp_path: Path) -> None:
    with server(lambda handler, _: serve_ranges(handler, DATA)) as (url, asked):
        source = Source(SHA, url)
        part = store(tmp_path).place(source).with_name("x-1.0.tar.gz.part")
        part.parent.mkdir(parents=True)
        part.write_bytes(b"<html>")
        assert store(tmp_path).get([source], "x")[1].read_bytes() == DATA
    assert asked == ["bytes=6-", None]


def test_a_run_that_was_killed_is_gone_on_with(tmp_path: Path) -> None:
    with server(lambda handler, _: serve_ranges(handler, DATA)) as (url, asked):
        source = Source(SHA, url)
        part = store(tmp_path).place(source).with_name("x-1.0.tar.gz.part")
        part.parent.mkdir(parents=True)
        part.write_bytes(DATA[:100000])
        assert store(tmp_path).get([source], "x")[1].read_bytes() == DATA
    assert asked.sent == [len(DATA) - 100000]


def test_a_whole_file_that_was_not_renamed_yet_is_not_fetched_again(tmp_path: Path) -> None:
    source = Source(SHA, "http://127.0.0.1:9/x-1.0.tar.gz")
    part = store(tmp_path).place(source).with_name("x-1.0.tar.gz.part")
    part.parent.mkdir(parents=True)
    part.write_bytes(DATA)
    assert store(tmp_path).get([source], "x")[1].read_bytes() == DATA


def test_a_full_disk_tells_where_and_how_much_was_needed(tmp_path: Path) -> None:
    with server(lambda handler, _: reply(handler, DATA)) as (url, _), pytest.raises(SourceError) as caught:
        source = Source(SHA, url)
        part = store(tmp_path).place(source).with_name("x-1.0.tar.gz.part")
        part.parent.mkdir(parents=True)
        part.symlink_to("/dev/full")
        store(tmp_path).get([source], "x")
    assert "the disk is full" in caught.value.what
    assert f"{len(DATA):,} bytes more were needed" in str(caught.value.found)
    assert str(part.parent) in str(caught.value.found)


def test_a_full_disk_is_told_for_a_local_mirror_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(fetch.shutil, "copyfile", fail)
    (tmp_path / "x-1.0.tar.gz").write_bytes(DATA)
    with pytest.raises(SourceError, match="the disk is full"):
        store(tmp_path, mirror=str(tmp_path)).get([Source(SHA, "http://127.0.0.1:9/x-1.0.tar.gz")], "x")


def test_a_file_of_the_store_is_hashed_once_a_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed = []
    monkeypatch.setattr(fetch, "hash_file", lambda path: hashed.append(path) or SHA)
    source = Source(SHA, "http://127.0.0.1:9/x")
    asked = store(tmp_path)
    asked.place(source).parent.mkdir(parents=True)
    asked.place(source).write_bytes(DATA)
    assert asked.get([source], "x") == asked.get([source], "y")
    assert len(hashed) == 1


def test_get_all_goes_on_after_a_failure_and_tells_of_each(tmp_path: Path) -> None:
    with server(lambda handler, _: reply(handler, DATA)) as (url, _):
        bad = [Source("0" * 64, "http://127.0.0.1:9/bad.tar.gz")]
        worse = [Source("1" * 64, "http://127.0.0.1:9/worse.tar.gz")]
        asked = store(tmp_path)
        with pytest.raises(SourceError, match="2 sources could not be fetched") as caught:
            asked.get_all([("bad", bad), ("good", [Source(SHA, url)]), ("worse", worse)])
    assert asked.find([Source(SHA, url)])
    assert [name for name in ("bad:", "worse:") if name not in str(caught.value)] == []


@pytest.mark.slow
def test_two_processes_at_once_fetch_once(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from crosspython.store.fetch import Store;"
        "from crosspython.store.sources import Source;"
        "print(Store(Path(sys.argv[1])).get([Source(sys.argv[2], sys.argv[3])], 'x')[1])"
    )

    def answer(handler, _):
        time.sleep(0.2)
        reply(handler, DATA)

    with server(answer) as (url, asked):
        command = [sys.executable, "-c", program, str(tmp_path / "downloads"), SHA, url]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        runs = [subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) for _ in range(2)]
        outputs = {run.communicate()[0] for run in runs}
    assert [run.returncode for run in runs] == [0, 0]
    assert len(outputs) == 1
    assert len(asked) == 1
