"""Benchmarks, strategies, engines and filters by their names: built in, of an installed package, or ``module:Class``.

A built-in class is found by the files of its folder, so that adding one means adding a file. Another package names its
classes in its ``pyproject.toml``, in a group of entry points for each kind:

    [project.entry-points."s1m.strategies"]
    patient = "my_package.patient:Patient"

Entry points are read only where a name is not built in, or to list names: that reads the metadata of every installed
package. What the rest of the code has to know of a class is an attribute of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

from s1m.errors import S1mError, UsageError, did_you_mean

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

MOST_NAME = 200
"""Characters of a name that an error message repeats."""


@dataclass(frozen=True, kw_only=True)
class Extensions:
    """One kind of thing that a name on the command line stands for, and where its classes are found."""

    noun: str
    """What one of them is called in messages, such as "strategy"."""
    folder: str
    """Package whose files hold the built-in classes."""
    group: str
    """Group of entry points by which other packages add theirs."""
    needs: tuple[str, ...]
    """Attributes that a class must have to be one, beside ``name``."""

    def find(self, name: str) -> Any:
        """The class called ``name``.

        Raises ``UsageError`` when there is none, when it cannot be imported, or when it lacks an attribute.
        """
        built_in = _in_file(self.folder, name) or self.built_in().get(name)
        if built_in is not None:
            return built_in
        if ":" in name:
            module, _, attribute = name.partition(":")
            return self._checked(self._imported(name, module, attribute), name)
        point = self.installed().get(name)
        if point is not None:
            return self._checked(self._loaded(point), name)
        raise UsageError(
            f"there is no {self.noun} {name[:MOST_NAME]!r}{did_you_mean(name[:MOST_NAME], self.names())}; it is one of "
            f"{', '.join(self.names())}, or a class written module:Class"
        )

    def built_in(self) -> dict[str, Any]:
        """The classes of s1m's own folder by their names, sorted. Imports every file of the folder."""
        return _in_folder(self.folder)

    def installed(self) -> dict[str, EntryPoint]:
        """The entry points of other packages by their names, sorted. A built-in name stays the built-in class."""
        from importlib.metadata import entry_points

        points = {point.name: point for point in entry_points(group=self.group)}
        return {name: points[name] for name in sorted(points) if name not in self.built_in()}

    def names(self) -> list[str]:
        """Every name that ``find`` knows without a module: built in first, then of installed packages."""
        return [*self.built_in(), *self.installed()]

    def help(self) -> str:
        """What can be named, in a sentence for the help of a flag. Reads no entry points: that would be slow."""
        named = [
            f"{name} ({value.summary})" if hasattr(value, "summary") else name
            for name, value in self.built_in().items()
        ]
        article = "an" if self.noun[0] in "aeiou" else "a"
        return f"One of {', '.join(named)}, {article} {self.noun} of an installed package, or module:Class."

    def _loaded(self, point: EntryPoint) -> Any:
        try:
            return point.load()
        except Exception as error:  # the module is another's: whatever it raises, the package has to be mended
            raise UsageError(self._broken(point.name, error)) from error

    def _imported(self, name: str, module: str, attribute: str) -> Any:
        try:
            value: Any = import_module(module)
            for part in attribute.split("."):
                value = getattr(value, part)
            return value
        except S1mError:
            raise
        except Exception as error:  # as for an entry point
            raise UsageError(self._broken(name, error)) from error

    def _broken(self, name: str, error: Exception) -> str:
        why = str(error).partition("\n")[0] or type(error).__name__
        return (
            f"{self.noun} {name[:MOST_NAME]} cannot be imported: {why[:MOST_NAME]}; install its package, or put its "
            "folder on PYTHONPATH"
        )

    def _checked(self, value: Any, name: str) -> Any:
        if not isinstance(value, type):
            raise UsageError(f"{self.noun} {name} is not a class but {type(value).__name__}; name the class")
        lacking = [attribute for attribute in ("name", *self.needs) if not hasattr(value, attribute)]
        if lacking:
            raise UsageError(f"{self.noun} {name} lacks {', '.join(lacking)}; see docs/extending.md")
        return value


def _in_file(folder: str, name: str) -> Any:
    """The class called ``name`` in the file of that name, where there is one: nothing else need be imported."""
    module = name.replace("-", "_")
    if not module.isidentifier() or module not in _files(folder):
        return None
    return _named_classes(f"{folder}.{module}").get(name)


@cache
def _files(folder: str) -> tuple[str, ...]:
    return tuple(sorted(info.name for info in iter_modules(import_module(folder).__path__) if not info.ispkg))


@cache
def _in_folder(folder: str) -> dict[str, Any]:
    classes: dict[str, Any] = {}
    for file in _files(folder):
        classes |= _named_classes(f"{folder}.{file}")
    return dict(sorted(classes.items()))


def _named_classes(module: str) -> dict[str, Any]:
    """The classes that a module defines itself and that have a name of their own, by that name."""
    own = [
        value
        for value in vars(import_module(module)).values()
        if isinstance(value, type) and value.__module__ == module and isinstance(vars(value).get("name"), str)
    ]
    return {vars(value)["name"]: value for value in own}
