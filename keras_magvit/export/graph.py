"""Tidying of ONNX graphs: what a free batch makes a converter compute again each call.

TensorFlow asks for shapes while it runs. Where the batch alone is unknown, all but one
size are numbers, and the nodes that look for them go.
"""

import numpy as np


def tidied(model):
    """The model with constant targets of reshapes, and without what nothing reads."""
    import onnx

    inferred = onnx.shape_inference.infer_shapes(model, data_prop=True)
    _reshape_to_constants(inferred.graph, _known_shapes(inferred.graph))
    _drop_unread(inferred.graph)
    del inferred.graph.value_info[:]
    onnx.checker.check_model(inferred)
    return inferred


def named_outputs(model, names):
    """The model with outputs of these names, in the order in which it has them."""
    for output, name in zip(list(model.graph.output), names, strict=True):
        rename(model.graph, output.name, name)
        output.name = name
    return model


def rename(graph, old, new):
    """Calls a value of the graph otherwise, where it is made and where it is read."""
    for node in graph.node:
        for names in (node.input, node.output):
            for index, name in enumerate(names):
                if name == old:
                    names[index] = new


def _known_shapes(graph):
    """Value -> its shape, -1 for a size that is not a number."""
    shapes = {}
    for value in (*graph.value_info, *graph.output, *graph.input):
        if value.type.tensor_type.HasField("shape"):
            dims = value.type.tensor_type.shape.dim
            shapes[value.name] = [d.dim_value if d.dim_value > 0 else -1 for d in dims]
    return shapes


def _reshape_to_constants(graph, shapes):
    from onnx import numpy_helper

    constants = {initializer.name for initializer in graph.initializer}
    for node in graph.node:
        if node.op_type != "Reshape" or node.input[1] in constants:
            continue
        target = shapes.get(node.output[0], [-1, -1])
        if target.count(-1) > 1:
            continue
        name = f"shape_of_{node.output[0]}"
        value = numpy_helper.from_array(np.array(target, "int64"), name)
        graph.initializer.append(value)
        node.input[1] = name


def _drop_unread(graph):
    """Removes nodes and constants that no output depends on."""
    wanted = {output.name for output in graph.output}
    kept = []
    for node in reversed(graph.node):
        if wanted.isdisjoint(node.output):
            continue
        kept.append(node)
        wanted.update(node.input)
        for attribute in node.attribute:  # the graph inside a loop reads outer values
            for inner in attribute.g.node:
                wanted.update(inner.input)
    del graph.node[:]
    graph.node.extend(reversed(kept))
    constants = [value for value in graph.initializer if value.name in wanted]
    del graph.initializer[:]
    graph.initializer.extend(constants)
