"""Trains the recogniser of handwritten digits and writes everything in this folder that is made by it.

Run, in a Python 3.11 virtual environment, from any folder:

    pip install -r models/digits/requirements.txt
    python models/digits/train.py

It takes about eight minutes on one core, prints the figures of README.md, and writes model.onnx,
sample.json, expected.json, seven.png, expected-seven.json and held-out.png. Seeds and the number of
threads are fixed: the same versions on the same kind of processor give the same weights.
"""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from scipy import ndimage
from sklearn.datasets import load_digits
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import KFold

from glyph import SIZE, glyph

FOLDER = Path(__file__).resolve().parent
SEED = 20
FOLDS = 5
EPOCHS = 12
BATCH_SIZE = 128
# Each image is seen once as it is in the data set and this many times as somebody else might draw it.
DRAWN_COPIES = 12
CANVAS = 40
# Which held-out seven seven.png shows: one that people read as a seven at once.
PICTURED = 26
# Standard deviation, in image pixels, of how far a hand strays at sixteen places of the canvas.
WOBBLE = 0.45


def main() -> None:
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    digits = load_digits()
    images = (digits.images / 16).astype(np.float32)
    labels = digits.target.astype(np.int64)
    # The data set seems ordered by writer: folds of neighbours keep most writers out of the training
    # folds, where shuffled folds would show every writer to the model.
    folds = list(KFold(n_splits=FOLDS, shuffle=False).split(images))
    # The last fold's network is the model, so that its held-out figures are those of the file.
    train, held_out = folds[-1]
    network = fit(images[train], labels[train])
    export(network)
    report(images[held_out], labels[held_out])
    write_samples(images[held_out], labels[held_out])
    cross_validate(images, labels, folds)


def cross_validate(images: np.ndarray, labels: np.ndarray, folds: list) -> None:
    accuracies = []
    for number, (train, test) in enumerate(folds, start=1):
        network = fit(images[train], labels[train])
        redrawn = np.stack([glyph(photograph(image)) for image in images[test]])
        hits = predict(network, images[test]) == labels[test]
        redrawn_hits = predict(network, redrawn) == labels[test]
        accuracies.append((hits.mean(), redrawn_hits.mean()))
        print(
            f"fold {number}: trained on {len(train)}, tested on {len(test)}: "
            f"accuracy {hits.mean():.4f}, as 28x28 images {redrawn_hits.mean():.4f}",
            flush=True,
        )
    mean, redrawn_mean = np.mean(accuracies, axis=0)
    print(f"cross-validation: accuracy {mean:.4f}, as 28x28 images {redrawn_mean:.4f}")


class Network(torch.nn.Module):
    """Three convolutions and two dense layers on 8x8 cells; softmax and scaling are in the ONNX graph."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 16, 3, padding=1)
        self.conv2 = torch.nn.Conv2d(16, 24, 3, padding=1)
        self.conv3 = torch.nn.Conv2d(24, 32, 3, padding=1)
        self.dense1 = torch.nn.Linear(32 * 4 * 4, 64)
        self.dense2 = torch.nn.Linear(64, 10)
        self.dropout = torch.nn.Dropout(0.3)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.conv1(image))
        x = torch.relu(self.conv2(x))
        x = torch.max_pool2d(x, 2)
        x = torch.relu(self.conv3(x))
        x = torch.relu(self.dense1(self.dropout(x.flatten(1))))
        return self.dense2(self.dropout(x))


def fit(images: np.ndarray, labels: np.ndarray) -> Network:
    """Trains a network on images [count, 8, 8] from 0 to 1 and redrawn copies of them."""
    random = np.random.default_rng(SEED)
    drawn = [glyph(redraw(image, random)) for image in images for _ in range(DRAWN_COPIES)]
    pool = np.concatenate([images, np.stack([glyph(image) for image in images]), np.stack(drawn)])
    targets = np.concatenate([labels, labels, np.repeat(labels, DRAWN_COPIES)])
    x = torch.from_numpy(scaled(pool.astype(np.float32)))[:, None]
    y = torch.from_numpy(targets)
    torch.manual_seed(SEED)
    network = Network()
    steps = EPOCHS * -(-len(x) // BATCH_SIZE)
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=steps)
    loss_of = torch.nn.CrossEntropyLoss(label_smoothing=0.05)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(x)).split(BATCH_SIZE):
            optimizer.zero_grad()
            loss_of(network(x[batch]), y[batch]).backward()
            optimizer.step()
            schedule.step()
    return network.eval()


def redraw(image: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Draws an 8x8 digit on a larger canvas with another slant, proportion, hand and pen."""
    angle, slant = np.deg2rad(random.uniform(-12, 12)), random.uniform(-0.5, 0.5)
    height, width = 3.0, 3.0 * random.uniform(0.8, 1.7)
    turn = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    matrix = np.diag([1 / height, 1 / width]) @ np.array(turn) @ np.array([[1, 0], [slant, 1]])
    wobble = ndimage.zoom(random.normal(0, WOBBLE, (2, 4, 4)), (1, CANVAS / 4, CANVAS / 4), order=3)
    drawing = warp(image, matrix, wobble)
    # Where the stroke's edge is cut decides how thick the pen was; how sharply, how soft.
    cut, softness = random.uniform(0.25, 0.7), random.uniform(0.02, 0.25)
    return stretched(np.clip((drawing - cut) / softness + 0.5, 0, 1))


