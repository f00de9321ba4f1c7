"""Every small slip that could be made in a module: one changed expression or statement each.

Comparisons, `and`/`or`, a condition that is left out or always true, constants, arithmetic, what is returned. Not what
tests cannot see: annotations, docstrings, messages of assertions; nor sentences in the tables of a module.
"""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

_OTHER: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}


@dataclass(frozen=True)
class Mutant:
    """`name` stays the same while the line and what is before it in the file do: `decide.rank: < becomes <=`."""

    module: str
    line: int
    name: str
    source: str


def mutants(module: str, source: str) -> list[Mutant]:
    """In the order of the text. Two slips that come out alike are one."""
    found: dict[str, Mutant] = {}
    original = ast.parse(source)
    sites = [(path, node, scope) for path, node, scope in _sites(original)]
    counts: dict[str, int] = {}
    for path, node, scope in sites:
        if not scope and _sentence(node):
            continue
        for what, changed in _changes(node):
            tree = copy.deepcopy(original)
            _put(tree, path, changed)
            text = ast.unparse(ast.fix_missing_locations(tree))
            name = f"{module}.{scope}: {what}" if scope else f"{module}: {what}"
            counts[name] = counts.get(name, 0) + 1
            name = name if counts[name] == 1 else f"{name} ({counts[name]})"
            found.setdefault(text, Mutant(module, getattr(node, "lineno", 0), name, text))
    found.pop(ast.unparse(original), None)
    return list(found.values())


Path = tuple[tuple[str, int | None], ...]


def _sites(node: ast.AST, path: Path = (), scope: str = "") -> Iterator[tuple[Path, ast.AST, str]]:
    """Every node that may be changed, with the way to it and the function that it stands in."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        scope = f"{scope}.{node.name}" if scope else node.name
    for field, value in ast.iter_fields(node):
        if _invisible(node, field):
            continue
        for number, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(child, ast.AST) and not _docstring(node, field, number, child):
                place = (*path, (field, number))
                yield place, child, scope
                yield from _sites(child, place, scope)


def _invisible(node: ast.AST, field: str) -> bool:
    return field in ("annotation", "returns", "decorator_list", "bases", "type_params") or (
        isinstance(node, ast.Assert) and field == "msg"
    )


def _sentence(node: ast.AST) -> bool:
    """Words that people read. In a table of a module they decide nothing; inside a function they may."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value


def _docstring(parent: ast.AST, field: str, number: int | None, child: ast.AST) -> bool:
    """Text that stands alone; a Protocol's `...` too."""
    return isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)


def _changes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    match node:
        case ast.Compare(ops=[op]) if type(op) in _OTHER:
            other = copy.deepcopy(node)
            other.ops = [_OTHER[type(op)]()]
            yield f"`{ast.unparse(node)}` becomes `{ast.unparse(other)}`", other
        case ast.BoolOp():
            yield from _bool_changes(node)
        case ast.UnaryOp(op=ast.Not()):
            yield f"`{ast.unparse(node)}` loses its not", node.operand
        case ast.BinOp(op=op) if type(op) in _ARITHMETIC and not _of_text(node):
            other = copy.deepcopy(node)
            other.op = _ARITHMETIC[type(op)]()
            yield f"`{ast.unparse(node)}` becomes `{ast.unparse(other)}`", other
        case ast.Constant():
            yield from _constant_changes(node)
        case ast.If() | ast.IfExp():
            for truth in (True, False):
                changed = copy.copy(node)
                changed.test = ast.Constant(truth)
                yield f"`if {ast.unparse(node.test)}` is always {truth}", changed
        case ast.comprehension(ifs=[_, *_]):
            for number in range(len(node.ifs)):
                changed_ifs = copy.copy(node)
                changed_ifs.ifs = [each for place, each in enumerate(node.ifs) if place != number]
                yield f"the filter `{ast.unparse(node.ifs[number])}` is left out", changed_ifs
        case ast.Return(value=ast.expr() as value) if not (isinstance(value, ast.Constant) and value.value is None):
            yield f"`{ast.unparse(node)}` returns nothing", ast.Return(ast.Constant(None))


def _bool_changes(node: ast.BoolOp) -> Iterator[tuple[str, ast.AST]]:
    other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    turned = ast.BoolOp(other, node.values)
    yield f"`{ast.unparse(node)}` becomes `{ast.unparse(turned)}`", turned
    for number, left_out in enumerate(node.values):
        rest = [each for place, each in enumerate(node.values) if place != number]
        fewer = rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
        yield f"`{ast.unparse(left_out)}` is left out of `{ast.unparse(node)}`", fewer


def _constant_changes(node: ast.Constant) -> Iterator[tuple[str, ast.AST]]:
    match node.value:
        case bool(value):
            yield f"{value} becomes {not value}", ast.Constant(not value)
        case int(value):
            yield f"{value} becomes {value + 1}", ast.Constant(value + 1)
        case str(value):
            yield f"{value!r} becomes another text", ast.Constant(f"{value}~")


def _of_text(node: ast.BinOp) -> bool:
    """Concatenated text has no minus."""
    return any(isinstance(side, ast.Constant | ast.JoinedStr) and not _number(side) for side in (node.left, node.right))


def _number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int)


def _put(tree: ast.AST, path: Path, changed: ast.AST) -> None:
    parent: ast.AST = tree
    for field, number in path[:-1]:
        value = getattr(parent, field)
        parent = value if number is None else value[number]
    field, number = path[-1]
    if number is None:
        setattr(parent, field, changed)
    else:
        getattr(parent, field)[number] = changed
