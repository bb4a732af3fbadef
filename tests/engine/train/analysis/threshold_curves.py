"""Writes threshold-curves.json: curves and histograms by scikit-learn (1.4 or later) and NumPy, for the tests of ours."""
import json, pathlib
import numpy as np
from sklearn.metrics import average_precision_score, precision_recall_curve, precision_recall_fscore_support, roc_auc_score, roc_curve

rng = np.random.default_rng(7)
cases = []
for rows, ties in ((40, False), (200, True), (9, True)):
    truth = rng.integers(0, 2, rows)
    truth[:2] = [0, 1]
    scores = rng.normal(truth * 0.9, 1.0)
    scores = np.round(scores, 1) if ties else np.round(scores, 6)
    fpr, tpr, _ = roc_curve(truth, scores, drop_intermediate=False)
    precision, recall, _ = precision_recall_curve(truth, scores)
    cases.append({
        "scores": scores.tolist(), "truth": truth.tolist(),
        "fpr": fpr.tolist(), "tpr": tpr.tolist(), "precision": precision[::-1].tolist(), "recall": recall[::-1].tolist(),
        "auc": roc_auc_score(truth, scores), "ap": average_precision_score(truth, scores),
    })

truth = rng.integers(0, 3, 60)
scores = rng.dirichlet([1, 1, 1], 60)
scores[np.arange(60), truth] += 0.4
scores /= scores.sum(axis=1, keepdims=True)
guess = scores.argmax(axis=1)
p, r, f, s = precision_recall_fscore_support(truth, guess)
several = {
    "scores": np.round(scores, 7).tolist(), "truth": truth.tolist(),
    "auc": [roc_auc_score(truth == k, np.round(scores, 7)[:, k]) for k in range(3)],
    "macro": roc_auc_score(truth, scores, multi_class="ovr"),
    "ap": [average_precision_score(truth == k, np.round(scores, 7)[:, k]) for k in range(3)],
    "precision": p.tolist(), "recall": r.tolist(), "f1": f.tolist(), "support": s.tolist(),
}

numbers = np.round(rng.normal(3, 20, 500), 4)
here = pathlib.Path(__file__).with_name("threshold-curves.json")
here.write_text(json.dumps({"cases": cases, "several": several, "numbers": numbers.tolist(),
    "mean": numbers.mean(), "deviation": numbers.std(),
    "counts": np.histogram(numbers, bins=np.arange(-80, 81, 5))[0].tolist()}))
