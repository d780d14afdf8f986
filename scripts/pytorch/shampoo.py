"""Shampoo with statistics and roots coded in four bits, in PyTorch."""
import torch
import torch.nn.functional as F

# Codes lie two a byte in blocks along the last dimension.
BLOCK = 64


class Codec:
    def __init__(self):
        u = torch.linspace(-1, 1, 16, dtype=torch.float64)
        u[7] = 0
        values = (u.sign() * u * u).float()
        self.midpoints = (values[1:] + values[:-1]) / 2
        codes = torch.arange(256)
        # Both values of a byte at once.
        self.pairs = torch.stack((values[codes & 15], values[codes >> 4]), 1)

    def encode(self, matrix):
        """-> (packed codes, block maxima); columns past the last are zeros."""
        rows, columns = matrix.shape
        x = F.pad(matrix, (0, -columns % BLOCK)).view(rows, -1, BLOCK)
        maxima = x.abs().amax(2, keepdim=True)
        scaled = (x * torch.where(maxima > 0, 1 / maxima, 0)).contiguous()
        codes = torch.bucketize(scaled, self.midpoints, out_int32=True)
        codes = codes.to(torch.uint8).view(rows, -1, 2)
        return codes[:, :, 0] | codes[:, :, 1] << 4, maxima

    def decode(self, coded, columns):
        codes, maxima = coded
        values = F.embedding(codes.int(), self.pairs).view(len(codes), -1, BLOCK)
        return values.mul_(maxima).view(len(codes), -1)[:, :columns]


class Symmetric:
    """Diagonal in float32, the rest coded along rows: a root, and a statistic of the naive scheme."""

    def __init__(self, codec, matrix):
        self.codec = codec
        self.diagonal = matrix.diagonal().clone()
        rest = matrix.clone()
        rest.fill_diagonal_(0)
        self.coded = codec.encode(rest)

    def decoded(self):
        matrix = self.codec.decode(self.coded, len(self.diagonal))
        matrix.diagonal().copy_(self.diagonal)
        return matrix


class Exact:
    """Below order 64 nothing is coded."""

    def __init__(self, codec, matrix):
        self.matrix = matrix

    def decoded(self):
        return self.matrix.clone()


def stored(codec, matrix):
    return (Symmetric if len(matrix) >= 64 else Exact)(codec, matrix)


def rectified(v, steps):
    for _ in range(steps):
        v = torch.addmm(v, v, v.T @ v, beta=1.5, alpha=-0.5)
    return v


def largest_eigenvalue(a):
    product = torch.rand(len(a)) * 2 - 1
    estimate = 0.0
    for _ in range(10):
        vector = product / product.norm()
        product = a @ vector
        following = float(vector @ product)
        if abs(following - estimate) <= 1e-6 * abs(following):
            return following
        estimate = following
    return estimate


def schur_newton(a, shift):
    """(A + shift·I)^(-1/4), ten steps of the coupled iteration (Guo and Higham 2006)."""
    a = a.clone()
    a.diagonal().add_(shift)
    z = 5 / (2 * a.norm())
    x = torch.eye(len(a)) * z**0.25
    m = a * z

    def error(m):
        m = m.clone()
        m.diagonal().sub_(1)
        return float(m.abs().max())

    residual = error(m)
    for _ in range(10):
        if residual <= 1e-6:
            break
        t = m * -0.25
        t.diagonal().add_(1.25)
        square = t @ t
        following = square @ square @ m
        new = error(following)
        if not new <= 1.2 * residual:
            break
        x, m, residual = x @ t, following, new
    return x


# The sides of a preconditioner: `update` takes GGᵀ, `power` gives A^(-1/4).

DECAY, DAMPING = 0.95, 1e-6


