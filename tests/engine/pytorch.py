"""Runs drawings in PyTorch: reads cases as JSON, writes losses, values and gradients as JSON.

Every operation is spelled here a second time, with PyTorch's own functions where it has them, so that an
agreement means something. A value is a tensor and whether its first axis is the batch.
"""
import json
import math
import sys

import torch
import torch.nn.functional as F


class Value:
    def __init__(self, t, batched):
        self.t, self.batched = t, batched

    @property
    def rank(self):
        return self.t.dim() - self.batched

    def lift(self, rank):
        """Axes of length 1 behind the batch axis, up to `rank` axes for each sample."""
        t = self.t
        for _ in range(rank - self.rank):
            t = t.unsqueeze(1 if self.batched else 0)
        return t


def meet(*values):
    rank = max(v.rank for v in values)
    return [v.lift(rank) if v.batched else v.lift(rank) for v in values], any(v.batched for v in values)


def elementwise(f):
    def run(attrs, *values):
        tensors, batched = meet(*values)
        if batched:
            tensors = [t if v.batched else t.unsqueeze(0) for t, v in zip(tensors, values)]
        return Value(f(attrs, *tensors), batched)
    return run


def per_sample(f):
    """A function of the last axes, which the batch axis does not disturb."""
    return lambda attrs, x: Value(f(attrs, x.t, int(x.batched)), x.batched)


def reduce(f):
    def run(attrs, x):
        first = int(x.batched)
        axes = list(range(first, x.t.dim())) if attrs['axes'] == 'all' else [first + int(axis) for axis in attrs['axes'].split(',')]
        return Value(f(x.t, axes) if axes else x.t * 1, x.batched)
    return run


def loss(f, mean):
    def run(attrs, p, t):
        (a, b), batched = meet(p, t)
        if batched:
            a, b = [x if v.batched else x.unsqueeze(0) for x, v in ((a, p), (b, t))]
        a, b = torch.broadcast_tensors(a, b)
        e = f(attrs, a, b)
        if batched:
            e = e.reshape(e.shape[0], -1)
            return Value(e.mean(1) if mean else e.sum(1), True)
        return Value(e.mean() if mean else e.sum(), False)
    return run


def matmul(attrs, a, b):
    if a.batched and b.batched:
        left, right = a.t, b.t
        row, column = a.rank == 1, b.rank == 1
        if row: left = left.unsqueeze(1)
        if column: right = right.unsqueeze(2)
        extra = left.dim() - right.dim()
        for _ in range(extra): right = right.unsqueeze(1)
        out = left @ right
        if column: out = out.squeeze(-1)
        if row: out = out.squeeze(-1 if column else -2)
        return Value(out, True)
    if b.batched:
        right = b.t.unsqueeze(2) if b.rank == 1 else b.t
        out = torch.einsum('...k,bkn->b...n', a.t, right)
        return Value(out.squeeze(-1) if b.rank == 1 else out, True)
    return Value(a.t @ b.t, a.batched)


def pad(attrs, x, first):
    return F.pad(x, (attrs['size'],) * (2 * int(attrs['axes'])))


def pooled(f1, f2):
    def run(attrs, x, first):
        two = attrs['axes'] == '2'
        keep = x.shape
        flat = x.reshape((-1, 1) + tuple(keep[-2:] if two else keep[-1:]))
        out = (f2 if two else f1)(flat, attrs['size'])
        return out.reshape(tuple(keep[:-2] if two else keep[:-1]) + tuple(out.shape[2:]))
    return run


def convolve(f):
    def run(attrs, x, w):
        out = f(x.t if x.batched else x.t.unsqueeze(0), w.t, stride=attrs['stride'])
        return Value(out if x.batched else out.squeeze(0), x.batched)
    return run


def concatenate(attrs, *values):
    batched = any(v.batched for v in values)
    n = next((v.t.shape[0] for v in values if v.batched), 0)
    parts = [v.t if v.batched or not batched else v.t.unsqueeze(0).expand((n,) + tuple(v.t.shape)) for v in values]
    return Value(torch.cat(parts, attrs['axis'] + int(batched)), batched)


def penalty(f):
    return lambda attrs, x: Value(attrs['strength'] * f(attrs, x.t).sum(), False)


