"""int8 for ONNX: weights of matrix products as bytes, activations rounded as they come.

The transformer is made of such products. The tokenizer is not quantized: onnxruntime has
no fast 3D convolution of bytes, and an id hangs on the last digits of the features.
"""

import logging
import os

from keras_magvit.export.graph import tidied
from keras_magvit.export.loop import decode_graph


def of_graphs(graphs, folder):
    """The graphs that hold the transformer, quantized: `NAME_int8` -> model.

    Args:
        graphs: of `onnx_files.graphs_of`.
        folder: for files of the moment.
    """
    made = {"transformer": _quantized(graphs["transformer"], folder)}
    if "decode_step" in graphs:
        made["decode_step"] = _quantized(graphs["decode_step"], folder)
        made["decode"] = tidied(decode_graph(graphs["start"], made["decode_step"]))
    return {f"{name}_int8": graph for name, graph in made.items()}


def _quantized(graph, folder):
    """An `onnx.ModelProto` whose products with constant weights are int8.

    Args:
        graph: `onnx.ModelProto`.
        folder: for a file of the moment.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    path = os.path.join(folder, "int8.onnx")
    logging.disable(logging.WARNING)  # it advises what `tidied` has done
    try:
        quantize_dynamic(
            graph,
            path,
            op_types_to_quantize=["MatMul"],
            per_channel=True,
            weight_type=QuantType.QInt8,
        )
    finally:
        logging.disable(logging.NOTSET)
    made = onnx.load(path)
    os.remove(path)
    return made
