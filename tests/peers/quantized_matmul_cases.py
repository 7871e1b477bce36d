# SPDX-License-Identifier: Apache-2.0
"""com.microsoft's products of quantized matrices and weights of few bits. Where ONNX Runtime rounds
activations that hone does not (accuracy_level 4), inputs are such that rounding changes nothing."""
import numpy as np
from onnx import TensorProto, helper, numpy_helper
from peer_cases import one_node

FLOAT, HALF = TensorProto.FLOAT, TensorProto.FLOAT16
U8, I8, I32 = TensorProto.UINT8, TensorProto.INT8, TensorProto.INT32


def draw(rng, dtype, *shape):
    info = np.iinfo(dtype)
    return rng.integers(info.min, info.max + 1, shape).astype(dtype)


def nbits(rng, n, k, block, bits, zeros=None, real=np.float32, flat=False):
    """Weights, scales and zero points of MatMulNBits."""
    blocks = -(-k // block)
    weights = {"B": draw(rng, np.uint8, n, blocks, block * bits // 8),
               "scales": rng.uniform(0.01, 0.1, (n, blocks)).astype(real)}
    if zeros == "packed":
        weights["zero_points"] = draw(rng, np.uint8, n, -(-blocks * bits // 8))
    elif zeros == "float":
        weights["zero_points"] = rng.uniform(0, 2 ** bits - 1, (n, blocks)).astype(real)
    else:
        weights["zero_points"] = None
    if flat:
        weights["scales"] = weights["scales"].reshape(-1)
        if zeros:
            weights["zero_points"] = weights["zero_points"].reshape(-1)
    return weights


def matmul_nbits():
    rng = np.random.default_rng(1)
    for bits, block, n, k, zeros, rows in (
            (4, 16, 5, 40, None, (3,)), (4, 32, 70, 64, "packed", (2, 3)), (4, 32, 8, 100, "packed", (1,)),
            (4, 64, 130, 200, "float", (4,)), (4, 128, 16, 256, "packed", (2,)), (4, 256, 16, 300, None, (2,)),
            (8, 32, 9, 64, None, (3,)), (8, 16, 33, 50, "packed", (2,)), (8, 128, 64, 128, "packed", (5,)),
            (2, 16, 12, 64, None, (2,)), (2, 32, 70, 100, "packed", (3,)), (2, 64, 6, 128, "packed", (2, 2)),
            (4, 32, 3, 32, "packed", ())):
        x = rng.normal(size=(*rows, k)).astype(np.float32)
        inputs = {"A": x, **nbits(rng, n, k, block, bits, zeros)}
        yield f"ms_matmul_nbits_{bits}_{block}_{n}x{k}_{zeros}", *one_node(
            "MatMulNBits", inputs, {"Y": (FLOAT, max(1, x.ndim))}, constants=("B", "scales", "zero_points"),
            bits=bits, block_size=block, N=n, K=k)
    inputs = {"A": rng.normal(size=(2, 64)).astype(np.float16), **nbits(rng, 20, 64, 32, 4, "packed", np.float16)}
    yield "ms_matmul_nbits_half", *one_node("MatMulNBits", inputs, {"Y": (HALF, 2)},
                                            constants=("B", "scales", "zero_points"), bits=4, block_size=32,
                                            N=20, K=64)
    inputs = {"A": rng.normal(size=(3, 64)).astype(np.float32), **nbits(rng, 20, 64, 16, 4, "packed", flat=True),
              "g_idx": None, "bias": rng.normal(size=20).astype(np.float32)}
    yield "ms_matmul_nbits_bias", *one_node("MatMulNBits", inputs, {"Y": (FLOAT, 2)}, bits=4, block_size=16,
                                            N=20, K=64)
    # Of the groups of 16 elements, ONNX Runtime reads the first 8 twice; packed zero points it ignores.
    groups = np.repeat([0, 2, 1, 3], 16).astype(np.int32)
    for zeros in (None, "float"):
        inputs = {"A": rng.normal(size=(3, 64)).astype(np.float32), **nbits(rng, 20, 64, 16, 4, zeros),
                  "g_idx": groups}
        yield f"ms_matmul_nbits_groups_{zeros}", *one_node("MatMulNBits", inputs, {"Y": (FLOAT, 2)}, bits=4,
                                                           block_size=16, N=20, K=64)
    # Whole numbers with 127 in each block are rounded to themselves.
    x = rng.integers(-127, 128, (3, 64)).astype(np.float32)
    x[:, ::16] = 127
    inputs = {"A": x, **nbits(rng, 20, 64, 32, 4, "packed")}
    yield "ms_matmul_nbits_level_4", *one_node("MatMulNBits", inputs, {"Y": (FLOAT, 2)},
                                               constants=("B", "scales", "zero_points"), bits=4,
                                               block_size=32, N=20, K=64, accuracy_level=4)


def matmul_bnb4():
    rng = np.random.default_rng(2)
    for kind, n, k, block, rows in ((0, 6, 64, 16, (3,)), (1, 6, 64, 64, (2, 2)), (1, 5, 48, 32, (3,)),
                                    (0, 7, 24, 16, (1,))):
        inputs = {"A": rng.normal(size=(*rows, k)).astype(np.float32),
                  "B": draw(rng, np.uint8, (n * k + 1) // 2),
                  "absmax": rng.uniform(0.1, 2, (n * k + block - 1) // block).astype(np.float32)}
        yield f"ms_matmul_bnb4_{kind}_{n}x{k}_{block}", *one_node(
            "MatMulBnb4", inputs, {"Y": (FLOAT, len(rows) + 1)}, constants=("B", "absmax"), quant_type=kind,
            block_size=block, N=n, K=k)


def matmul_fpq4():
    rng = np.random.default_rng(7)
    for kind, k, n in ((0, 64, 5), (0, 40, 4), (1, 64, 5), (1, 50, 3)):
        blocks = []
        for _ in range(n * -(-k // 32)):
            blocks.append(np.array([rng.uniform(0.01, 0.1)], np.float32).tobytes())
            if kind == 1:
                blocks.append(bytes([int(rng.integers(0, 16))]))
            blocks.append(draw(rng, np.uint8, 16).tobytes())
        inputs = {"A": rng.normal(size=(2, 3, k)).astype(np.float32),
                  "B": np.frombuffer(b"".join(blocks), np.uint8), "B_shape": np.array([k, n], np.int64)}
        yield f"ms_matmul_fpq4_{kind}_{k}x{n}", *one_node(
            "MatMulFpQ4", inputs, {"Y": (FLOAT, 3)}, constants=("B", "B_shape"), blk_quant_type=kind)


def integer_to_float():
    rng = np.random.default_rng(3)
    for a, b, shapes, columns, zeros, bias in (
            (np.uint8, np.int8, ((2, 3, 4), (4, 5)), True, True, True),
            (np.uint8, np.uint8, ((3, 64), (64, 17)), False, True, False),
            (np.int8, np.int8, ((2, 2, 3), (2, 3, 4)), False, True, True),
            (np.uint8, np.int8, ((5, 300), (300, 8)), True, False, True)):
        n = shapes[1][-1]
        size = (n,) if columns else ()
        inputs = {"A": draw(rng, a, *shapes[0]), "B": draw(rng, b, *shapes[1]),
                  "a_scale": np.array(0.02, np.float32), "b_scale": rng.uniform(0.01, 0.1, size).astype(np.float32),
                  "a_zero_point": draw(rng, a) if zeros else None,
                  "b_zero_point": draw(rng, b, *size) if zeros else None,
                  "bias": rng.normal(size=n).astype(np.float32) if bias else None}
        name = f"{np.dtype(a).name}_{np.dtype(b).name}_{len(shapes[1])}d_{n}"
        yield f"ms_matmul_integer_to_float_{name}", *one_node("MatMulIntegerToFloat", inputs,
                                                              {"Y": (FLOAT, len(shapes[0]))})
    for b, columns, zeros, bias, weight in ((np.int8, True, True, True, True), (np.uint8, False, True, False, True),
                                            (np.int8, False, False, True, False)):
        size = (7,) if columns else ()
        inputs = {"A": rng.normal(size=(2, 5, 33)).astype(np.float32), "B": draw(rng, b, 33, 7),
                  "b_scale": rng.uniform(0.01, 0.1, size).astype(np.float32),
                  "b_zero_point": draw(rng, b, *size) if zeros else None,
                  "bias": rng.normal(size=7).astype(np.float32) if bias else None}
        constants = ("B", "b_scale", "b_zero_point") if weight else ()
        yield f"ms_dynamic_quantize_matmul_{np.dtype(b).name}_{columns}_{zeros}", *one_node(
            "DynamicQuantizeMatMul", inputs, {"Y": (FLOAT, 3)}, constants=constants)


def qgemm():
    rng = np.random.default_rng(4)
    for a, b, trans_a, trans_b, columns, bias, quantized, alpha in (
            (np.uint8, np.int8, 0, 0, True, (5,), True, 1.0), (np.uint8, np.uint8, 1, 1, False, (3, 5), True, 0.5),
            (np.int8, np.int8, 0, 1, True, (3, 1), True, 1.0), (np.uint8, np.int8, 0, 0, False, None, False, 1.0),
            (np.int8, np.int8, 1, 0, True, (1, 5), False, 2.0)):
        size = (5,) if columns else ()
        inputs = {"A": draw(rng, a, *((20, 3) if trans_a else (3, 20))), "a_scale": np.array(0.02, np.float32),
                  "a_zero_point": draw(rng, a), "B": draw(rng, b, *((5, 20) if trans_b else (20, 5))),
                  "b_scale": rng.uniform(0.01, 0.1, size).astype(np.float32),
                  "b_zero_point": draw(rng, b, *size),
                  "C": rng.integers(-5000, 5000, bias).astype(np.int32) if bias else None,
                  "y_scale": np.array(0.4, np.float32) if quantized else None,
                  "y_zero_point": draw(rng, a) if quantized else None}
        kind = helper.np_dtype_to_tensor_dtype(np.dtype(a)) if quantized else FLOAT
        yield f"ms_qgemm_{np.dtype(a).name}_{np.dtype(b).name}_{trans_a}{trans_b}_{quantized}", *one_node(
            "QGemm", inputs, {"Y": (kind, 2)}, transA=trans_a, transB=trans_b, alpha=alpha)
    inputs = {"A": draw(rng, np.int16, 2, 3, 20), "B": draw(rng, np.int16, 20, 4)}
    yield "ms_matmul_integer16", *one_node("MatMulInteger16", inputs, {"Y": (I32, 3)})


def gather():
    rng = np.random.default_rng(5)
    index = np.array([[2, 0, -1], [4, 4, 1]], np.int64)
    for bits, zeros in ((4, True), (4, False), (8, True), (8, False), (2, True), (2, False)):
        width = 40
        blocks = -(-width // 16)
        inputs = {"data": draw(rng, np.uint8, 5, width * bits // 8), "indices": index,
                  "scales": rng.uniform(0.01, 0.1, (5, blocks)).astype(np.float32),
                  "zero_points": draw(rng, np.uint8, 5, -(-blocks * bits // 8)) if zeros else None}
        yield f"ms_gather_block_uint8_{bits}_{zeros}", *one_node(
            "GatherBlockQuantized", inputs, {"output": (FLOAT, 3)}, constants=("data", "scales", "zero_points"),
            bits=bits, block_size=16, gather_axis=0, quantize_axis=1)
    inputs["indices"] = np.array([3, 9, -6, 1], np.int32)
    inputs["scales"] = inputs["scales"].astype(np.float16)
    yield "ms_gather_block_out_of_range", *one_node(
        "GatherBlockQuantized", inputs, {"output": (HALF, 2)}, bits=2, block_size=16, gather_axis=0,
        quantize_axis=-1)


def packed_gather():
    """data of type int4 and uint4, which numpy knows by way of ml_dtypes only."""
    rng = np.random.default_rng(6)
    for kind, gather_axis, quantize_axis, zeros, size in (
            (TensorProto.INT4, 0, 2, True, (4, 3, 40)), (TensorProto.UINT4, 0, 1, False, (4, 40, 3)),
            (TensorProto.UINT4, 1, 0, True, (40, 4, 3)), (TensorProto.INT4, 1, 1, False, (3, 40, 5)),
            (TensorProto.FLOAT8E4M3FN, 0, 2, False, (4, 3, 40))):
        real = helper.tensor_dtype_to_np_dtype(kind)
        low, high = {TensorProto.INT4: (-8, 8), TensorProto.UINT4: (0, 16)}.get(kind, (-9, 9))
        scales = [-(-s // 16) if a == quantize_axis else s for a, s in enumerate(size)]
        inputs = {"data": rng.integers(low, high, size).astype(real),
                  "indices": np.array([2, 0, -1], np.int32),
                  "scales": rng.uniform(0.01, 0.1, scales).astype(np.float32),
                  "zero_points": rng.integers(low, high, scales).astype(real) if zeros else None}
        yield f"ms_gather_block_{TensorProto.DataType.Name(kind).lower()}_{gather_axis}{quantize_axis}", *one_node(
            "GatherBlockQuantized", inputs, {"output": (FLOAT, 3)}, constants=("data", "scales", "zero_points"),
            block_size=16, gather_axis=gather_axis, quantize_axis=quantize_axis)


def cases():
    yield from matmul_nbits()
    yield from matmul_bnb4()
    yield from matmul_fpq4()
    yield from integer_to_float()
    yield from qgemm()
    yield from gather()
    yield from packed_gather()