def photograph(image: np.ndarray) -> np.ndarray:
    """Shows an 8x8 digit as a smooth 28x28 image with a margin, as data sets of that size do."""
    return stretched(np.pad(enlarged(image, 20), 4))


def enlarged(image: np.ndarray, side: int) -> np.ndarray:
    """Enlarges an image from 0 to 1 with bicubic interpolation."""
    pixels = Image.fromarray(np.asarray(image, np.float32))
    return np.clip(np.asarray(pixels.resize((side, side), Image.Resampling.BICUBIC)), 0, 1)


def warp(image: np.ndarray, matrix: np.ndarray, wobble: np.ndarray) -> np.ndarray:
    """Draws the image on the canvas.

    matrix takes canvas offsets from the middle to image offsets; wobble [2, canvas, canvas] is how far,
    in image pixels, the hand strayed at each place.
    """
    grid = np.indices((CANVAS, CANVAS)).reshape(2, -1) - (CANVAS - 1) / 2
    places = matrix @ grid + (SIZE - 1) / 2 + wobble.reshape(2, -1)
    drawing = ndimage.map_coordinates(image, places, order=3, mode="constant")
    return drawing.reshape(CANVAS, CANVAS)


def stretched(ink: np.ndarray) -> np.ndarray:
    return ink / max(ink.max(), 1e-6)


def scaled(images: np.ndarray) -> np.ndarray:
    """What the graph does first: the darkest cell of each image becomes 1."""
    return images / np.maximum(images.max(axis=(1, 2), keepdims=True), 1e-6)


def predict(network: Network, images: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        logits = network(torch.from_numpy(scaled(images.astype(np.float32)))[:, None])
    return logits.argmax(1).numpy()


def export(network: Network) -> None:
    """Writes the graph by hand: readable names, no exporter, scaling and softmax inside."""
    weights = {
        name.replace(".", "_"): value.detach().numpy() for name, value in network.named_parameters()
    }
    weights["darkest_floor"] = np.array(1e-6, np.float32)
    nodes = [
        helper.make_node("ReduceMax", ["image"], ["darkest"], axes=[1, 2, 3], keepdims=1),
        helper.make_node("Max", ["darkest", "darkest_floor"], ["darkest_cell"]),
        helper.make_node("Div", ["image", "darkest_cell"], ["scaled"]),
        *convolution("conv1", "scaled"),
        *convolution("conv2", "conv1_relu"),
        helper.make_node("MaxPool", ["conv2_relu"], ["pooled"], kernel_shape=[2, 2], strides=[2, 2]),
        *convolution("conv3", "pooled"),
        helper.make_node("Flatten", ["conv3_relu"], ["flat"]),
        dense("dense1", "flat"),
        helper.make_node("Relu", ["dense1"], ["dense1_relu"]),
        dense("dense2", "dense1_relu"),
        helper.make_node("ArgMax", ["dense2"], ["label"], axis=1, keepdims=0),
        helper.make_node("Softmax", ["dense2"], ["probabilities"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "digits",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 1, SIZE, SIZE])],
        [
            helper.make_tensor_value_info("label", TensorProto.INT64, ["batch"]),
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 10]),
        ],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, FOLDER / "model.onnx")
    print(f"model.onnx: {(FOLDER / 'model.onnx').stat().st_size} bytes")


