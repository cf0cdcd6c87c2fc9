"""Parts of a forward pass: they are all of it, and their operations are those counted."""

import keras
import pytest
from keras import ops

from benchmarks import flops, jobs, parts
from benchmarks.case import Case
from tests.conftest import once

pytestmark = once

NUMPY = ops.convert_to_numpy
CASE = Case("decode", keras.config.backend(), model="tiny", frames=4, size=8)


def test_parts_of_the_decoder_are_all_its_operations(close):
    network = jobs.tokenizer(CASE)
    features = network.quantizer.lookup(ops.convert_to_tensor(jobs.ids(CASE)))
    found = list(parts.of_tokenizer(network.decoder.chain, features))
    assert sum(p.flops for p in found) == flops.total(flops.of(CASE))["conv"]
    kinds = {p.kind for p in found}
    assert {"convolution", "norm and swish", "residual sum"} <= kinds
    # The last part gives what the whole network gives.
    last = found[-1]
    close(last.function(*last.inputs), NUMPY(network.decoder(features)), 1e-5)


def test_parts_of_the_transformer_are_all_its_operations(close):
    case = CASE.replace(work="forward")
    network = jobs.model(case).transformer
    ids = ops.convert_to_tensor(jobs.sequence(case))
    found = list(parts.of_transformer(network, ids))
    assert sum(p.flops for p in found) == flops.total(flops.of(case))["matmul"]
    last = found[-1]
    close(last.function(*last.inputs), NUMPY(network(ids)), 1e-5)


def test_table_sorts_parts_by_their_time():
    rows = {
        "norm and swish": [1.0, 0, None],
        "convolution": [3.0, 6 * 10**9, "conv"],
    }
    text = parts.table(rows, 3.5, {"conv": {"gflops": 4.0}})
    assert text.splitlines()[2:] == [
        "| convolution | 3 | 75% | 2 | 50% |",
        "| norm and swish | 1 | 25% | - | - |",
        "| sum of the parts | 4 | 100% | | |",
        "| the whole, compiled as one | 3.5 | | | |",
    ]


@pytest.mark.parametrize(
    "words", [["--work", "generate"], ["--work", "decode", "--backend", "plain-jax"]]
)
def test_what_has_no_parts_is_refused(words, capsys):
    with pytest.raises(SystemExit):
        parts.main(words)
    assert "Parts are those of the package" in capsys.readouterr().err
