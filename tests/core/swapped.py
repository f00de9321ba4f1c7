"""Puts a planted bug into the functions of a loaded module, for as long as a `with` lasts.

Functions keep their identity (only their code is another), so whoever imported them runs the bug, and classes stay the
same classes. A slip in a constant cannot be planted so; planted.py can.
"""

import importlib
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from types import CodeType, FunctionType, ModuleType
from typing import Any

from tests.core.planted import Bug


@contextmanager
def planted(bug: Bug) -> Iterator[None]:
    module = importlib.import_module(bug.module)
    source = inspect.getsource(module)
    assert source.count(bug.old) == 1, f"{bug.name}: the line is there {source.count(bug.old)} times in {bug.module}"
    codes = dict(_codes(compile(source.replace(bug.old, bug.new), str(module.__file__), "exec")))
    sound = {function: function.__code__ for function in _functions(module)}
    assert sound, f"{bug.module} has no functions"
    try:
        for function in sound:
            function.__code__ = codes[function.__qualname__]
        yield
    finally:
        for function, code in sound.items():
            function.__code__ = code


def _codes(code: CodeType) -> Iterator[tuple[str, CodeType]]:
    """Every function's code by its qualified name."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant.co_qualname, constant
            yield from _codes(constant)


def _functions(module: ModuleType) -> Iterator[FunctionType]:
    """The functions, methods and properties that are written in a module."""
    written = [each for each in vars(module).values() if getattr(each, "__module__", "") == module.__name__]
    for each in written:
        members = list(vars(each).values()) if inspect.isclass(each) else [each]
        for member in members:
            function = member.fget if isinstance(member, property) else member
            # What dataclasses write themselves has no place in the source.
            if isinstance(function, FunctionType) and function.__code__.co_filename == module.__file__:
                yield function


def cases(module: ModuleType) -> list[Callable[[], None]]:
    """Every test of a module with every set of its parameters; those that take chances last, because they take long."""
    tests = [each for name, each in vars(module).items() if name.startswith("test_")]
    tests.sort(key=lambda test: hasattr(test, "hypothesis"))
    return [_case(test, given) for test in tests for given in _parameters(test)]


def _case(test: Callable[..., None], given: dict[str, Any]) -> Callable[[], None]:
    return lambda: test(**given)


def _parameters(test: Callable[..., None]) -> list[dict[str, Any]]:
    marks = [mark for mark in getattr(test, "pytestmark", []) if mark.name == "parametrize"]
    return [
        {name: value for part in combined for name, value in part.items()}
        for combined in product(*([_named(mark.args[0], values) for values in mark.args[1]] for mark in marks))
    ]


def _named(names: str | tuple[str, ...], values: Any) -> dict[str, Any]:
    if isinstance(names, str):
        return {names: values}
    return dict(zip(names, values, strict=True))
