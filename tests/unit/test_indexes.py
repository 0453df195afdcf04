"""pip's configuration, told to uv."""

from __future__ import annotations

from pathlib import Path

from crosspython.wheels.resolving.indexes import indexes_for_uv, parse_configuration

LISTED = """\
:env:.index-url='https://user:secret@here.invalid/simple'
global.cert='/certs.pem'
global.index-url='https://there.invalid/simple'
global.trusted-host='a.invalid b.invalid'
install.extra_index_url='https://one.invalid/simple\\nhttps://two.invalid/simple'
download.pre='1'
"""


def test_the_environment_is_stronger_than_a_file() -> None:
    assert parse_configuration(LISTED)["index-url"] == "https://user:secret@here.invalid/simple"


def test_options_get_uvs_names() -> None:
    options = indexes_for_uv(parse_configuration(LISTED), {}).options
    assert options == (
        *("--index-strategy", "unsafe-best-match"),
        *("--default-index", "https://user:secret@here.invalid/simple"),
        *("--index", "https://one.invalid/simple"),
        *("--index", "https://two.invalid/simple"),
        *("--allow-insecure-host", "a.invalid"),
        *("--allow-insecure-host", "b.invalid"),
    )


def test_no_password_is_shown() -> None:
    shown = indexes_for_uv(parse_configuration(LISTED), {}).show()
    assert "secret" not in shown
    assert "here.invalid" in shown


def test_a_folder_that_is_not_there_is_passed_over_as_pip_does(tmp_path: Path) -> None:
    links = f"{tmp_path} {tmp_path / 'absent'}"
    assert indexes_for_uv({"find-links": links, "no-index": "yes"}, {}).options[2:] == (
        *("--find-links", str(tmp_path)),
        "--no-index",
    )


def test_certificates_and_proxies_are_handed_on() -> None:
    found = indexes_for_uv({"cert": "/c.pem", "proxy": "http://p.invalid"}, {"NO_PROXY": "x", "OTHER": "y"})
    assert found.environment == {
        "SSL_CERT_FILE": "/c.pem",
        "HTTP_PROXY": "http://p.invalid",
        "HTTPS_PROXY": "http://p.invalid",
        "NO_PROXY": "x",
    }


def test_options_of_a_requirements_file_are_pips_too() -> None:
    given = {
        "index-url": ("https://mine.invalid/simple",),
        "extra-index-url": ("https://three.invalid/simple",),
        "find-links": ("/",),
        "trusted-host": ("c.invalid",),
        "pre": ("1",),
    }
    indexes = indexes_for_uv(parse_configuration(LISTED), {}, given)
    assert indexes.options == (
        *("--index-strategy", "unsafe-best-match"),
        *("--default-index", "https://mine.invalid/simple"),
        *("--index", "https://one.invalid/simple"),
        *("--index", "https://two.invalid/simple"),
        *("--index", "https://three.invalid/simple"),
        *("--find-links", "/"),
        *("--allow-insecure-host", "a.invalid"),
        *("--allow-insecure-host", "b.invalid"),
        *("--allow-insecure-host", "c.invalid"),
        *("--prerelease", "allow"),
    )
