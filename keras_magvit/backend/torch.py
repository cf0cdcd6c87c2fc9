"""PyTorch: eager execution and autograd."""

import keras
import torch


def compile_inference(function, model):
    """Wraps `function(*tensors)`, which reads the variables of `model`.

    Eager: PyTorch needs no graph to reach its kernels. Gradients are off inside.
    """
    del model

    def call(*arguments):
        with torch.no_grad():
            return function(*arguments)

    return call


def value_and_gradients(loss_fn, variables):
    """Returns `loss_fn()` and its gradients with respect to Keras variables."""
    loss = loss_fn()
    values = [v.value for v in variables]
    gradients = torch.autograd.grad(loss, values, allow_unused=True)
    return loss.detach(), [
        torch.zeros_like(v) if g is None else g
        for g, v in zip(gradients, values, strict=True)
    ]


def value_and_input_gradient(function, inputs):
    """`function(inputs)` and the gradient of its sum with respect to `inputs`.

    One forward pass for both; the gradient can be differentiated again.
    """
    differentiable = torch.is_grad_enabled()
    with torch.enable_grad():
        inputs = keras.ops.convert_to_tensor(inputs).detach().requires_grad_(True)
        value = function(inputs)
        (gradient,) = torch.autograd.grad(
            torch.sum(value), inputs, create_graph=differentiable
        )
    return (value, gradient) if differentiable else (value.detach(), gradient)


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
    del model
    losses, aux = losses_of()
    gradients = []
    for i, (loss, player) in enumerate(zip(losses, players, strict=True)):
        values = [v.value for v in player]
        # `.grad` is never touched, so that nothing leaks from one player to the other.
        found = torch.autograd.grad(
            loss, values, retain_graph=i + 1 < len(players), allow_unused=True
        )
        pairs = zip(found, values, strict=True)
        gradients.append([torch.zeros_like(v) if g is None else g for g, v in pairs])
    detached = keras.tree.map_structure(lambda x: x.detach(), (losses, aux))
    return (*detached, [mean_over_replicas(group) for group in gradients])


def apply_gradients(optimizer, gradients, variables):
    """Steps with the gradients that `player_gradients` returned."""
    with torch.no_grad():
        optimizer.apply(gradients, variables)


def rematerialized(function, *inputs):
    """`function(*inputs)`, computed again where the gradient needs what is inside.

    Args:
        function: returns `(outputs, state)`; only `outputs` are differentiated.
        *inputs: tensors; the gradient reaches these alone.

    Returns:
        What `function` returns.
    """
    return torch.utils.checkpoint.checkpoint(function, *inputs, use_reentrant=False)


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


# === Several devices: the processes of `torch.distributed` ===========================


def process_share():
    """`(index, count)`: this process trains on part `index` of `count` of every batch."""
    count = replica_count()
    return (torch.distributed.get_rank() if count > 1 else 0), count


def device_count(model):
    """Devices among which this process's rows of a batch are divided."""
    if keras.distribution.distribution() is not None:
        raise ValueError(
            "Keras distributes over devices under JAX alone; docs/scaling.md has the way "
            "of each backend. "
            f"Received: distribution={keras.distribution.distribution()}"
        )
    del model
    return 1


def replica_count():
    """Programs among which every batch is divided: the processes of a group."""
    ready = torch.distributed.is_available() and torch.distributed.is_initialized()
    return torch.distributed.get_world_size() if ready else 1


def mean_over_replicas(values):
    """Mean over the replicas of what each has of its own share of the batch.

    Differentiable; for whatever is no plain mean over examples.
    """
    count = replica_count()
    if count == 1:
        return values
    return keras.tree.map_structure(lambda x: _all_reduce(x) / count, values)


def sum_over_replicas(values):
    """Sum over the replicas of what each has of its own share of the batch."""
    if replica_count() == 1:
        return values
    return keras.tree.map_structure(_all_reduce, values)


def _all_reduce(tensor):
    return torch.distributed.nn.functional.all_reduce(tensor)


def share_of_loss(loss):
    """The loss of a replica's share of the batch, as Keras expects it of a step."""
    return loss


def synchronized(optimizer):
    """Makes Keras' own step clip the gradient of the batch, not that of a replica."""
    if replica_count() > 1:
        clip = optimizer._clip_gradients
        optimizer._clip_gradients = lambda gradients: clip(
            mean_over_replicas(gradients)
        )
    return optimizer


def updates_in_one_pass(optimizer):
    """Makes Adam update a variable by one operation where the backend has it."""
    return optimizer


def jit_by_default():
    """Whether training compiles its steps with XLA unless told otherwise."""
    return False


def is_concrete(tensor):
    """True: eager tensors always hold numbers that can be looked at."""
    return not tensor.is_meta
