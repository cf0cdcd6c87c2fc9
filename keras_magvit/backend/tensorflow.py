"""TensorFlow: `tf.function` graphs and gradient tapes."""

import functools

import keras
import tensorflow as tf


def compile_inference(function, model):
    """Compiles `function(*tensors)`, which reads the variables of `model`.

    Without XLA: on a CPU its 3D convolutions are several times slower than oneDNN's.
    """
    del model  # A graph holds its variables by reference.
    graph = tf.function(function, jit_compile=False)

    def call(*arguments):
        return graph(*tf.nest.map_structure(tf.convert_to_tensor, arguments))

    return call


def value_and_gradients(loss_fn, variables):
    """Returns `loss_fn()` and its gradients with respect to Keras variables."""
    values = [v.value for v in variables]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(values)
        loss = loss_fn()
    return loss, tape.gradient(loss, values, unconnected_gradients="zero")


def value_and_input_gradient(function, inputs):
    """`function(inputs)` and the gradient of its sum with respect to `inputs`.

    One forward pass for both; the gradient can be differentiated again.
    """
    inputs = tf.convert_to_tensor(inputs)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(inputs)
        value = function(inputs)
        total = tf.reduce_sum(value)
    return value, tape.gradient(total, inputs)


def player_gradients(losses_of, players, model):
    """One forward pass, one pull-back a player.

    Args:
        losses_of: function without arguments that returns `(losses, aux)`: a scalar a
            player, and tensors to keep.
        players: for each player, its Keras variables.
        model: the model that owns every variable that `losses_of` reads.

    Returns:
        `(losses, aux, gradients)`; gradients of loss i with respect to player i alone.
    """
    del model  # The tape sees variables by themselves.
    values = [[v.value for v in player] for player in players]
    with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
        tape.watch(values)
        losses, aux = losses_of()
    gradients = [
        mean_over_replicas(tape.gradient(loss, player, unconnected_gradients="zero"))
        for loss, player in zip(losses, values, strict=True)
    ]
    return losses, aux, gradients


def apply_gradients(optimizer, gradients, variables):
    """Steps with the gradients that `player_gradients` returned."""
    # Keras sums over the replicas what is their mean already.
    count = replica_count()
    if count > 1:
        gradients = [g / count for g in gradients]
    optimizer.apply(gradients, variables)


def rematerialized(function, *inputs):
    """`function(*inputs)`, computed again where the gradient needs what is inside.

    Args:
        function: returns `(outputs, state)`; only `outputs` are differentiated.
        *inputs: tensors; the gradient reaches these alone.

    Returns:
        What `function` returns.
    """
    states = []

    @tf.recompute_grad
    def outputs_of(*inputs):
        outputs, state = function(*inputs)
        states.append(state)  # the first time's: integers take no part in gradients
        return outputs

    # Of a variable the gradient would be counted twice.
    return outputs_of(*map(tf.convert_to_tensor, inputs)), states[0]


def run_step(model, step, data):
    """Runs a step that reads and assigns variables.

    Args:
        model: the `keras.Model`.
        step: function of the batch that returns logs.
        data: the batch.

    Returns:
        The logs, as Keras' `train_step` and `test_step` do.
    """
    del model
    return step(data)


# === Several devices =================================================================


def process_share():
    """`(index, count)`: this process trains on part `index` of `count` of every batch."""
    return 0, 1


def device_count(model):
    """Devices among which this process's rows of a batch are divided."""
    if keras.distribution.distribution() is not None:
        raise ValueError(
            "Keras distributes over devices under JAX alone; docs/scaling.md has the way "
            "of each backend. "
            f"Received: distribution={keras.distribution.distribution()}"
        )
    strategy = model.distribute_strategy
    resolver = strategy.cluster_resolver
    workers = (
        len(resolver.cluster_spec().as_dict().get("worker", ())) if resolver else 1
    )
    if workers > 1:
        raise ValueError(
            "Keras 3.15 does not train on several workers of TensorFlow: its `fit` takes "
            "the mean of scalar logs over an axis that they do not have. JAX and PyTorch "
            f"train on several hosts. Received: {workers} workers of "
            f"{type(strategy).__name__}"
        )
    return strategy.num_replicas_in_sync


def replica_count():
    """Programs among which every batch is divided: the replicas of `tf.distribute`."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def mean_over_replicas(values):
    """Mean over the replicas of what each has of its own share of the batch.

    Differentiable; for whatever is no plain mean over examples.
    """
    return _all_reduce(tf.distribute.ReduceOp.MEAN, values)


def sum_over_replicas(values):
    """Sum over the replicas of what each has of its own share of the batch."""
    return _all_reduce(tf.distribute.ReduceOp.SUM, values)


def _all_reduce(operation, values):
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return values
    return context.all_reduce(operation, values)


def share_of_loss(loss):
    """The loss of a replica's share of the batch, as Keras expects it of a step."""
    return loss / replica_count()


def synchronized(optimizer):
    """Makes Keras' own step clip the gradient of the batch, not that of a replica."""
    count = replica_count()
    if count > 1 and optimizer.gradient_accumulation_steps:
        raise ValueError(
            "Keras 3.15 does not accumulate gradients under tf.distribute: TensorFlow "
            "refuses to synchronize inside the condition that it puts round the update. "
            "Received: gradient_accumulation_steps="
            f"{optimizer.gradient_accumulation_steps} for {count} replicas"
        )
    clips = optimizer.clipnorm, optimizer.global_clipnorm, optimizer.clipvalue
    if count > 1 and any(clips):
        clip = optimizer._clip_gradients
        # Keras sums over the replicas after it has clipped.
        optimizer._clip_gradients = lambda gradients: [
            g / count for g in clip(sum_over_replicas(gradients))
        ]
    return optimizer


def updates_in_one_pass(optimizer):
    """Makes Adam update a variable by one operation, of Keras' own formula."""
    own = type(optimizer) in (keras.optimizers.Adam, keras.optimizers.AdamW)
    if own and not optimizer.amsgrad:
        optimizer.update_step = functools.partial(_adam_step, optimizer)
    return optimizer


def _adam_step(optimizer, gradient, variable, learning_rate):
    index = optimizer._get_variable_index(variable)
    moments = optimizer._momentums[index], optimizer._velocities[index]
    dtype = variable.dtype
    step = tf.cast(optimizer.iterations + 1, dtype)
    betas = [tf.cast(beta, dtype) for beta in (optimizer.beta_1, optimizer.beta_2)]
    tf.raw_ops.ResourceApplyAdam(
        var=variable.handle,
        m=moments[0].value.handle,
        v=moments[1].value.handle,
        beta1_power=betas[0] ** step,
        beta2_power=betas[1] ** step,
        lr=tf.cast(learning_rate, dtype),
        beta1=betas[0],
        beta2=betas[1],
        epsilon=tf.cast(optimizer.epsilon, dtype),
        grad=tf.cast(tf.convert_to_tensor(gradient), dtype),
    )


def jit_by_default():
    """Whether training compiles its steps with XLA unless told otherwise.

    Not on a CPU, where XLA's 3D convolutions are several times slower than oneDNN's.
    """
    return bool(tf.config.list_logical_devices("GPU"))


def is_concrete(tensor):
    """True when `tensor` holds numbers that can be looked at, False while tracing."""
    # A variable is read first: inside a graph its value is symbolic too.
    return not tf.is_symbolic_tensor(tf.convert_to_tensor(tensor))
