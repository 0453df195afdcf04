"""The forms of `pkgs=` and of requirements files that people write."""

from __future__ import annotations

from pathlib import Path

import pytest
from crosspython.errors import ConfigurationError
from crosspython.wheels.resolving.request import read_request
from packaging.requirements import Requirement


def read(*texts: str, start: Path = Path("/nonexistent")) -> tuple[str, ...]:
    return tuple(map(str, read_request(texts, None, start).requirements))


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
        ("a@https://example.invalid/x-1.tar.gz b", ("a@ https://example.invalid/x-1.tar.gz", "b")),
        ("x @ https://example.invalid/x-1.tar.gz, y", ("x@ https://example.invalid/x-1.tar.gz", "y")),
        ("https://example.invalid/x-1.tar.gz y", ("x@ https://example.invalid/x-1.tar.gz", "y")),
    ],
)
def test_a_list_is_split_where_its_writer_meant_it(text: str, requirements: tuple[str, ...]) -> None:
    assert tuple(word.replace(" @", "@") for word in read(text)) == requirements


def test_a_marker_ends_at_a_comma() -> None:
    found = read("""tomli; python_version < '3.11' and sys_platform in "linux,x", six""")
    assert found == ('tomli; python_version < "3.11" and sys_platform in "linux,x"', "six")


@pytest.mark.parametrize("text", ["numpy=2", "numpy==", "==2", "a b>=", "https://example.invalid/x"])
def test_what_is_no_requirement_is_told_as_it_was_typed(text: str) -> None:
    with pytest.raises(ConfigurationError, match="pkgs= has mistakes") as caught:
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


COMMIT = "0123456789" * 4


@pytest.mark.parametrize(
    "text",
    [
        f"x @ git+https://host.invalid/x.git@{COMMIT}",
        f"x @ git+https://host.invalid/x.git@{COMMIT.upper()}#egg=x",
        f"git+https://host.invalid/x.git@{COMMIT}#egg=x",
    ],
)
def test_a_commit_of_a_git_repository_is_taken(tmp_path: Path, text: str) -> None:
    (tmp_path / "req.txt").write_text(f"{text}\n")
    wanted = (f"x @ git+https://host.invalid/x.git@{COMMIT}",)
    assert read(text) == wanted
    assert read("@req.txt", start=tmp_path) == wanted


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (f"-e git+ssh://git@host.invalid/a/x@{COMMIT}#egg=x", f"x @ git+ssh://git@host.invalid/a/x@{COMMIT}"),
        (f"x[e] @ git+file:///srv/x@{COMMIT}#subdirectory=lib", f"x[e] @ git+file:///srv/x@{COMMIT}#subdirectory=lib"),
        (
            f"git+https://host.invalid/x@{COMMIT}#egg=x&subdirectory=a/b",
            f"x @ git+https://host.invalid/x@{COMMIT}#subdirectory=a/b",
        ),
        (
            f"x @ git+https://host.invalid/x@{COMMIT} ; python_version > '3'",
            f'x @ git+https://host.invalid/x@{COMMIT} ; python_version > "3"',
        ),
    ],
)
def test_commits_are_taken_as_pip_freeze_and_people_write_them(tmp_path: Path, line: str, wanted: str) -> None:
    (tmp_path / "req.txt").write_text(f"{line}\n")
    assert read("@req.txt", start=tmp_path) == (wanted,)


def test_a_requirements_file_is_read_as_pip_does(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "base.txt").write_text("six # why\n")
    (tmp_path / "req.txt").write_text(
        "# a comment\nnumpy>=1, \\\n   <2\n\n-r more/base.txt\nidna ; python_version >= '3.9'\n"
    )
    found = read("@req.txt attrs", start=tmp_path)
    assert found == ("numpy<2,>=1", "six", 'idna; python_version >= "3.9"', "attrs")


