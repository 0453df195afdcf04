"""What people write after `pkgs=` and in requirements files."""

from __future__ import annotations

from pathlib import Path

import pytest
from crosspython.errors import ConfigurationError
from crosspython.wheels.request import read_request


def read(*texts: str, start: Path = Path("/nonexistent")) -> tuple[str, ...]:
    return read_request(texts, None, start).requirements


@pytest.mark.parametrize(
    ("text", "requirements"),
    [
        ("numpy", ("numpy",)),
        ("numpy pandas>=2", ("numpy", "pandas>=2")),
        ("numpy==2.2.6,pyyaml", ("numpy==2.2.6", "pyyaml")),
        ("numpy>=1,<2 pandas", ("numpy<2,>=1", "pandas")),
        ("numpy >= 1 , < 2, pandas", ("numpy<2,>=1", "pandas")),
        ("numpy (>=1,<2) six", ("numpy<2,>=1", "six")),
        ("requests[socks,security]>=2,six", ("requests[security,socks]>=2", "six")),
        ("ruamel.yaml~=0.18 a==2.*", ("ruamel.yaml~=0.18", "a==2.*")),
        ("a>=1.0b1,b===1.0", ("a>=1.0b1", "b===1.0")),
        ("six six", ("six",)),
        ("x @ https://example.invalid/x-1.tar.gz, y", ("x@ https://example.invalid/x-1.tar.gz", "y")),
    ],
)
def test_a_list_is_split_where_its_writer_meant_it(text: str, requirements: tuple[str, ...]) -> None:
    assert tuple(word.replace(" @", "@") for word in read(text)) == requirements


def test_a_marker_ends_at_a_comma() -> None:
    found = read("""tomli; python_version < '3.11' and sys_platform in "linux,x", six""")
    assert found == ('tomli; python_version < "3.11" and sys_platform in "linux,x"', "six")


@pytest.mark.parametrize("text", ["numpy=2", "numpy==", "==2", "a b>=", "git+https://example.invalid/x"])
def test_what_is_no_requirement_is_told_as_it_was_typed(text: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read") as caught:
        read(text)
    assert any(text.split()[-1] in line for line in caught.value.evidence)


def test_a_single_equals_sign_gets_a_suggestion() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read("numpy=2.2")
    assert "did you mean numpy==2.2?" in str(caught.value)


@pytest.mark.parametrize("texts", [(), ("",), (" , ",)])
def test_nothing_asked_for_is_told_with_an_example(texts: tuple[str, ...]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(*texts)
    assert "scons wheels pkgs=numpy" in str(caught.value)


def test_a_version_control_address_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read("x @ git+https://example.invalid/x")
    assert "clone it" in str(caught.value)


def test_a_requirements_file_is_read_as_pip_does(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "base.txt").write_text("six # why\n")
    (tmp_path / "req.txt").write_text(
        "# a comment\nnumpy>=1, \\\n   <2\n\n-r more/base.txt\nidna ; python_version >= '3.9'\n"
    )
    found = read("@req.txt attrs", start=tmp_path)
    assert found == ("numpy<2,>=1", "six", 'idna; python_version >= "3.9"', "attrs")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("--index-url https://example.invalid/simple", "pip's configuration"),
        ("six==1 --hash=sha256:00", "hashes stand in the lock"),
        ("-e ./x", "never editable"),
        ("-c other.txt", "constraints=FILE"),
        ("--only-binary :all:", "not taken here"),
    ],
)
def test_an_option_in_a_requirements_file_is_refused_with_its_line(tmp_path: Path, line: str, says: str) -> None:
    (tmp_path / "req.txt").write_text(f"six\n{line}\n")
    with pytest.raises(ConfigurationError) as caught:
        read("@req.txt", start=tmp_path)
    assert says in str(caught.value)
    assert "req.txt, line 2" in str(caught.value)


def test_a_missing_requirements_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read("@absent.txt", start=tmp_path)
    assert f"{tmp_path / 'absent.txt'}: cannot be read: No such file" in str(caught.value)


def test_a_requirements_file_that_names_itself_ends(tmp_path: Path) -> None:
    (tmp_path / "req.txt").write_text("-r req.txt\n")
    with pytest.raises(ConfigurationError, match="cannot be read") as caught:
        read("@req.txt", start=tmp_path)
    assert "names itself" in str(caught.value)


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read("a=1 @absent.txt ./nowhere", start=tmp_path)
    assert len(caught.value.evidence) == 3


def test_constraints_ask_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "c.txt").write_text("six<2\n")
    request = read_request(["idna"], "c.txt", tmp_path)
    assert request.requirements == ("idna",)
    assert request.constraints == ("six<2",)


def test_a_folder_an_sdist_and_a_wheel_are_local_projects(tmp_path: Path) -> None:
    (tmp_path / "my folder").mkdir()
    (tmp_path / "my").mkdir()
    (tmp_path / "my" / "pyproject.toml").write_text('[project]\nname = "My_App"\n')
    (tmp_path / "some.thing-1.0.tar.gz").touch()
    (tmp_path / "other-2-py3-none-any.whl").touch()
    request = read_request(["./my some.thing-1.0.tar.gz,other-2-py3-none-any.whl six"], None, tmp_path)
    assert [project.name for project in request.projects] == ["my-app", "some-thing", "other"]
    assert request.projects[0].path == tmp_path / "my"
    assert request.requirements == ("six",)
    assert request.names == ("six", "my-app", "some-thing", "other")


def test_a_path_may_stand_behind_a_name(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "setup.py").write_text("import names; names.setup(name=names.own)\n")
    [project] = read_request(["app @ ./src"], None, tmp_path).projects
    assert (project.name, project.path) == ("app", tmp_path / "src")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("requirements.txt", "@requirements.txt"),
        ("dev.in", "@dev.in"),
        ("./requirements.txt", "@./requirements.txt"),
        ("pyproject.toml", "by its folder: ./."),
        ("app/pyproject.toml", "by its folder: ./app"),
        ("pylock.toml", "lock=pylock.toml"),
        ("pylock.dev.toml", "lock=pylock.dev.toml"),
        ("uv.lock", "is a file"),
        ("notes", "is a file"),
        ("app/readme.md", "is a file"),
        ("foo-1.0-py3-none-any.whl", "no such file"),
        ("foo-1.0.tar.gz", "no such file"),
        ("foo.whl", "not the name of a wheel"),
        ("./absent", "no such file"),
        ("./empty", "neither a pyproject.toml nor a setup.py"),
    ],
)
def test_a_file_is_never_asked_of_the_index(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "empty").mkdir()
    for name in ("requirements.txt", "notes", "app/pyproject.toml", "app/readme.md", "foo.whl"):
        (tmp_path / name).touch()
    with pytest.raises(ConfigurationError) as caught:
        read(text, start=tmp_path)
    assert says in str(caught.value)
    assert len(caught.value.evidence) == 1


@pytest.mark.parametrize("name", ["discord.py", "ruamel.yaml", "zope.interface", "requirements-txt"])
def test_a_packages_name_may_look_like_a_files(name: str) -> None:
    assert read(name) == (name,)


def test_a_folder_of_a_packages_name_is_remarked(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "setup.py").touch()
    request = read_request(["app"], None, tmp_path)
    assert request.requirements == ("app",)
    assert request.remarks == ("app is taken from the index; for the folder here write ./app",)
