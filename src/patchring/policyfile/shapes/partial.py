"""The shape of a layer: that of a whole policy, where everything but the names of rows may be left out."""

from functools import cache
from typing import Annotated, Any, get_args, get_origin

from pydantic import Field, create_model

from patchring.policyfile.shapes.whole import PolicyShape
from patchring.policyfile.shapes.words import Shape

_ALWAYS = frozenset({"name", "patchring"})


@cache
def layer_shape() -> type[Shape]:
    """What a document of a stream may say."""
    return _partial(PolicyShape)


@cache
def _partial(shape: type[Shape]) -> type[Shape]:
    fields: dict[str, Any] = {}
    for name, info in shape.model_fields.items():
        kind: Any = _loosened(info.annotation)
        if info.metadata:
            kind = Annotated[(kind, *info.metadata)]
        said: dict[str, Any] = {"alias": info.alias, "description": info.description}
        needed = name in _ALWAYS or (shape is PolicyShape and name == "layer")
        fields[name] = (kind, Field(**said) if needed else Field(default=None, **said))
    made = create_model(f"{shape.__name__.removesuffix('Shape')}Layer", __base__=Shape, **fields)
    made.__doc__ = shape.__doc__
    return made


def _loosened(kind: Any) -> Any:
    """The same kind with partial shapes in it."""
    if isinstance(kind, type) and not get_args(kind):
        return _partial(kind) if issubclass(kind, Shape) else kind
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (list, dict):
        return origin[tuple(_loosened(each) for each in inner)]
    if type(None) in inner:
        kinds = [_loosened(each) for each in inner if each is not type(None)]
        return kinds[0] | None if len(kinds) == 1 else kind
    return kind