def test_variables_stand_anywhere_in_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip replaces them before it reads the line."""
    monkeypatch.setenv("PIN", "==1.2")
    monkeypatch.setenv("NAME", "six")
    (tmp_path / "req.txt").write_text("${NAME}${PIN} # ${NOT_SET_ANYWHERE}\nidna${PIN} ; python_version > '3'\n")
    assert read("@req.txt", start=tmp_path) == ("six==1.2", 'idna==1.2; python_version > "3"')


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("git+https://example.invalid/x@v1#egg=x", "`git ls-remote https://example.invalid/x v1` prints it"),
        ("x @ git+https://example.invalid/x@0123abc", "'0123abc' may be another commit tomorrow"),
        (f"git+https://example.invalid/x@{COMMIT}", "write it as NAME @ git+https://example.invalid/x@"),
        ("x @ git+https://user:pass@example.invalid/x", "a password belongs in ~/.netrc or git's configuration"),
        ("-e git+https://example.invalid/x#egg=x", "no commit is named"),
        ("x @ hg+https://example.invalid/x@1", "clone it, and name its folder"),
        ("x @ git+git@example.invalid:x", "only git+https://"),
        ("https://example.invalid/download?id=5", "NAME @ https://example.invalid/download?id=5"),
        ("x @ https://user:pass@example.invalid/x-1.tar.gz", "a password belongs in ~/.netrc"),
        ("x @ https://example.invalid/x-1.tar.gz#subdirectory=a", "name the folder in it"),
        ("x @ https://example.invalid/x-1.tar.gz#md5=00", "has no hash that can be verified"),
        ("six==1 --hash=sha512:00", "has no hash that can be verified"),
        ("./x-1.0.tar.gz --hash=sha256:" + "0" * 64, "its hash is not the one in the line: sha256:e3b0c44298fc"),
        ("six --config-settings a=b", "docs/overrides.md"),
        ("six --global-option=x", "docs/overrides.md"),
        ("--no-such-option", "no such option: --no-such-option"),
        ("-r", "requires 1 argument"),
        ("-r https://example.invalid/r.txt", "download that file"),
        (
            "--extra-index-url https://${NOT_SET_ANYWHERE}@example.invalid",
            "the environment has no variable NOT_SET_ANYWHERE",
        ),
        ("six==${NOT_SET_ANYWHERE}", "the environment has no variable NOT_SET_ANYWHERE"),
        ("numpy=2", "did you mean numpy==2?"),
        ("numpy=>2", "did you mean numpy>=2?"),
        ("numpy =< 2", "did you mean numpy <= 2?"),
        ('numpy = "*"', "did you mean numpy?"),
        ("base.txt", "-r base.txt"),
        ("-c ./limits/none.txt", "cannot be read"),
        ("-e ./absent", "no such file or folder"),
        ("my app", "my app: "),
    ],
)
def test_what_cannot_be_taken_is_told_with_its_line(tmp_path: Path, line: str, says: str) -> None:
    (tmp_path / "req.txt").write_text(f"six\n{line}\n")
    (tmp_path / "x-1.0.tar.gz").touch()
    with pytest.raises(ConfigurationError) as caught:
        read("@req.txt", start=tmp_path)
    assert says in str(caught.value)
    assert "req.txt, line 2" in str(caught.value)
    assert "pass@" not in str(caught.value)
    assert len(caught.value.evidence) == 1


def project(folder: Path, name: str = "my-app") -> Path:
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(f'[project]\nname = "{name}"\n')
    return folder


PIP_COMPILE = """\
#
# This file is autogenerated by pip-compile with Python 3.13
#
--index-url https://${TOKEN}@example.invalid/simple
--extra-index-url=https://two.example.invalid/simple
--trusted-host two.example.invalid

certifi==2026.1.1 \\
    --hash=sha256:AAAA \\
    --hash=sha256:BBBB
    # via requests
requests[socks]==2.34.0 ; python_version >= "3.9" and python_version < "4.0" \\
    --hash=sha256:CCCC  # via -r requirements.in

