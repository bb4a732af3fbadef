"""PyTorch (eager, its SGD) or plain NumPy on one workload.

    python3 rival.py torch|numpy THREADS FILES JSON

reads FILES.x, FILES.y and FILES.p0 ... (float32), makes the check steps, prints the loss of the first batch as
a JSON line, and then for every line with a number of milliseconds runs for so long and prints steps and time.
"""
import json
import sys
import time

import numpy as np

kind, threads, files, w = sys.argv[1], int(sys.argv[2]), sys.argv[3], json.loads(sys.argv[4])
dims, batch, layers = w["dims"], w["batch"], len(w["dims"]) - 1
images = w.get("images")
filters = images["filters"] if images else []
inputs = images["side"] ** 2 if images else dims[0]


def read(name, *shape):
    return np.fromfile(files + name, dtype=np.float32).reshape(shape)


X, Y = read(".x", w["batches"], batch, inputs), read(".y", w["batches"], batch, dims[-1])
shapes = []
for before, count in zip([1] + filters, filters):
    shapes += [[count, before, 3, 3], [count]]
for before, count in zip(dims, dims[1:]):
    shapes += [[before, count], [count]]
P = [read(".p%d" % i, *shape) for i, shape in enumerate(shapes)]
first = 2 * len(filters)
squared = w["loss"] == "mean-squared-error"
place = 0


def activation(layer):
    return w["last"] if layer == layers - 1 else w["activation"]


if kind == "torch":
    import torch

    torch.set_num_threads(threads)
    T = [torch.tensor(p, requires_grad=True) for p in P]
    xs, ys = [torch.tensor(a) for a in X], [torch.tensor(a) for a in Y]
    labels = [a.argmax(1) for a in ys]
    optimizer = torch.optim.SGD(T, lr=w["rate"])

    def convolved(a):
        f = torch.nn.functional
        if images:
            a = a.view(-1, 1, images["side"], images["side"])
        for at in range(len(filters)):
            a = f.max_pool2d(torch.relu(f.conv2d(a, T[2 * at], T[2 * at + 1], padding=1)), 2)
        return a.flatten(1)

    def step(b):
        a = convolved(xs[b])
        for layer in range(layers):
            a = torch.addmm(T[first + 2 * layer + 1], a, T[first + 2 * layer])
            if activation(layer) == "tanh":
                a = torch.tanh(a)
            elif activation(layer) == "relu":
                a = torch.relu(a)
        f = torch.nn.functional
        loss = f.mse_loss(a, ys[b]) if squared else f.cross_entropy(a, labels[b])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    def parameters():
        return [t.detach().numpy() for t in T]

    version = torch.__version__
else:
    P = [p.copy() for p in P]
    rate = np.float32(w["rate"])

    def step(b):
        values = [X[b]]
        for layer in range(layers):
            z = values[-1] @ P[2 * layer]
            z += P[2 * layer + 1]
            if activation(layer) == "tanh":
                np.tanh(z, out=z)
            elif activation(layer) == "relu":
                np.maximum(z, 0, out=z)
            values.append(z)
        if squared:
            d = (values[-1] - Y[b]) * np.float32(2 / (batch * dims[-1]))
        else:
            e = np.exp(values[-1] - values[-1].max(1, keepdims=True))
            e /= e.sum(1, keepdims=True)
            d = (e - Y[b]) * np.float32(1 / batch)
        for layer in range(layers - 1, -1, -1):
            if activation(layer) == "tanh":
                d = d * (1 - values[layer + 1] * values[layer + 1])
            elif activation(layer) == "relu":
                d = d * (values[layer + 1] > 0)
            weights, bias = values[layer].T @ d, d.sum(0)
            if layer:
                d = d @ P[2 * layer].T
            weights *= rate
            P[2 * layer] -= weights
            P[2 * layer + 1] -= rate * bias

    def parameters():
        return P

    version = np.__version__


def run(steps):
    global place
    for _ in range(steps):
        step(place)
        place = (place + 1) % w["batches"]


def first_loss():
    # The convolutions' part in float32, where NumPy has none of its own.
    a = (convolved(xs[0]).detach().numpy() if images else X[0]).astype(np.float64)
    for layer in range(layers):
        a = a @ parameters()[first + 2 * layer].astype(np.float64) + parameters()[first + 2 * layer + 1]
        if activation(layer) == "tanh":
            a = np.tanh(a)
        elif activation(layer) == "relu":
            a = np.maximum(a, 0)
    if squared:
        return float(((a - Y[0]) ** 2).mean())
    a = a - a.max(1, keepdims=True)
    return float((np.log(np.exp(a).sum(1)) - (a * Y[0]).sum(1)).mean())


run(w["checkSteps"])
print(json.dumps({"loss": first_loss(), "version": version}), flush=True)
per_call = 1
for line in sys.stdin:
    wanted = float(line) / 1000
    steps, begin = 0, time.perf_counter()
    now = begin
    while now - begin < wanted:
        run(per_call)
        steps += per_call
        end = time.perf_counter()
        if end - now < 0.01:
            per_call *= 2
        elif end - now > 0.08:
            per_call = max(1, per_call // 2)
        now = end
    print(json.dumps({"steps": steps, "ms": 1000 * (time.perf_counter() - begin)}), flush=True)
