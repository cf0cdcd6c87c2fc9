"""Algorithm 1 as one ONNX graph: a `Loop` whose body is one step.

    decode   [task, labels,] cond_ids, latent_mask, noise, schedule -> ids, tokens

Noise and schedule have the steps as their first axis, so that the graph takes any number
of them: S is how many there are. `tokens` holds the grid after each of them.
"""

import copy

# Inputs of a step that have a row a step.
PER_STEP = ("categorical_gumbel", "mask_gumbel", "mask_ratio", "noise_scale")
STATE = ("in_tokens", "unknown")


def decode_graph(start, step):
    """Joins two models.

    Args:
        start: `onnx.ModelProto` of the function `start`.
        step: that of `decode_step`.

    Returns:
        `onnx.ModelProto`.
    """
    import onnx
    from onnx import helper

    step = copy.deepcopy(step)
    start = onnx.compose.add_prefix(start, "start/")
    body = _body(step)
    first = [f"start/{name}" for name in STATE]
    nodes = [
        *_renamed_inputs(start.graph),
        helper.make_node("Shape", ["mask_ratio"], ["step_count"]),
        helper.make_node("Squeeze", ["step_count"], ["trip_count"]),
        helper.make_node(
            "Loop",
            ["trip_count", "", *first],
            ["last_in_tokens", "last_unknown", "tokens"],
            body=body,
        ),
        helper.make_node("Gather", ["tokens", "last"], ["ids"], axis=0),
    ]
    grid = step.graph.output[0].type.tensor_type
    ids = helper.make_value_info("ids", helper.make_tensor_type_proto(6, _dims(grid)))
    tokens = helper.make_tensor_value_info("tokens", 6, ["steps", *_dims(grid)])
    graph = helper.make_graph(
        nodes,
        "decode",
        _inputs(start.graph, step.graph),
        [ids, tokens],
        [
            *start.graph.initializer,
            *step.graph.initializer,
            helper.make_tensor("last", 7, [], [-1]),
        ],
    )
    model = helper.make_model(graph, opset_imports=step.opset_import)
    model.ir_version = step.ir_version
    onnx.checker.check_model(model)
    return model


def _dims(tensor_type):
    return [d.dim_value or "batch" for d in tensor_type.shape.dim]


def _renamed_inputs(graph):
    """The nodes of `start`, reading the inputs of the whole."""
    for node in graph.node:
        for index, name in enumerate(node.input):
            plain = name.removeprefix("start/")
            if plain in {"cond_ids", "latent_mask"}:
                node.input[index] = plain
    return graph.node


def _inputs(start, step):
    """Inputs of the whole: a step's without its state, with an axis of steps."""
    from onnx import helper

    found = {}
    for value in (*start.input, *step.input):
        name, kind = value.name.removeprefix("start/"), value.type.tensor_type
        if name in STATE or name in found:
            continue
        dims = _dims(kind)
        if name in PER_STEP:
            dims = ["steps", *dims]
        found[name] = helper.make_tensor_value_info(name, kind.elem_type, dims)
    return list(found.values())


def _body(step):
    """The step as the body of a loop; all but its state it reads from outside."""
    from onnx import helper

    graph = step.graph
    made = {value.name: value for value in graph.input}
    nodes = []
    for name in PER_STEP:
        if name in made:
            nodes.append(helper.make_node("Gather", [name, "step"], [f"step/{name}"]))
    for node in graph.node:
        for index, name in enumerate(node.input):
            if name in PER_STEP:
                node.input[index] = f"step/{name}"
        nodes.append(node)
    nodes.append(helper.make_node("Identity", ["going_on"], ["goes_on"]))
    scalar = [
        helper.make_tensor_value_info("step", 7, []),
        helper.make_tensor_value_info("going_on", 9, []),
    ]
    outputs = {value.name: value for value in graph.output}
    return helper.make_graph(
        nodes,
        "decode_step",
        [*scalar, *(made[name] for name in STATE)],
        [
            helper.make_tensor_value_info("goes_on", 9, []),
            outputs["next_in_tokens"],
            outputs["next_unknown"],
            outputs["tokens"],
        ],
    )
