"""Rasa without TensorFlow."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bot.dialogue import tensorflow_free


def test_a_placeholder_is_enough_to_define_a_class_with() -> None:
    finder = tensorflow_free.TensorFlowPlaceholders(frozenset({"absent_flow"}))
    sys.meta_path.append(finder)
    try:
        import absent_flow
        from absent_flow.keras.layers import Layer

        class Mine(Layer, absent_flow.keras.Model):  # type: ignore[misc]
            pass

        assert Mine(units=3)
        assert absent_flow.Tensor[int]
        with pytest.raises(AttributeError):
            absent_flow.__version__  # noqa: B018
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if name.startswith("absent_flow")]:
            del sys.modules[name]


def test_what_is_installed_is_left_alone() -> None:
    assert "numpy" not in tensorflow_free.install()
    assert tensorflow_free.install() == tensorflow_free.install()


def test_rasa_imports_where_tensorflow_is_absent() -> None:
    program = (
        "from bot.dialogue import tensorflow_free as t; t.install(); import rasa.core.agent; print('ok')"
    )
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip().endswith("ok")
