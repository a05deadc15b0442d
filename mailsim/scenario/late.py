"""Models that few scenarios need, made when the first value of them is met: a model costs a few milliseconds."""

from __future__ import annotations

from functools import cached_property
from importlib import import_module
from typing import Any

from pydantic import BaseModel
from pydantic_core import CoreSchema, core_schema


class Late:
    """Stands in `Annotated[Any, Late(module, name)]` for the model of that name.

    Mistakes in it have their place as usual: pydantic puts the path of the field before those that the model reports.
    """

    def __init__(self, module: str, name: str) -> None:
        self._module, self._name = module, name

    @cached_property
    def model(self) -> type[BaseModel]:
        """The model itself."""
        model: type[BaseModel] = getattr(import_module(self._module), self._name)
        return model

    def read(self, value: Any) -> BaseModel:
        """A value as the model. Raises: ValidationError."""
        return self.model.model_validate(value)

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)
