"""The network of multilingual-e5-small (a BERT of 12 layers) with 8-bit multiplications.

Weights get one scale a column, activations one scale a token, found while it runs; so a text's
vector never depends on the texts beside it. Processors multiply 8-bit integers several times as
fast as they do floats (VNNI on x86, dot product on ARM); onnxruntime picks the instructions.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fourfold.models.e5.graph import Graph
from fourfold.models.e5.weights import HEADS, HIDDEN, LAYERS, POSITIONS, WIDTH, Weights, unpack

_MS = "com.microsoft"
_EPSILON = 1e-12  # of the layer norms, from the model's own configuration
# 7 bits: AVX2 without VNNI adds pairs of 255 x weight in 16 bits, which 8 bits overflow.
_WEIGHT_MAX = 63


class Network:
    """Turns token numbers into vectors of length 1; may run in several threads at once."""

    def __init__(self, weights: Weights) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # the caller's threads each run a batch of their own
        options.log_severity_level = 3
        # "All" would fuse Add + LayerNormalization into a kernel that is ten times slower.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.enable_mem_pattern = False  # every batch has another shape
        self._session = onnxruntime.InferenceSession(
            _build(weights), options, providers=["CPUExecutionProvider"]
        )
        self._words = weights.blocks("emb.word", WIDTH)
        places = weights.vector("emb.pos").reshape(POSITIONS, WIDTH)
        self._places = places + weights.vector("emb.type")[:WIDTH]

    def run(self, batch: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Vectors of texts that all have the same number of tokens: no padding, no mask."""
        numbers = np.array(batch)  # (texts, tokens)
        words = unpack(self._words[numbers.reshape(-1)]).reshape(*numbers.shape, WIDTH)
        tokens = words + self._places[: numbers.shape[1]]  # (texts, tokens, width)
        means: NDArray[np.float32] = self._session.run(None, {"tokens": tokens})[0]
        means /= np.linalg.norm(means, axis=1, keepdims=True)
        return means


def _build(weights: Weights) -> bytes:
    """All layers, then the mean over the tokens."""
    graph = Graph()
    first = [_vector(graph, weights, name) for name in ("emb.ln.w", "emb.ln.b")]
    state = graph.node("LayerNormalization", ["tokens", *first], attributes={"epsilon": _EPSILON})
    for number in range(LAYERS):
        state = _layer(graph, weights, f"l{number}.", state)
    axis = graph.constant("token_axis", np.array([1]))
    mean = graph.node("ReduceMean", [state, axis], attributes={"keepdims": 0})
    return graph.serialize("tokens", mean, source_shape=("texts", "length", WIDTH))


def _layer(graph: Graph, weights: Weights, layer: str, state: str) -> str:
    """Attention, then two dense layers; each is added to what came in and normalised."""
    small = _quantise(graph, state)
    query, key, value = (_multiply(graph, weights, small, f"{layer}{one}.w") for one in "qkv")
    biases = np.concatenate([weights.vector(f"{layer}{one}.b") for one in "qkv"])
    bias = graph.constant(f"{layer}qkv.b", biases)
    seen = graph.node(
        "MultiHeadAttention", [query, key, value, bias], domain=_MS, attributes={"num_heads": HEADS}
    )
    attention = _multiply(graph, weights, _quantise(graph, seen), f"{layer}ao.w")
    state = _add_and_normalise(graph, weights, state, attention, f"{layer}ao.b", f"{layer}aln")
    wide = _multiply(graph, weights, _quantise(graph, state), f"{layer}fi.w")
    bent = graph.node("BiasGelu", [wide, _vector(graph, weights, f"{layer}fi.b")], domain=_MS)
    narrow = _multiply(graph, weights, _quantise(graph, bent), f"{layer}fo.w", rows=HIDDEN)
    return _add_and_normalise(graph, weights, state, narrow, f"{layer}fo.b", f"{layer}oln")


def _quantise(graph: Graph, state: str) -> tuple[str, str]:
    """Each token as integers of 8 bits around 128, and the scale that undoes it."""
    axis = graph.constant("last_axis", np.array([-1]))
    full = graph.constant("full", np.array(127, np.float32))
    tiny = graph.constant("tiny", np.array(1e-9, np.float32))
    peak = graph.node("ReduceMax", [graph.node("Abs", [state]), axis], attributes={"keepdims": 1})
    scale = graph.node("Div", [graph.node("Add", [peak, tiny]), full])  # (texts, tokens, 1)
    steps = graph.node("Div", [state, scale])
    return graph.node("QuantizeLinear", [steps, _one(graph), _middle(graph)]), scale


def _multiply(
    graph: Graph, weights: Weights, small: tuple[str, str], name: str, *, rows: int = WIDTH
) -> str:
    matrix = weights.matrix(name, rows).T  # (in, out)
    scales = np.maximum(np.abs(matrix).max(axis=0) / _WEIGHT_MAX, 1e-12)
    integers = graph.constant(name, np.rint(matrix / scales).astype(np.int8))
    columns = graph.constant(f"{name}.scale", scales.astype(np.float32))
    numbers, scale = small
    product = graph.node(
        "MatMulIntegerToFloat",
        [numbers, integers, _one(graph), columns, _middle(graph)],
        domain=_MS,
    )
    return graph.node("Mul", [product, scale])


def _add_and_normalise(
    graph: Graph, weights: Weights, state: str, change: str, bias: str, norm: str
) -> str:
    change = graph.node("Add", [change, _vector(graph, weights, bias)])
    total = graph.node("Add", [state, change])
    scale, shift = (_vector(graph, weights, f"{norm}.{one}") for one in "wb")
    attributes = {"epsilon": _EPSILON}
    return graph.node("LayerNormalization", [total, scale, shift], attributes=attributes)


def _vector(graph: Graph, weights: Weights, name: str) -> str:
    return graph.constant(name, weights.vector(name))


def _one(graph: Graph) -> str:
    return graph.constant("one", np.array(1, np.float32))


def _middle(graph: Graph) -> str:
    return graph.constant("middle", np.array(128, np.uint8))