class EigenvectorSide:
    """Eigenvalues in float32 and coded eigenvectors: PU and PIRU of Wang et al. 2024."""

    def __init__(self, codec, order):
        self.codec = codec
        self.keep(torch.full((order,), DAMPING), torch.eye(order))

    def keep(self, eigenvalues, vectors):
        self.eigenvalues = eigenvalues
        self.is_coded = len(eigenvalues) >= 64
        # Blocks lie inside one eigenvector.
        self.vectors = self.codec.encode(vectors.T) if self.is_coded else vectors

    def decoded(self, steps):
        if not self.is_coded:
            return self.vectors
        return rectified(self.codec.decode(self.vectors, len(self.eigenvalues)).T, steps)

    def update(self, moment):
        v = self.decoded(1)
        a = torch.addmm(moment, v * self.eigenvalues, v.T, beta=1 - DECAY, alpha=DECAY)
        p = torch.linalg.qr(a @ v).Q
        self.keep((p * (a @ p)).sum(0), p)

    def power(self):
        v = self.decoded(4)
        half = v * (self.eigenvalues + DAMPING * self.eigenvalues.max()) ** -0.125
        return half @ half.T


class OffdiagonalSide:
    """The naive scheme: the statistic itself, its diagonal in float32."""

    def __init__(self, codec, order):
        self.codec = codec
        self.statistic = stored(codec, torch.eye(order) * DAMPING)

    def update(self, moment):
        self.statistic = stored(self.codec, torch.lerp(moment, self.statistic.decoded(), DECAY))

    def power(self):
        a = self.statistic.decoded()
        return schur_newton(a, DAMPING * largest_eigenvalue(a))


class CholeskySide:
    """A Cholesky factor with error feedback (Li et al., arXiv 2412.10663), both coded in rows of full length."""

    def __init__(self, codec, order):
        self.codec = codec
        self.factor = stored(codec, torch.eye(order) * DAMPING**0.5)
        self.error = stored(codec, torch.zeros(order, order))

    def decoded(self):
        factor = self.factor.decoded()
        return factor @ factor.T

    def update(self, moment):
        a = torch.lerp(moment, self.decoded(), DECAY)
        a.diagonal().add_(DAMPING * largest_eigenvalue(a))
        error = self.error.decoded()
        target = torch.linalg.cholesky(a) + error
        self.factor = stored(self.codec, target)
        self.error = stored(self.codec, torch.lerp(target - self.factor.decoded(), error, DECAY))

    def power(self):
        return schur_newton(self.decoded(), 0)


SIDES = {"eigenvector": EigenvectorSide, "offdiagonal": OffdiagonalSide, "cholesky": CholeskySide}


class Shampoo:
    """Replaces every gradient by the preconditioned, grafted one; the rule underneath then makes its step."""

    def __init__(self, model, scheme, statistics_interval, root_interval, max_order=1200):
        self.intervals = statistics_interval, root_interval
        self.codec = Codec()
        self.step_number = 0
        self.parameters = []
        for parameter in model.parameters():
            matrix = self.matrix(parameter)
            if matrix.dim() != 2:
                continue
            blocks = []
            for rows in matrix.split(max_order, 0):
                for block in rows.split(max_order, 1):
                    sides = [SIDES[scheme](self.codec, order) for order in block.shape]
                    roots = [stored(self.codec, torch.eye(order)) for order in block.shape]
                    blocks.append((sides, roots))
            self.parameters.append((parameter, max_order, blocks))

    @staticmethod
    def matrix(tensor):
        shape = [size for size in tensor.shape if size != 1]
        return tensor.reshape(shape[0], -1) if len(shape) > 1 else tensor.reshape(-1)

    @torch.no_grad()
    def precondition(self):
        self.step_number += 1
        updates, takes_roots = (self.step_number % interval == 0 for interval in self.intervals)
        for parameter, max_order, blocks in self.parameters:
            gradient = self.matrix(parameter.grad)
            pieces = [block for rows in gradient.split(max_order, 0) for block in rows.split(max_order, 1)]
            results = []
            for g, (sides, roots) in zip(pieces, blocks):
                if updates:
                    sides[0].update(g @ g.T)
                    sides[1].update(g.T @ g)
                if takes_roots:
                    roots[:] = [stored(self.codec, side.power()) for side in sides]
                results.append(roots[0].decoded() @ g @ roots[1].decoded())
            across = -(-gradient.shape[1] // max_order)
            rows = [torch.cat(results[i : i + across], 1) for i in range(0, len(results), across)]
            result = torch.cat(rows) if len(rows) > 1 else rows[0]
            result.mul_(gradient.norm() / (result.norm() + 1e-12))
            parameter.grad.copy_(result.view_as(parameter.grad))
