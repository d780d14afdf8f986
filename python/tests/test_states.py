"""Layouts of states: of the real optimizers where they are installed, else of stand-ins that have their form."""

from dataclasses import dataclass
from types import SimpleNamespace

import h5py
import numpy
import pytest

import fourthroot


def dumped(optimizer, model, path):
    """The matrices of a dump by their places, without the step."""
    fourthroot.dump(optimizer, model, path, 1)
    found = {}
    with h5py.File(path, "r") as file:

        def visit(name, item):
            if isinstance(item, h5py.Dataset):
                found[name.removeprefix("steps/00000001/")] = item[()]

        file.visititems(visit)
        # visititems does not follow external links, of which a dump of one step has none.
    return found


class Parameter:
    """What a layout asks of a parameter."""

    def __init__(self, *shape):
        self.shape = shape


def optimizer(*states, **group):
    """A stand-in: parameters with their states, in one group."""
    parameters = [parameter for parameter, _ in states]
    return SimpleNamespace(state=dict(states), param_groups=[{"params": parameters, **group}]), {
        f"p{index}": parameter for index, parameter in enumerate(parameters)
    }


def symmetric(order, seed=0):
    half = numpy.random.default_rng(seed).normal(size=(order, order)).astype(numpy.float32)
    return half @ half.T


def test_soap_with_skipped_sides(tmp_path):
    left, right = symmetric(4), symmetric(3)
    fake, names = optimizer(
        (Parameter(4, 3), {"step": 5, "GG": [left, right], "Q": [left, right]}),
        (Parameter(9000, 3), {"step": 5, "GG": [[], right], "Q": [[], right]}),
        (Parameter(7), {"step": 5, "GG": [[]], "Q": [[]]}),
    )
    found = dumped(fake, names, tmp_path / "d.h5")
    assert set(found) == {"p0/0_0/left/statistic", "p0/0_0/right/statistic", "p1/0_0/right/statistic"}
    assert numpy.array_equal(found["p0/0_0/left/statistic"], left)
    assert numpy.array_equal(found["p1/0_0/right/statistic"], right)


def test_soap_before_its_first_step_counts_no_update(tmp_path):
    fake, names = optimizer((Parameter(4, 3), {"GG": [numpy.zeros((4, 4), numpy.float32), symmetric(3)]}))
    fourthroot.dump(fake, names, tmp_path / "d.h5", 1)
    with h5py.File(tmp_path / "d.h5", "r") as file:
        group = file["steps/00000001/p0/0_0"]
        assert group["left/statistic"].attrs["updates"] == 0
        assert "updates" not in group["right/statistic"].attrs


@dataclass
class Factors:
    """As Distributed Shampoo's RootInvShampooKroneckerFactorsState."""

    factor_matrices: tuple
    factor_matrix_indices: tuple
    inv_factor_matrices: tuple


@pytest.mark.parametrize("as_state_dict", [False, True])
def test_distributed_shampoo_in_blocks(tmp_path, as_state_dict):
    # 10 x 6 in blocks of at most 4: three rows of two.
    rows, columns = [4, 4, 2], [4, 2]
    state, expected = {"step": 3}, {}
    for index in range(6):
        row, column = divmod(index, 2)
        matrices = tuple(symmetric(order, 10 * index + order) for order in (rows[row], columns[column]))
        roots = tuple(2 * one for one in matrices)
        factors = Factors(matrices, ("a", "b"), roots)
        if as_state_dict:
            factors = {"factor_matrices": dict(enumerate(matrices)), "inv_factor_matrices": {"0": roots[0], "1": roots[1]}}
        state[f"block_{index}"] = {"shampoo": factors, "momentum": numpy.zeros((2, 2))}
        for side, one, root in zip(("left", "right"), matrices, roots):
            expected[f"p0/{row}_{column}/{side}/statistic"] = one
            expected[f"p0/{row}_{column}/{side}/root"] = root
    fake, names = optimizer((Parameter(10, 6), state), max_preconditioner_dim=4)
    found = dumped(fake, names, tmp_path / "d.h5")
    assert found.keys() == expected.keys()
    assert all(numpy.array_equal(found[name], values) for name, values in expected.items())


def test_stacks_are_unstacked(tmp_path):
    stack = numpy.stack([symmetric(4, seed) for seed in range(3)])
    found = dumped({"experts": [stack, None]}, None, tmp_path / "d.h5")
    assert set(found) == {f"experts/{index}_0/left/statistic" for index in range(3)}
    assert all(numpy.array_equal(found[f"experts/{index}_0/left/statistic"], stack[index]) for index in range(3))


