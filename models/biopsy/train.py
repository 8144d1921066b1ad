"""Trains the tabular classifier and writes everything in this folder that is made by it.

Run, in a Python 3.11 virtual environment, from any folder:

    pip install -r models/biopsy/requirements.txt
    python models/biopsy/train.py

It takes seconds, prints the figures of README.md, and writes model.onnx, sample.json and
expected.json. Splits and folds are seeded; the solver is deterministic.
"""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix, log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict, train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

FOLDER = Path(__file__).resolve().parent
SEED = 20
# Inverse strength of the penalty, chosen by cross-validated log loss on the training rows.
PENALTIES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)


def main() -> None:
    data = load_breast_cancer()
    features = data.data.astype(np.float32)
    labels = data.target.astype(np.int64)
    train, held_out, train_labels, held_out_labels = train_test_split(
        features, labels, test_size=0.2, stratify=labels, random_state=SEED
    )
    penalty = choose_penalty(train, train_labels)
    fitted = pipeline(penalty).fit(train, train_labels)
    export(fitted)
    report(held_out, held_out_labels)
    check(fitted, held_out)
    write_samples(held_out, held_out_labels)


def pipeline(penalty: float) -> Pipeline:
    return make_pipeline(StandardScaler(), LogisticRegression(C=penalty, max_iter=5000))


def choose_penalty(features: np.ndarray, labels: np.ndarray) -> float:
    folds = StratifiedKFold(n_splits=10, shuffle=True, random_state=SEED)
    losses = []
    print(f"10-fold cross-validation on {len(labels)} training rows")
    for penalty in PENALTIES:
        guesses = cross_val_predict(
            pipeline(penalty), features, labels, cv=folds, method="predict_proba"
        )
        losses.append(log_loss(labels, guesses))
        accuracy = (guesses.argmax(1) == labels).mean()
        area = roc_auc_score(labels, guesses[:, 1])
        print(f"C={penalty}: log loss {losses[-1]:.4f}, accuracy {accuracy:.4f}, ROC AUC {area:.4f}")
    best = PENALTIES[int(np.argmin(losses))]
    print(f"chosen: C={best}")
    return best


def export(fitted: Pipeline) -> None:
    """Writes the graph by hand: the scaler, a linear layer with one row per class, softmax."""
    scaler, regression = fitted[0], fitted[1]
    # softmax([0, z]) is [1 - sigmoid(z), sigmoid(z)], the two-class logistic regression.
    weights = np.concatenate([np.zeros_like(regression.coef_), regression.coef_])
    constants = {
        "mean": scaler.mean_,
        "deviation": scaler.scale_,
        "weights": weights,
        "bias": np.array([0.0, regression.intercept_[0]]),
    }
    nodes = [
        helper.make_node("Sub", ["features", "mean"], ["centred"]),
        helper.make_node("Div", ["centred", "deviation"], ["standardised"]),
        helper.make_node("Gemm", ["standardised", "weights", "bias"], ["logits"], transB=1),
        helper.make_node("ArgMax", ["logits"], ["label"], axis=1, keepdims=0),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "biopsy",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", 30])],
        [
            helper.make_tensor_value_info("label", TensorProto.INT64, ["batch"]),
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 2]),
        ],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, FOLDER / "model.onnx")
    print(f"model.onnx: {(FOLDER / 'model.onnx').stat().st_size} bytes")


def run(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Labels and probabilities of rows [count, 30], from ONNX Runtime."""
    session = onnxruntime.InferenceSession(FOLDER / "model.onnx", providers=["CPUExecutionProvider"])
    label, probabilities = session.run(["label", "probabilities"], {"features": features})
    return label, probabilities


def report(features: np.ndarray, labels: np.ndarray) -> None:
    found, probabilities = run(features)
    area = roc_auc_score(labels, probabilities[:, 1])
    exact = probabilities.astype(np.float64)
    print(
        f"held out: {len(labels)} rows, accuracy {(found == labels).mean():.4f}, "
        f"ROC AUC {area:.4f}, log loss {log_loss(labels, exact / exact.sum(1, keepdims=True)):.4f}"
    )
    print("confusion (rows: true malignant, benign; columns: predicted malignant, benign)")
    print(confusion_matrix(labels, found))
    for index in np.flatnonzero(found != labels):
        print(f"held-out row {index}: {labels[index]} taken for {found[index]}: {probabilities[index]}")


def check(fitted: Pipeline, features: np.ndarray) -> None:
    """The graph computes in 32 bits what scikit-learn computes in 64."""
    difference = np.abs(run(features)[1] - fitted.predict_proba(features.astype(np.float64))).max()
    print(f"largest difference to scikit-learn: {difference:.1e}")
    assert difference < 1e-5


def write_samples(features: np.ndarray, labels: np.ndarray) -> None:
    """The sample is the first held-out row that is malignant."""
    row = features[np.flatnonzero(labels == 0)[0]]
    label, probabilities = run(row[None])
    # str of a numpy float32 is the shortest decimal that gives the same 32 bits.
    data = [float(str(value)) for value in row]
    tensor = {"name": "features", "datatype": "FP32", "shape": [1, 30], "data": data}
    write_json("sample.json", {"inputs": [tensor]})
    outputs = [
        {"name": "label", "datatype": "INT64", "shape": [1], "data": label.tolist()},
        {
            "name": "probabilities",
            "datatype": "FP32",
            "shape": [1, 2],
            "data": [float(str(value)) for value in probabilities[0]],
        },
    ]
    write_json("expected.json", {"outputs": outputs})


def write_json(name: str, value: object) -> None:
    (FOLDER / name).write_text(json.dumps(value) + "\n")


if __name__ == "__main__":
    main()
