"""An image as a node: the bundle with the wheels of the same run installed in it, as one file for the board.

Modules that only images need are imported in the action, so that a build of the bundle does not load them.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crosspython.builders.action import fact, make_action
from crosspython.builders.arguments import read_bundle, read_nodes, read_text
from crosspython.builders.build import Build
from crosspython.builders.build_python import build_python_of, sources_for, start_bringing
from crosspython.builders.guest import declare
from crosspython.builders.paths import folder_node
from crosspython.builders.products import delivery_lines
from crosspython.builders.settings import find_variable, read_size
from crosspython.errors import ConfigurationError
from crosspython.store.disk import write_whole

if TYPE_CHECKING:
    from crosspython.image.make import ImageReport

NAME = "python-image"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_-]+")  # Debian wants two characters (deb-control(5))
_VERSION = re.compile(r"[0-9][A-Za-z0-9.+~]*")  # deb-version(7), without a revision


def AddImage(env: Any) -> None:
    env.AddMethod(Image)


def Image(
    env: Any,
    bundle: Any,
    wheels: Sequence[Any] = (),
    form: str | None = None,
    max_size: str | None = None,
    name: str = NAME,
    version: str | None = None,
) -> Any:
    """One file for the board: the bundle with wheels installed in it. build/<target>/<name>-<version>-<target>.<form>

    bundle, wheels: the return values of Bundle() and Wheels()
    form:           "tar.gz", "squashfs", "deb", "ipk", "rpm"; None: the value of `image=`
    max_size:       the largest size on the board, "40M"; None: the value of `max_size=`
    name, version:  for the file's name, and for dpkg, opkg and rpm; None: CPython's version
    """
    build: Build = env["CROSSPYTHON"]
    settings = build.settings
    form = find_variable("image").read({"image": settings.image if form is None else form})
    limit = settings.max_size if max_size is None else read_size("max_size", read_text("Image", "max_size", max_size))
    bundles, given = read_bundle("Image", bundle), read_nodes("Image", "wheels", wheels)
    house = _house(env, build, given)
    version = settings.release.version if version is None else version
    _require(_NAME, "name", name, "letters, digits and . + _ -")
    _require(_VERSION, "version", version, "a digit, then letters, digits and . + ~")
    product = settings.folder / f"{name}-{version}-{settings.target.name}.{form}"
    summary = product.with_name(f"{product.name}.txt")
    kept = settings.folder / "stages" / "image" / settings.release.series
    choices = f"form={form} slim={settings.slim} pip={settings.pip} limit={limit} prefix={settings.target.prefix}"

    def image(target: list[Any], source: list[Any], env: Any) -> None:
        from crosspython.builders.code import hash_modules
        from crosspython.image.make import ImageOrder, make_image
        from crosspython.wheels.house.report import wheels_in_house

        if house and (wait := start_bringing(build)):
            wait()  # holds no job token: it may be built only now
        order = ImageOrder(
            bundle=Path(source[0].abspath),
            wheels=wheels_in_house(house) if house else (),
            build_python=build_python_of(build) if house else None,
            name=name,
            version=version,
            python=settings.release.version,
            series=settings.release.series,
            prefix=settings.target.prefix,
            slim=settings.slim,
            has_pip=settings.pip,
            form=form,
            kept=kept,
            code=hash_modules(frozenset({"crosspython.image.make"})),
            limit=limit,
            product=product,
        )
        with build.run.workshop.jobserver.token(), build.run.workshop.journal.making(product.name, product=product):
            report = make_image(order, build.run.workshop)
        write_whole(summary, "".join(f"{line}\n" for line in describe_parts(report)))
        build.run.workshop.console.closing(describe_image(product, form, report, settings.target.prefix))

    sources = [*bundles, *given, fact(env, "choices of the image", choices), *(sources_for(env) if house else ())]
    action = make_action("image", image, f"making {product.name}")
    node, _ = declare(env, [product, summary], sources, action)
    env.Clean(node, folder_node(env, kept))
    return node


def describe_image(product: Path, form: str, report: ImageReport, prefix: str) -> list[str]:
    """The build's last lines: what was made, the size of each part, and how it gets to the board."""
    place, parent, sent = map(shlex.quote, (prefix, prefix.rpartition("/")[0] or "/", f"/tmp/{product.name}"))
    commands = {
        "tar.gz": f"mkdir -p {parent} && tar -C {parent} -xzf {sent}",
        "squashfs": f"mkdir -p {place} && mount -t squashfs -o loop,ro {sent} {place}",
        "deb": f"dpkg -i {sent}",
        "ipk": f"opkg install {sent}",
        "rpm": f"rpm -i {sent}",
    }
    return delivery_lines(product, describe_parts(report), commands[form])


def describe_parts(report: ImageReport) -> list[str]:
    """The lines with the size of the image, and of each package, largest first."""
    from crosspython.image.make import show_size

    width = max(len(title) for title, _ in report.parts)
    return [
        f"size:  {show_size(report.file)} the file, {show_size(report.unpacked)} unpacked, of which",
        *(f"  {title:<{width}}  {show_size(size):>9}" for title, size in report.parts),
    ]


def _house(env: Any, build: Build, wheels: Sequence[Any]) -> Path | None:
    """The report of the wheelhouse that these wheels belong to. Raises ConfigurationError: it is another build's."""
    if not wheels:
        return None
    from crosspython.wheels.house.report import report_file

    settings = build.settings
    own, found = report_file(settings.wheelhouse, settings.release.series), Path(env.File(wheels[0]).abspath)
    if found != own:
        raise ConfigurationError(
            "env.Image(): these wheels are not for this Python on this board",
            expected=f"the wheels of env.Wheels() of the same environment: {own} and its wheels",
            found=str(found),
        )
    return own


def _require(pattern: re.Pattern[str], name: str, value: Any, expected: str) -> None:
    """Check an argument against a pattern. Raises ConfigurationError."""
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ConfigurationError(f"env.Image({name}={value!r}): not a {name} for an image", expected=expected)
