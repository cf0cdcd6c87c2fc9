"""JAX: pure functions under `jax.jit`, with variables passed in and out."""

import jax
import jax.numpy as jnp
import keras


def compile_inference(function, model):
    """Compiles `function(*tensors)`, which reads the variables of `model`.

    The variables are arguments of the compiled program, not constants of it: weights
    loaded or trained later are seen, and no copy of them is kept in the executable.
    """

    @jax.jit
    def program(values, arguments):
        with keras.StatelessScope(zip(model.variables, values, strict=True)):
            return function(*arguments)

    def call(*arguments):
        values = [_held_here(v.value) for v in model.variables]
        return program(values, [_spread(_held_here(x)) for x in arguments])

    return call


def _held_here(value):
    """A value without the copies that other processes hold."""
    if not isinstance(value, jax.Array) or value.is_fully_addressable:
        return value
    if not value.is_fully_replicated:
        raise ValueError(
            "A model whose weights are divided among processes can be trained, and "
            "cannot generate, encode or decode. "
            f"Received: a weight with sharding={value.sharding}"
        )
    return value.addressable_data(0)


def _spread(x):
    """Divides a batch among the devices of a distribution, if it can be divided."""
    distribution = keras.distribution.distribution()
    if distribution is None or distribution.num_processes > 1 or not jnp.ndim(x):
        return x
    if len(x) % distribution.num_model_replicas:
        return x
    return jax.device_put(x, distribution.get_data_layout(x.shape).backend_layout)


def value_and_gradients(loss_fn, variables):
    """Returns `loss_fn()` and its gradients with respect to Keras variables."""

    def loss_of(values):
        with keras.StatelessScope(zip(variables, values, strict=True)):
            return loss_fn()

    # One compiled program: op by op, XLA would compile hundreds of small ones.
    return jax.jit(jax.value_and_grad(loss_of))([v.value for v in variables])


def value_and_input_gradient(function, inputs):
    """`function(inputs)` and the gradient of its sum with respect to `inputs`.

    One forward pass for both; the gradient can be differentiated again.
    """

    def total(x):
        value = function(x)
        return jnp.sum(value), value

    (_, value), gradient = jax.value_and_grad(total, has_aux=True)(jnp.asarray(inputs))
    return value, gradient


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
    # A scope does not see what an outer one holds: hand every value on. The losses may
    # read the optimizer's too, its scale and its count of steps.
    optimizer = getattr(model, "optimizer", None)
    variables = [*model.variables, *(optimizer.variables if optimizer else ())]
    held = [(v, v.value) for v in variables]

    def functional(*values):
        taken = [
            pair
            for player, group in zip(players, values, strict=True)
            for pair in zip(player, group, strict=True)
        ]
        with keras.StatelessScope([*held, *taken]):
            losses, aux = losses_of()
        return tuple(losses), aux

    values = [[v.value for v in player] for player in players]
    losses, pull_back, aux = jax.vjp(functional, *values, has_aux=True)

    def cotangent(player):
        return tuple(jnp.full_like(x, i == player) for i, x in enumerate(losses))

    gradients = [pull_back(cotangent(i))[i] for i in range(len(players))]
    return losses, aux, gradients


def apply_gradients(optimizer, gradients, variables):
    """Steps with the gradients that `player_gradients` returned."""
    if not isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        optimizer.apply(gradients, variables)
        return
    # It decides inside the program whether it steps, and cannot assign there.
    state = [v.value for v in optimizer.variables]
    updated, state = optimizer.stateless_apply(
        state, gradients, [v.value for v in variables]
    )
    targets = [*variables, *optimizer.variables]
    for variable, value in zip(targets, [*updated, *state], strict=True):
        variable.assign(value)


def rematerialized(function, *inputs):
    """`function(*inputs)`, computed again where the gradient needs what is inside.

    Args:
        function: returns `(outputs, state)`; only `outputs` are differentiated.
        *inputs: tensors; the gradient reaches these alone.

    Returns:
        What `function` returns.
    """
    return jax.checkpoint(function)(*inputs)


def run_step(model, step, state, data):
    """Runs a step that reads and assigns variables as a pure function of the state.

    Args:
        model: the `keras.Model`.
        step: function of the batch that returns logs.
        state: the state that Keras hands to `train_step` or `test_step`.
        data: the batch.

    Returns:
        `(logs, state)`.
    """
    groups = [model.trainable_variables, model.non_trainable_variables]
    if len(state) == 4:
        groups.append(model.optimizer.variables)
    groups.append(model.metrics_variables)
    pairs = [
        pair
        for group, values in zip(groups, state, strict=True)
        for pair in zip(group, values, strict=True)
    ]
    with keras.StatelessScope(pairs) as scope:
        logs = step(data)
    updated = [[scope.get_current_value(v) for v in group] for group in groups]
    return logs, tuple(updated)


# === Several devices =================================================================
# One program sees the whole batch, wherever its parts are: nothing is left to do.


def process_share():
    """`(index, count)`: this process trains on part `index` of `count` of every batch."""
    distribution = keras.distribution.distribution()
    if distribution is None:
        return 0, 1
    count = min(distribution.num_processes, distribution.num_model_replicas)
    return distribution.data_shard_id, count


def device_count(model):
    """Devices among which this process's rows of a batch are divided."""
    del model
    distribution = keras.distribution.distribution()
    if distribution is None:
        return 1
    return max(1, distribution.num_model_replicas // distribution.num_processes)


def replica_count():
    """Programs among which every batch is divided."""
    return 1


def mean_over_replicas(values):
    """Mean over the replicas of what each has of its own share of the batch."""
    return values


def sum_over_replicas(values):
    """Sum over the replicas of what each has of its own share of the batch."""
    return values


def share_of_loss(loss):
    """The loss of a replica's share of the batch, as Keras expects it of a step."""
    return loss


def synchronized(optimizer):
    """Makes Keras' own step clip the gradient of the batch, not that of a replica."""
    return optimizer


def updates_in_one_pass(optimizer):
    """Makes Adam update a variable by one operation where the backend has it."""
    return optimizer


def jit_by_default():
    """Whether training compiles its steps with XLA unless told otherwise."""
    return True


def is_concrete(tensor):
    """True when `tensor` holds numbers that can be looked at, False while tracing."""
    return not isinstance(tensor, jax.core.Tracer)
