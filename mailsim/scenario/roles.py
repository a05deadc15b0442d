"""What the programs of a host can be told: the policies of `mailsim.agents.policy`, field by field.

The models are made from the policies, so there is one place for a field, its default and its meaning. Only the
written form differs: `connect_us: int` is `connect: 30s` here, `size_limit: int` is `size_limit: 10MB`.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, ClassVar, TypeVar, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictStr, create_model, field_validator

from mailsim.agents import policy
from mailsim.agents.resolver import ResolverPolicy
from mailsim.scenario.fields import DomainName, Duration, IpNetwork, Size

P = TypeVar("P")


class Part(BaseModel):
    """Base of everything in a scenario file: unknown keys are mistakes, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True)


class Settings(Part):
    """Settings made from a policy.

    Attributes:
        policy_class: the policy. policy_keys: key in the file -> field of the policy.
    """

    policy_class: ClassVar[type]
    policy_keys: ClassVar[Mapping[str, str]]


_SPECIAL: Mapping[str, Any] = {
    "local_domains": tuple[DomainName, ...],
    "relay_domains": tuple[DomainName, ...],
    "relay_networks": tuple[IpNetwork, ...],
    "size_limit": Size,
    "tls_versions": Annotated[tuple[policy.TlsVersion, ...], Field(min_length=1)],
    "retry_backoff": Annotated[float, Field(ge=1, le=100)],
    "retry_jitter": Annotated[float, Field(ge=0, le=1)],
    "destination_concurrency": Annotated[int, Field(strict=True, ge=1)],
    "mails_per_connection": Annotated[int, Field(strict=True, ge=1)],
    "chunk_size": Size,
    "pop3_expire_days": Annotated[int, Field(strict=True, ge=-1, le=100_000)],
}


_hints: Callable[[type], Mapping[str, Any]] = cache(get_type_hints)
"""The types of the fields of a policy: looking them up was most of the time that building a world took."""


def settings(
    policy_class: type, name: str, rename: Mapping[str, str] | None = None, usual: object = None, **more: Any
) -> type[Settings]:
    """The settings of a policy; `rename` maps policy fields to keys and, given, leaves all other fields out.

    `usual` is a policy with other defaults than those of its class.
    """
    hints = _hints(policy_class)
    fields: dict[str, Any] = dict(more)
    keys: dict[str, str] = {}
    for field in dataclasses.fields(policy_class):
        if rename is not None and field.name not in rename:
            continue
        key = (rename[field.name] if rename else field.name).removesuffix("_us")
        keys[key] = field.name
        default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        default = default if usual is None else getattr(usual, field.name)
        kind = _kind(field.name, hints[field.name])
        if dataclasses.is_dataclass(default):
            nested = type(default)
            is_usual = default == nested()  # type: ignore[misc]
            kind = settings(nested, nested.__name__ if is_usual else name + nested.__name__, usual=default)
            default = kind()
        fields[key] = (kind, default)
    made: type[Settings] = create_model(name, __base__=Settings, __doc__=inspect.getdoc(policy_class), **fields)
    made.policy_class, made.policy_keys = policy_class, keys
    return made


def to_policy(part: Settings, policy_class: type[P], rename: Mapping[str, str] | None = None) -> P:
    """The policy that the settings describe; fields that the settings do not have keep their defaults."""
    values: dict[str, Any] = {}
    hints = _hints(policy_class)
    for field in dataclasses.fields(policy_class):  # type: ignore[arg-type]
        if rename is not None and field.name not in rename:
            continue
        value = getattr(part, (rename or {}).get(field.name, field.name).removesuffix("_us"))
        if isinstance(value, Settings):
            value = to_policy(value, hints[field.name])
        values[field.name] = value
    return policy_class(**values)


def _kind(name: str, hint: Any) -> Any:
    if name in _SPECIAL:
        return _SPECIAL[name]
    if name.endswith("_us"):
        return Duration
    if name.endswith("port"):
        return Annotated[int, Field(strict=True, ge=0, le=65535)]
    if hint is int:
        return Annotated[int, Field(strict=True, ge=0)]
    if get_origin(hint) is tuple:
        item = get_args(hint)[0]
        strict: Any = StrictStr if item is str else item
        return tuple[strict, ...]
    if name == "routes":
        return dict[DomainName, DomainName]
    return {bool: StrictBool, str: StrictStr}.get(hint, hint)


_ACCESS_FIELDS = {
    name: name
    for name in (
        *("tls", "tls_versions", "plaintext_login", "auth_mechanisms"),
        *("auth_failure_delay_us", "auth_failure_limit"),
    )
}
IMAP_FIELDS = {
    "imap_port": "port",
    "imaps_port": "implicit_port",
    "imap_timeout_us": "timeout_us",
    "imap_expunge_order": "expunge_order",
    "imap_max_errors": "max_errors",
    **_ACCESS_FIELDS,
}
POP3_FIELDS = {
    "pop3_port": "port",
    "pop3s_port": "implicit_port",
    "pop3_timeout_us": "timeout_us",
    "pop3_delete_on_retr": "delete_on_retr",
    "pop3_expire_days": "expire_days",
    "pop3_login_delay_us": "login_delay_us",
    "pop3_utf8": "utf8",
    "pop3_max_errors": "max_errors",
    "apop": "apop",
    **_ACCESS_FIELDS,
}

_Failover = dict[policy.Situation, policy.Action]
_MtaSettings = settings(policy.MtaPolicy, "MtaSettings")


class Mta(_MtaSettings):  # type: ignore[misc,valid-type]
    __doc__ = policy.MtaPolicy.__doc__

    @field_validator("failover")
    @classmethod
    def _complete(cls, table: _Failover) -> _Failover:
        """Rows that are not given are as usual."""
        return {**policy.FAILOVER, **table}


Msa = settings(policy.MsaPolicy, "Msa")
Mda = settings(policy.MdaPolicy, "Mda")
Imap = settings(policy.AccessPolicy, "Imap", IMAP_FIELDS)
Pop3 = settings(policy.AccessPolicy, "Pop3", POP3_FIELDS)
ResolverSettings = settings(ResolverPolicy, "ResolverSettings")
ClientSettings = settings(policy.MuaPolicy, "ClientSettings")