def half(attrs, e):
    return 0.5 * e if attrs['half'] else e


OPS = {
    'add': elementwise(lambda a, *xs: sum(xs[1:], xs[0])),
    'subtract': elementwise(lambda a, x, y: x - y),
    'multiply': elementwise(lambda a, x, y: x * y),
    'divide': elementwise(lambda a, x, y: x / y),
    'minimum': elementwise(lambda a, x, y: torch.where(x < y, x, y)),
    'maximum': elementwise(lambda a, x, y: torch.where(x > y, x, y)),
    'negate': elementwise(lambda a, x: -x),
    'power': elementwise(lambda a, x: x ** a['exponent']),
    'exp': elementwise(lambda a, x: torch.exp(x)),
    'log': elementwise(lambda a, x: torch.log(x)),
    'sqrt': elementwise(lambda a, x: torch.sqrt(x)),
    'abs': elementwise(lambda a, x: torch.abs(x)),
    'sin': elementwise(lambda a, x: torch.sin(x)),
    'cos': elementwise(lambda a, x: torch.cos(x)),
    'clamp': elementwise(lambda a, x: torch.clamp(x, a['low'], a['high'])),
    'identity': elementwise(lambda a, x: x * 1),
    'binary-step': elementwise(lambda a, x: (x > 0).to(x.dtype) + 0 * x),
    'sigmoid': elementwise(lambda a, x: torch.sigmoid(x)),
    'tanh': elementwise(lambda a, x: torch.tanh(x)),
    'relu': elementwise(lambda a, x: F.relu(x)),
    'leaky-relu': elementwise(lambda a, x: F.leaky_relu(x, a['slope'])),
    'elu': elementwise(lambda a, x: F.elu(x)),
    'selu': elementwise(lambda a, x: F.selu(x)),
    'gelu': elementwise(lambda a, x: F.gelu(x, approximate='tanh')),
    'silu': elementwise(lambda a, x: F.silu(x)),
    'softplus': elementwise(lambda a, x: F.softplus(x)),
    'softsign': elementwise(lambda a, x: F.softsign(x)),
    'sine': elementwise(lambda a, x: torch.sin(x)),
    'softmax': per_sample(lambda a, x, first: torch.softmax(x, -1)),
    'log-softmax': per_sample(lambda a, x, first: torch.log_softmax(x, -1)),
    'normalise': per_sample(lambda a, x, first: F.layer_norm(x, x.shape[-1:], eps=a['epsilon'])),
    'standardise': elementwise(lambda a, x, m, v: (x - m) / torch.sqrt(v + a['epsilon'])),
    'dropout': elementwise(lambda a, x: x * 1),
    'sum': reduce(lambda x, axes: x.sum(axes)),
    'mean': reduce(lambda x, axes: x.mean(axes)),
    'max': reduce(lambda x, axes: x.amax(axes)),
    'matmul': matmul,
    'transpose': per_sample(lambda a, x, first: x.transpose(-1, -2)),
    'reshape': per_sample(lambda a, x, first: x.reshape(tuple(x.shape[:first]) + tuple(a['shape']))),
    'flatten': per_sample(lambda a, x, first: x.reshape(tuple(x.shape[:first]) + (-1,))),
    'broadcast': lambda a, x: Value(x.lift(len(a['shape'])).expand(tuple(x.t.shape[:int(x.batched)]) + tuple(a['shape'])), x.batched),
    'slice': per_sample(lambda a, x, first: x.narrow(first + a['axis'], a['from'], a['count'])),
    'pad': per_sample(pad),
    'concatenate': concatenate,
    'convolve-1d': convolve(F.conv1d),
    'convolve-2d': convolve(F.conv2d),
    'max-pooling': per_sample(pooled(F.max_pool1d, F.max_pool2d)),
    'average-pooling': per_sample(pooled(F.avg_pool1d, F.avg_pool2d)),
    'squared-error': loss(lambda a, p, t: half(a, F.mse_loss(p, t, reduction='none')), False),
    'mean-squared-error': loss(lambda a, p, t: half(a, F.mse_loss(p, t, reduction='none')), True),
    'mean-absolute-error': loss(lambda a, p, t: F.l1_loss(p, t, reduction='none'), True),
    'huber': loss(lambda a, p, t: F.huber_loss(p, t, reduction='none', delta=a['delta']), True),
    'hinge': loss(lambda a, p, t: torch.clamp(1 - (2 * t - 1) * p, min=0), True),
    'binary-cross-entropy': loss(lambda a, p, t: F.binary_cross_entropy(p, t, reduction='none') if not t.requires_grad else -(t * torch.log(p) + (1 - t) * torch.log(1 - p)), True),
    'binary-cross-entropy-logits': loss(lambda a, p, t: F.binary_cross_entropy_with_logits(p, t, reduction='none'), True),
    'cross-entropy-logits': loss(lambda a, p, t: -t * torch.log_softmax(p, -1), False),
    'l1-penalty': penalty(lambda a, x: x.abs()),
    'l2-penalty': penalty(lambda a, x: x ** 2),
    'elastic-penalty': penalty(lambda a, x: a['mix'] * x.abs() + (1 - a['mix']) * x ** 2),
}

