"""One root for every error that speaks to people: a caller can tell that its text may be shown."""

import importlib
import inspect
import pkgutil

import pytest

import encoder
import explore
import ingest
from ingest import IngestError, LabError

SILENT = {
    "explore.errors.Stopped": "work given up on request; whoever asked for it knows",
    "encoder.training.halves.Reached": "ends a forward pass half way; caught where that is begun",
    "encoder.hub.failure.Unreachable": "tried again, or put in words by a DownloadFailed",
}


def exceptions() -> dict[str, type[BaseException]]:
    """Every exception class that the engines define, by its dotted name."""
    classes = {}
    for package in (ingest, encoder, explore):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for name, member in vars(importlib.import_module(module.name)).items():
                if (
                    inspect.isclass(member)
                    and issubclass(member, BaseException)
                    and member.__module__ == module.name
                ):
                    classes[f"{module.name}.{name}"] = member
    return classes


def test_every_error_of_the_engines_speaks_to_people_or_has_a_reason_not_to() -> None:
    silent = {name for name, each in exceptions().items() if not issubclass(each, LabError)}
    assert silent == set(SILENT)


def test_the_search_for_exceptions_sees_them_all() -> None:
    assert {"ingest.errors.IngestError", "encoder.errors.UnknownName"} <= set(exceptions())
    assert "explore.store.interface.NotStored" in exceptions()


@pytest.mark.parametrize("package", [ingest, encoder, explore])
def test_every_engine_hands_out_the_root(package: object) -> None:
    assert package.LabError is LabError
    assert "LabError" in package.__all__


def test_an_error_names_all_its_problems_one_a_line() -> None:
    error = IngestError("No column 'a'.", "No column 'b'.")
    assert error.problems == ("No column 'a'.", "No column 'b'.")
    assert str(error) == "No column 'a'.\nNo column 'b'."
