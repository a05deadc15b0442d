"""The JSON Schema of scenario files, where the docstring below an attribute describes its key in an editor.

pydantic could collect these docstrings itself, but it does so for every run: it reads the source of each model when
the model is made, and that took longer than all else that happens before a scenario runs. Here it is done for who asks.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Mapping
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import ModelSchema, PlainValidatorFunctionSchema

from mailsim.scenario.late import Late
from mailsim.scenario.roles import Settings
from mailsim.scenario.schema import Scenario


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a scenario file, for editors."""
    schema = Scenario.model_json_schema(schema_generator=_Described)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


class _Described(GenerateJsonSchema):
    def function_plain_schema(self, schema: PlainValidatorFunctionSchema) -> JsonSchemaValue:
        late = getattr(schema["function"]["function"], "__self__", None)
        if not isinstance(late, Late):
            return super().function_plain_schema(schema)
        late.model.model_rebuild()
        return self.generate_inner(late.model.__pydantic_core_schema__)

    def model_schema(self, schema: ModelSchema) -> JsonSchemaValue:
        described = super().model_schema(schema)
        model, properties = schema["cls"], described.get("properties", {})
        texts = _texts(model)
        for name, field in model.model_fields.items():
            if name in texts:
                properties[field.alias or name].setdefault("description", texts[name])
        return described


def _texts(model: type) -> dict[str, str]:
    """Key -> what its attribute's docstring says, of the model and of all that it is made from."""
    texts: dict[str, str] = {}
    for base in reversed(model.__mro__):
        texts |= _policy_texts(base) if "policy_keys" in vars(base) else _written_below(base)
    return texts


def _policy_texts(settings: type[Settings]) -> dict[str, str]:
    """The first paragraph is for the file's author; the rest may be about the engine."""
    written = _written_below(settings.policy_class)
    return {
        key: written[name].split("\n\n", maxsplit=1)[0].replace("\n", " ")
        for key, name in settings.policy_keys.items()
        if name in written
    }


def _written_below(cls: type) -> Mapping[str, str]:
    if not cls.__module__.startswith("mailsim."):
        return {}
    body = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
    assert isinstance(body, ast.ClassDef)
    texts: dict[str, str] = {}
    for statement, below in zip(body.body, body.body[1:], strict=False):
        match statement, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str() as text)):
                texts[name] = inspect.cleandoc(text)
    return texts