OPTIMIZERS = {
    'sgd': lambda ps, h: torch.optim.SGD(ps, h['rate']),
    'momentum': lambda ps, h: torch.optim.SGD(ps, h['rate'], momentum=h['momentum']),
    'nesterov': lambda ps, h: torch.optim.SGD(ps, h['rate'], momentum=h['momentum'], nesterov=True),
    'adagrad': lambda ps, h: torch.optim.Adagrad(ps, h['rate'], eps=h['epsilon']),
    'rmsprop': lambda ps, h: torch.optim.RMSprop(ps, h['rate'], alpha=h['alpha'], eps=h['epsilon']),
    'adam': lambda ps, h: torch.optim.Adam(ps, h['rate'], betas=(h['beta1'], h['beta2']), eps=h['epsilon']),
    'adamw': lambda ps, h: torch.optim.AdamW(ps, h['rate'], betas=(h['beta1'], h['beta2']), eps=h['epsilon'], weight_decay=h['decay']),
}


def forward(nodes, values):
    for node in nodes:
        if node['id'] not in values:
            values[node['id']] = OPS[node['op']](node['attrs'], *[values[i] for i in node['inputs']])
    return values


def leaves(nodes, dtype):
    values = {}
    for node in nodes:
        if 'numbers' in node:
            t = torch.tensor(node['numbers'], dtype=dtype).reshape(node['shape'])
            values[node['id']] = Value(t, node['batched'])
    return values


def graph(case):
    values = leaves(case['nodes'], torch.float64)
    for value in values.values():
        value.t.requires_grad_(True)
    forward(case['nodes'], values)
    out = values[case['objective']]
    total = out.t.mean() if out.batched else out.t
    total.backward()
    return {
        'loss': total.item(),
        'gradients': {k: (v.t.grad if v.t.grad is not None else torch.zeros_like(v.t)).reshape(-1).tolist() for k, v in values.items() if v.t.is_leaf},
    }


def training(case):
    dtype = getattr(torch, case['dtype'])
    fixed = leaves(case['nodes'], dtype)
    parameters = {k: v for k, v in fixed.items() if k in case['parameters']}
    for value in parameters.values():
        value.t.requires_grad_(True)
    tensors = [v.t for v in parameters.values()]
    optimizer = OPTIMIZERS[case['optimizer']](tensors, case['hyper'])
    data = {k: torch.tensor(v['numbers'], dtype=dtype).reshape(v['shape']) for k, v in case['data'].items()}
    losses = []
    for rows in case['batches']:
        values = dict(fixed)
        for name, table in data.items():
            values[name] = Value(table[rows], True)
        total = forward(case['nodes'], values)[case['objective']].t.mean()
        losses.append(total.item())
        optimizer.zero_grad()
        total.backward()
        clip = case.get('clip', {})
        if 'value' in clip: torch.nn.utils.clip_grad_value_(tensors, clip['value'])
        if 'norm' in clip: torch.nn.utils.clip_grad_norm_(tensors, clip['norm'])
        optimizer.step()
    return {'losses': losses, 'weights': {k: v.t.detach().reshape(-1).tolist() for k, v in parameters.items()}}


with open(sys.argv[1]) as file:
    cases = json.load(file)
with open(sys.argv[2], 'w') as file:
    json.dump([(training if 'batches' in case else graph)(case) for case in cases], file)
print(torch.__version__)