# The following packages are considered to be unsafe in a requirements file:
# setuptools
"""


def test_what_pip_compile_and_others_write_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "secret")
    a, b, c = "a" * 64, "b" * 64, "c" * 64
    text = PIP_COMPILE.replace("AAAA", a).replace("BBBB", b).replace("CCCC", c)
    (tmp_path / "req.txt").write_text(text)
    request = read_request(["@req.txt"], None, tmp_path)
    assert tuple(map(str, request.requirements)) == (
        "certifi==2026.1.1",
        'requests[socks]==2.34.0; python_version >= "3.9" and python_version < "4.0"',
    )
    assert request.hashes == {"certifi": (a, b), "requests": (c,)}
    assert request.options["index-url"] == ("https://secret@example.invalid/simple",)
    assert request.options["extra-index-url"] == ("https://two.example.invalid/simple",)
    assert "secret" not in str(request.details())


def test_what_uv_export_writes_is_read(tmp_path: Path) -> None:
    project(tmp_path / "app"), project(tmp_path / "app/packages/lib", "lib")
    (tmp_path / "app/req.txt").write_text(
        "# This file was autogenerated by uv via the following command:\n-e .\n./packages/lib\n"
        f"six==1.17.0 \\\n    --hash=sha256:{'a' * 64}\n    # via my-app\n"
    )
    request = read_request(["@app/req.txt"], None, tmp_path)
    assert [(each.name, each.path) for each in request.projects] == [
        ("my-app", tmp_path / "app"),
        ("lib", tmp_path / "app/packages/lib"),
    ]
    assert request.hashes == {"six": ("a" * 64,)}


def test_options_about_indexes_are_taken_as_pips(tmp_path: Path) -> None:
    (tmp_path / "deep/links with blanks").mkdir(parents=True)
    (tmp_path / "deep/req.txt").write_text(
        'six\n--pre\n--no-index\n-f "./links with blanks"\n--find-links https://a.invalid/l\n'
    )
    options = read_request(["@deep/req.txt"], None, tmp_path).options
    assert options == {
        "pre": ("1",),
        "no-index": ("1",),
        "find-links": (str(tmp_path / "deep/links with blanks"), "https://a.invalid/l"),
    }


def test_ready_or_built_may_be_said_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "req.txt").write_text("--no-binary numpy,Pandas\n--only-binary=:all:\nsix\n")
    binary = read_request(["@req.txt"], None, tmp_path).binary
    assert (binary.of("numpy"), binary.of("pandas"), binary.of("six")) == ("never", "never", "only")


def test_constraints_may_be_named_in_a_file_and_name_further_ones(tmp_path: Path) -> None:
    (tmp_path / "limits").mkdir()
    (tmp_path / "req.txt").write_text("-c limits/a.txt\nsix\n")
    (tmp_path / "limits/a.txt").write_text("six<2\n-r b.txt\n")
    (tmp_path / "limits/b.txt").write_text("idna<4\n")
    request = read_request(["@req.txt"], None, tmp_path)
    assert request.requirements == (Requirement("six"),)
    assert request.constraints == (Requirement("six<2"), Requirement("idna<4"))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_read_over(tmp_path: Path, encoding: str) -> None:
    """PowerShell's `pip freeze > requirements.txt` writes one."""
    (tmp_path / "req.txt").write_bytes("six==1.17.0 # ü\r\n".encode(encoding))
    assert read("@req.txt", start=tmp_path) == ("six==1.17.0",)


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "req.txt").write_bytes(b"# -*- coding: no-such -*-\nsix\n")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read("@req.txt", start=tmp_path)


@pytest.mark.parametrize("name", ["pylock.toml", "pyproject.toml", "uv.lock", "x-1.0.tar.gz"])
def test_a_file_that_is_no_requirements_file_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(f"@{name}", start=tmp_path)
    assert "is not a requirements file" in str(caught.value)