def test_an_unknown_state_says_what_it_has_and_what_to_do(tmp_path):
    fake, names = optimizer((Parameter(4, 3), {"exp_avg": numpy.zeros((4, 3))}))
    with pytest.raises(ValueError, match="(?s)exp_avg.*give the matrices themselves"):
        fourthroot.dump(fake, names, tmp_path / "d.h5", 1)
    fake, names = optimizer((Parameter(4, 3), {}))
    with pytest.raises(ValueError, match="take a step first"):
        fourthroot.dump(fake, names, tmp_path / "d.h5", 1)


# --- the real ones


def stepped(torch, make, steps=3):
    """A model whose optimizer has taken steps, and the gradients that it has taken."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(6, 8, bias=False), torch.nn.Linear(8, 8, bias=False))
    real, gradients = make(model.parameters()), []
    for _ in range(steps):
        for parameter in model.parameters():
            parameter.grad = torch.randn_like(parameter)
        gradients.append([parameter.grad.double().clone().numpy() for parameter in model.parameters()])
        real.step()
    return model, real, gradients


def test_pytorch_optimizer_shampoo_is_the_sum_of_outer_products(tmp_path):
    torch = pytest.importorskip("torch")
    package = pytest.importorskip("pytorch_optimizer")
    model, real, gradients = stepped(torch, lambda p: package.Shampoo(p, lr=1e-3, matrix_eps=1e-3))
    found = dumped(real, model, tmp_path / "d.h5")
    assert set(found) == {
        f"{index}.weight/0_0/{side}/{kind}" for index in (0, 1) for side in ("left", "right") for kind in ("statistic", "root")
    }
    for index in (0, 1):
        left = sum(step[index] @ step[index].T for step in gradients) + 1e-3 * numpy.eye(8)
        right = sum(step[index].T @ step[index] for step in gradients) + 1e-3 * numpy.eye(6 if index == 0 else 8)
        numpy.testing.assert_allclose(found[f"{index}.weight/0_0/left/statistic"], left, rtol=0, atol=1e-4)
        numpy.testing.assert_allclose(found[f"{index}.weight/0_0/right/statistic"], right, rtol=0, atol=1e-4)


def test_pytorch_optimizer_scalable_shampoo_in_blocks(tmp_path):
    torch = pytest.importorskip("torch")
    package = pytest.importorskip("pytorch_optimizer")
    model, real, gradients = stepped(
        torch, lambda p: package.ScalableShampoo(p, lr=1e-3, betas=(0.9, 0.5), block_size=5, matrix_eps=1e-6)
    )
    found = dumped(real, model, tmp_path / "d.h5")
    for index, width in ((0, 6), (1, 8)):
        for row, rows in enumerate((slice(0, 5), slice(5, 8))):
            for column, columns in enumerate((slice(0, 5), slice(5, width))):
                # Each update halves what was there and adds half of its own.
                blocks = [
                    step[index][rows, columns] * 0.5 ** ((len(gradients) - number) / 2)
                    for number, step in enumerate(gradients)
                ]
                place = f"{index}.weight/{row}_{column}"
                for side, expected in (
                    ("left", sum(block @ block.T for block in blocks)), ("right", sum(block.T @ block for block in blocks))
                ):
                    if len(expected) > 1:
                        numpy.testing.assert_allclose(found[f"{place}/{side}/statistic"], expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", ["SOAP", "KLShampoo"])
def test_heavyball(tmp_path, name):
    torch = pytest.importorskip("torch")
    package = pytest.importorskip("heavyball")
    package.utils.compile_mode = None
    model, real, _ = stepped(torch, lambda p: getattr(package, name)(p, lr=1e-3))
    found = dumped(real, model, tmp_path / "d.h5")
    assert {place: values.shape[0] for place, values in found.items()} == {
        "0.weight/0_0/left/statistic": 8,
        "0.weight/0_0/right/statistic": 6,
        "1.weight/0_0/left/statistic": 8,
        "1.weight/0_0/right/statistic": 8,
    }
    assert all(numpy.linalg.eigvalsh(values.astype(float)).max() > 0 for values in found.values())


def test_pytorch_optimizer_soap_and_bfloat16(tmp_path):
    torch = pytest.importorskip("torch")
    package = pytest.importorskip("pytorch_optimizer")
    model, real, _ = stepped(torch, lambda p: package.SOAP(p, lr=1e-3))
    found = dumped(real, model, tmp_path / "d.h5")
    assert len(found) == 4
    kept = torch.tensor([[1.0, 2**-8], [2**-8, 1.5]], dtype=torch.bfloat16)
    found = dumped({"w": kept}, None, tmp_path / "e.h5")
    assert numpy.array_equal(found["w/0_0/left/statistic"], kept.double().numpy())