def convolution(name: str, source: str) -> list[onnx.NodeProto]:
    inputs = [source, f"{name}_weight", f"{name}_bias"]
    return [
        helper.make_node("Conv", inputs, [name], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", [name], [f"{name}_relu"]),
    ]


def dense(name: str, source: str) -> onnx.NodeProto:
    return helper.make_node("Gemm", [source, f"{name}_weight", f"{name}_bias"], [name], transB=1)


def run(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Labels and probabilities of images [count, 8, 8], from ONNX Runtime."""
    session = onnxruntime.InferenceSession(FOLDER / "model.onnx", providers=["CPUExecutionProvider"])
    label, probabilities = session.run(
        ["label", "probabilities"], {"image": images[:, None].astype(np.float32)}
    )
    return label, probabilities


def report(images: np.ndarray, labels: np.ndarray) -> None:
    found, probabilities = run(images)
    print(f"held out: {len(labels)} images, accuracy {(found == labels).mean():.4f}")
    print("confusion (rows: written, columns: read)")
    print(confusion_matrix(labels, found))
    for index in np.flatnonzero(found != labels):
        confidence = probabilities[index, found[index]]
        print(f"held-out image {index}: a {labels[index]} read as {found[index]} ({confidence:.2f})")


def write_samples(images: np.ndarray, labels: np.ndarray) -> None:
    sevens = images[labels == 7]
    first = sevens[0]
    label, probabilities = run(first[None])
    tensor = {"name": "image", "datatype": "FP32", "shape": [1, 1, SIZE, SIZE]}
    write_json("sample.json", {"inputs": [{**tensor, "data": decimals(first.flatten())}]})
    outputs = [
        {"name": "label", "datatype": "INT64", "shape": [1], "data": label.tolist()},
        {
            "name": "probabilities",
            "datatype": "FP32",
            "shape": [1, 10],
            "data": decimals(probabilities[0]),
        },
    ]
    write_json("expected.json", {"outputs": outputs})
    write_picture(sevens[PICTURED])
    write_held_out(images, labels)


def write_picture(image: np.ndarray) -> None:
    """Dark ink on white paper, as a person draws."""
    page = np.pad(np.clip((enlarged(image, 96) - 0.45) / 0.8 + 0.5, 0, 1), 16)
    pixels = np.round(255 * (1 - page)).astype(np.uint8)
    Image.fromarray(pixels).save(FOLDER / "seven.png", optimize=True)
    ink = (pixels.max() - pixels.astype(np.float64)) / (pixels.max() - pixels.min())
    label, probabilities = run(glyph(ink)[None])
    rounded = [round(float(value), 6) for value in probabilities[0]]
    write_json("expected-seven.json", {"label": int(label[0]), "probabilities": rounded})


def decimals(values: np.ndarray) -> list[float]:
    """Shortest decimals that give the same 32 bits."""
    return [float(str(value)) for value in values]


def write_held_out(images: np.ndarray, labels: np.ndarray) -> None:
    """All held-out digits in one PNG, a row of 8x8 tiles for every 20, their labels in its text."""
    columns = 20
    rows = -(-len(images) // columns)
    sheet = np.zeros((rows * SIZE, columns * SIZE), np.uint8)
    for index, image in enumerate(images):
        top, left = index // columns * SIZE, index % columns * SIZE
        sheet[top : top + SIZE, left : left + SIZE] = np.round(255 * image)
    text = PngInfo()
    text.add_text("labels", "".join(str(label) for label in labels))
    Image.fromarray(sheet).save(FOLDER / "held-out.png", optimize=True, pnginfo=text)


def write_json(name: str, value: object) -> None:
    (FOLDER / name).write_text(json.dumps(value) + "\n")


if __name__ == "__main__":
    main()