@pytest.mark.parametrize(
    "line", ['"./my app"', "./my app", "-e './my app'", "my-app @ file://{folder}/my%20app", "./my app/"]
)
def test_a_path_may_hold_blanks_and_stand_in_quotes(tmp_path: Path, line: str) -> None:
    project(tmp_path / "my app")
    (tmp_path / "req.txt").write_text(line.format(folder=tmp_path) + "\n")
    [found] = read_request(["@req.txt"], None, tmp_path).projects
    assert (found.name, found.path) == ("my-app", tmp_path / "my app")


@pytest.mark.parametrize("text", ["'./my app' six", '"./my app",six', "six @'my reqs.txt'"])
def test_quotes_hold_a_path_together_on_the_command_line(tmp_path: Path, text: str) -> None:
    project(tmp_path / "my app")
    (tmp_path / "my reqs.txt").write_text("./my app\n")
    request = read_request([text], None, tmp_path)
    assert (request.names, request.projects[0].path) == (("six", "my-app"), tmp_path / "my app")


def test_a_path_alone_may_hold_blanks(tmp_path: Path) -> None:
    project(tmp_path / "my app")
    assert read_request(["./my app"], None, tmp_path).names == ("my-app",)


@pytest.mark.parametrize("text", ["./app[web,cli] six", "my-app[web,cli] @ ./app six", "@req.txt six"])
def test_a_local_project_may_have_extras(tmp_path: Path, text: str) -> None:
    project(tmp_path / "app")
    (tmp_path / "req.txt").write_text("-e ./app[cli,web]\n")
    [found] = read_request([text], None, tmp_path).projects
    assert found.requirement == f"my-app[cli,web] @ {(tmp_path / 'app').as_uri()}"


def test_a_marker_of_a_local_project_counts(tmp_path: Path) -> None:
    project(tmp_path / "app")
    (tmp_path / "req.txt").write_text("./app ; python_version < '3'\n")
    [found] = read_request(["@req.txt"], None, tmp_path).projects
    assert found.requirement.endswith('/app ; python_version < "3"')


def test_an_address_is_called_as_its_file(tmp_path: Path) -> None:
    digest = "a" * 64
    (tmp_path / "req.txt").write_text(
        f"https://example.invalid/foo-1.0.tar.gz#sha256={digest}\n"
        f"https://example.invalid/Bar_x-1.0-py3-none-any.whl --hash=sha256:{digest}\n"
        "https://example.invalid/archive/v1.zip#egg=baz\n"
    )
    request = read_request(["@req.txt"], None, tmp_path)
    assert request.names == ("foo", "bar-x", "baz")
    assert request.hashes == {"foo": (digest,), "bar-x": (digest,)}


def test_a_missing_requirements_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read("@absent.txt", start=tmp_path)
    assert f"{tmp_path / 'absent.txt'}: cannot be read: No such file" in str(caught.value)


def test_a_requirements_file_that_names_itself_ends(tmp_path: Path) -> None:
    (tmp_path / "req.txt").write_text("-r req.txt\n")
    with pytest.raises(ConfigurationError, match="pkgs= has mistakes") as caught:
        read("@req.txt", start=tmp_path)
    assert "names itself" in str(caught.value)


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read("a=1 @absent.txt ./nowhere", start=tmp_path)
    assert len(caught.value.evidence) == 3


def test_constraints_ask_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "c.txt").write_text("six<2\n")
    request = read_request(["idna"], "c.txt", tmp_path)
    assert request.requirements == (Requirement("idna"),)
    assert request.constraints == (Requirement("six<2"),)


def test_a_folder_an_sdist_and_a_wheel_are_local_projects(tmp_path: Path) -> None:
    (tmp_path / "my folder").mkdir()
    (tmp_path / "my").mkdir()
    (tmp_path / "my" / "pyproject.toml").write_text('[project]\nname = "My_App"\n')
    (tmp_path / "some.thing-1.0.tar.gz").touch()
    (tmp_path / "other-2-py3-none-any.whl").touch()
    request = read_request(["./my some.thing-1.0.tar.gz,other-2-py3-none-any.whl six"], None, tmp_path)
    assert [project.name for project in request.projects] == ["my-app", "some-thing", "other"]
    assert request.projects[0].path == tmp_path / "my"
    assert request.requirements == (Requirement("six"),)
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
        ("pyproject.toml", "by its folder: ./"),
        ("app/pyproject.toml", "by its folder: ./app"),
        ("pylock.toml", "lock=pylock.toml"),
        ("pylock.dev.toml", "lock=pylock.dev.toml"),
        ("Pipfile.lock", "let its tool export"),
        ("uv.lock", "name a lock with lock=uv.lock"),
        ("Pipfile", "let its tool export"),
        ("setup.py", "by its folder: ./"),
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


