"""Is the codebook alive? Share of codes in use, and perplexity."""

import keras
from keras import ops

from keras_magvit import backend


class CodebookUsage(keras.metrics.Metric):
    """Counts the ids of an epoch.

    Args:
        codebook_size: K.
        name: of the metric.

    Result:
        `{"codebook_usage": share of the codes that were used,
        "codebook_perplexity": exp of the entropy of the ids}`; a healthy codebook has a
        usage near 1 and a perplexity of some hundreds for K = 1024.
    """

    def __init__(self, codebook_size, name="codebook"):
        super().__init__(name=name)
        self.codebook_size = codebook_size
        # Not `add_variable`, which gives each replica of tf.distribute its own counts.
        self.counts = keras.Variable(
            "zeros",
            shape=(codebook_size,),
            dtype="float32",
            trainable=False,
            aggregation="only_first_replica",
            name="counts",
        )

    def update_state(self, ids, sample_weight=None):
        """Adds the ids of a batch: integers `(...)` in `[0, K)`."""
        del sample_weight
        flat = ops.reshape(ops.cast(ids, "int32"), (-1,))
        ones = ops.ones_like(flat, "float32")
        # Not `ops.bincount`, whose result has no static shape under TensorFlow.
        counts = ops.segment_sum(ones, flat, num_segments=self.codebook_size)
        self.counts.assign_add(backend.sum_over_replicas(counts))

    def result(self):
        counts = ops.convert_to_tensor(self.counts)
        share = counts / ops.maximum(ops.sum(counts), 1.0)
        logs = ops.log(ops.where(share > 0, share, 1.0))
        return {
            "codebook_usage": ops.mean(ops.cast(counts > 0, "float32")),
            "codebook_perplexity": ops.exp(-ops.sum(share * logs)),
        }
