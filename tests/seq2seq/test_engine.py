"""Serving loads the engine and not what trains networks."""

import subprocess
import sys

import pytest


def run(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()


def test_the_engine_comes_without_torch() -> None:
    program = """
import sys
from app.seq2seq.engine import load_engine
engine = load_engine()
print(engine.Translator.__name__, [m for m in sys.modules if m.partition(".")[0] in ("torch", "transformers")])
"""
    assert run(program) == "Translator []"


def test_torch_can_be_loaded_afterwards() -> None:
    pytest.importorskip("torch")
    program = "from app.seq2seq.engine import load_engine; load_engine(); import torch; print(torch.ones(2).sum())"
    assert run(program) == "tensor(2.)"


def test_a_converter_has_what_it_needs_afterwards() -> None:
    pytest.importorskip("torch")
    program = """
from app.seq2seq.engine import load_engine
load_engine()
from ctranslate2.converters import transformers as converters
print(converters.transformers.__name__, converters.torch.__name__)
"""
    assert run(program) == "transformers torch"


def test_a_network_of_torch_can_be_converted_afterwards() -> None:
    pytest.importorskip("torch")
    program = """
from app.seq2seq.engine import load_engine
load_engine()
import torch
from ctranslate2.converters.transformers import BartLoader
from ctranslate2.specs import common_spec, model_spec
spec = common_spec.LinearSpec()
spec.weight, spec.bias = torch.ones(2, 2), torch.ones(2)
spec.validate()
spec.optimize(quantization="int8")
print(model_spec.torch_is_available, BartLoader.__name__)
"""
    assert run(program) == "True BartLoader"