@pytest.mark.parametrize("name", ["discord.py", "pipfile", "ruamel.yaml", "zope.interface", "requirements-txt"])
def test_a_packages_name_may_look_like_a_files(name: str) -> None:
    assert read(name) == (name,)


def test_a_folder_of_a_packages_name_is_remarked(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "setup.py").touch()
    request = read_request(["app"], None, tmp_path)
    assert request.requirements == (Requirement("app"),)
    assert request.remarks == ("app means the package of the index; for the folder here, write ./app",)


def test_two_checkouts_of_one_project_cannot_both_be_asked_for(tmp_path: Path) -> None:
    for folder in ("stable", "feature"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "pyproject.toml").write_text('[project]\nname = "app"\n')
    with pytest.raises(ConfigurationError) as caught:
        read_request(["./stable ./feature"], None, tmp_path)
    assert f"app: it is in two places, {tmp_path}/stable and {tmp_path}/feature" in caught.value.evidence


@pytest.mark.parametrize("text", ["-r requirements.txt", "-e ./app", "six --no-binary six"])
def test_an_option_of_pips_on_the_command_line_is_told_what_to_write(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(text)
    assert "for -r FILE write @FILE" in str(caught.value)


def test_a_long_list_with_a_path_in_it_is_a_list(tmp_path: Path) -> None:
    project(tmp_path / "app")
    names = [f"package-{number}" for number in range(60)]
    assert read_request([" ".join([*names, "./app"])], None, tmp_path).names == (*names, "my-app")


def test_a_home_that_nobody_has_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read("~nobody-of-this-name/app", start=tmp_path)
    assert "~nobody-of-this-name/app" in str(caught.value)


def test_an_empty_list_is_not_the_folder_here(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "app"\n')
    with pytest.raises(ConfigurationError, match="pkgs= names no package"):
        read_request([""], None, tmp_path)


def test_hashes_that_are_required_are_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_text("--require-hashes\nsix==1.17.0\n")
    with pytest.raises(ConfigurationError) as caught:
        read_request(["@r.txt"], None, tmp_path)
    assert caught.value.evidence == ("r.txt, line 1: --require-hashes: there is no hash for six",)


GROUPS = """\
[project]
name = "app"
version = "1"
[dependency-groups]
Dev_Tools = ["iniconfig>=2", {include-group = "more"}]
more = ["six; python_version < '4'"]
loop = [{include-group = "loop"}]
broken = ["=="]
"""


def test_a_group_of_a_project_is_asked_for_with_what_it_includes(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app/pyproject.toml").write_text(GROUPS)
    request = read_request(["./app"], None, tmp_path, ["dev-tools"])
    assert request.names == ("iniconfig", "six", "app")
    assert read_request([], None, tmp_path / "app", ["more"]).names == ("six",)  # as pip's --group


@pytest.mark.parametrize(
    ("group", "says"),
    [
        ("none", "no such group in"),
        ("none", "there are the groups broken, dev-tools, loop, more"),
        ("loop", "group loop: "),
        ("broken", "group broken: "),
    ],
)
def test_a_group_that_cannot_be_read_is_told(tmp_path: Path, group: str, says: str) -> None:
    (tmp_path / "pyproject.toml").write_text(GROUPS)
    with pytest.raises(ConfigurationError) as caught:
        read_request(["six"], None, tmp_path, [group])
    assert says in str(caught.value)
