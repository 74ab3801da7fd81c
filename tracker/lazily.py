"""Names of a package that are fetched from its modules when somebody first asks for them."""

import sys
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Any


class _Lazy(ModuleType):
    """A package that knows in which module each of its names is."""

    homes: Mapping[str, str]

    def __getattr__(self, name: str) -> Any:
        home = self.homes.get(name)
        if home is None:
            raise AttributeError(f"module '{self.__name__}' has no attribute '{name}'")
        found = getattr(import_module(home), name)
        super().__setattr__(name, found)
        return found

    def __setattr__(self, name: str, value: Any) -> None:
        # a verb may be called like the module it is in, which Python would set here once it is imported
        if not (isinstance(value, ModuleType) and name in self.homes):
            super().__setattr__(name, value)


def fetch_lazily(package: str, modules: Mapping[str, str]) -> None:
    """Let a package find names in modules: the modules with the names in each, apart by spaces."""
    here = sys.modules[package]
    here.homes = {name: module for module, names in modules.items() for name in names.split()}  # type: ignore[attr-defined]
    here.__class__ = _Lazy
