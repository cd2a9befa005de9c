"""Options of several commands, taken by them as the settings that they make together."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any


def taking(**groups: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let a command take, in place of a parameter, the options of a function that makes its value.

    Args:
        groups: for each such parameter, by name, the function. Its parameters are keywords with defaults, and are
            called as no other of the command's.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        signatures = {name: inspect.signature(group).parameters for name, group in groups.items()}

        @wraps(command)
        def taken(**given: Any) -> Any:
            made = {
                name: groups[name](**{option: given.pop(option) for option in parameters})
                for name, parameters in signatures.items()
            }
            return command(**given, **made)

        own = inspect.signature(command)
        merged = [
            replaced.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            for name, parameter in own.parameters.items()
            for replaced in signatures.get(name, {name: parameter}).values()
        ]
        taken.__dict__["__signature__"] = own.replace(parameters=merged)
        return taken

    return decorate
