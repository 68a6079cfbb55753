"""The error tree: built-in parents, exit statuses, and messages with their way out."""

import pytest

from geoseg import errors

TREE = [
    (errors.InstructionError, ValueError, 2, "bad_request"),
    (errors.TilingError, ValueError, 2, "bad_request"),
    (errors.SceneError, OSError, 3, "image_unreadable"),
    (errors.CheckpointError, Exception, 4, "model_missing"),
    (errors.EngineError, RuntimeError, 5, "internal"),
    (errors.OutputError, OSError, 6, "permission"),
    (errors.Cancelled, Exception, 130, "cancelled"),
]


@pytest.mark.parametrize(("kind", "parent", "status", "code"), TREE)
def test_tree(kind, parent, status, code):
    error = kind("What is wrong.", hint="What to do.")
    assert isinstance(error, errors.GeosegError)
    assert isinstance(error, parent)
    assert (error.exit_status, error.code) == (status, code)
    assert str(error) == "What is wrong. What to do."


def test_a_code_given_counts_for_that_error_alone():
    assert errors.SceneError("No CRS.", code="no_crs").code == "no_crs"
    assert errors.SceneError("Unreadable.").code == "image_unreadable"
    assert str(errors.SceneError("Unreadable.")) == "Unreadable."
