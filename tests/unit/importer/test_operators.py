"""Every operator that Warploom promises to import computes the same after import and export, in every version."""

from __future__ import annotations

import onnx.defs
import pytest

IMAGE = "(float[1,4,9,10] x) => (float y)"
MATRIX = "(float[2,3,4] x) => (float y)"
PAIR = "(float[2,3,4] x, float[2,3,4] z) => (float y)"
BOOLEAN = "(float[2,3,4] x, float[2,3,4] z) => (bool y)"
WEIGHT = "w = RandomNormalLike(s)"

CASES: dict[str, tuple[range, str]] = {
    # convolutions
    "conv": (range(7, 24), "(float[1,4,9,10] x, float[6,4,3,3] w, float[6] b) => (float y) { y = Conv(x, w, b) }"),
    "conv_attributes": (
        range(7, 24, 8),
        "(float[1,4,9,10] x, float[6,2,3,3] w) => (float y)"
        " { y = Conv<group=2, strides=[2,1], pads=[1,0,2,1], dilations=[1,2], kernel_shape=[3,3]>(x, w) }",
    ),
    "conv_same_upper": (
        range(7, 24, 8),
        "(float[1,4,9,10] x, float[6,4,4,3] w) => (float y) { y = Conv<auto_pad=\"SAME_UPPER\", strides=[2,2]>(x, w) }",
    ),
    "conv_same_lower": (
        range(7, 24, 8),
        "(float[1,4,9,10] x, float[6,4,4,3] w) => (float y) { y = Conv<auto_pad=\"SAME_LOWER\", strides=[2,3]>(x, w) }",
    ),
    "conv_valid": (
        range(7, 24, 8),
        "(float[1,4,9,10] x, float[6,4,4,3] w) => (float y) { y = Conv<auto_pad=\"VALID\">(x, w) }",
    ),
    "conv_depthwise": (range(7, 24, 8), "(float[1,4,9,10] x, float[8,1,3,3] w) => (float y) { y = Conv<group=4>(x, w) }"),
    "conv_1d": (range(7, 24, 8), "(float[1,4,9] x, float[8,4,3] w) => (float y) { y = Conv(x, w) }"),
    "conv_3d": (range(7, 24, 8), "(float[1,2,5,6,7] x, float[3,2,3,2,1] w) => (float y) { y = Conv(x, w) }"),
    "conv_transpose": (
        range(7, 24),
        "(float[1,4,5,6] x, float[4,3,3,3] w, float[3] b) => (float y)"
        " { y = ConvTranspose<strides=[2,2], pads=[1,1,1,1], output_padding=[1,1]>(x, w, b) }",
    ),
    "conv_transpose_same": (
        range(7, 24, 8),
        '(float[1,4,5,6] x, float[4,3,3,3] w) => (float y) { y = ConvTranspose<strides=[2,2], auto_pad="SAME_UPPER">(x, w) }',
    ),
    "conv_transpose_output_shape": (
        range(7, 24, 8),
        "(float[1,4,5,6] x, float[4,3,3,3] w) => (float y) { y = ConvTranspose<strides=[2,2], output_shape=[10,12]>(x, w) }",
    ),
    # pooling
    "max_pool": (
        range(7, 24),
        f"{IMAGE} {{ y = MaxPool<kernel_shape=[3,2], strides=[2,2], pads=[1,0,1,1]>(x) }}",
    ),
    "max_pool_ceil": (
        range(10, 24),
        f"{IMAGE} {{ y = MaxPool<kernel_shape=[2,3], strides=[2,2], ceil_mode=1, dilations=[2,1]>(x) }}",
    ),
    "max_pool_same": (range(7, 24, 4), f'{IMAGE} {{ y = MaxPool<kernel_shape=[3,3], strides=[2,2], auto_pad="SAME_UPPER">(x) }}'),
    "max_pool_indices": (
        range(8, 24, 5),
        "(float[1,4,9,10] x) => (float y, int64 i) { y, i = MaxPool<kernel_shape=[3,3]>(x) }",
    ),
    "max_pool_indices_unread": (
        range(8, 24, 5),
        f"{IMAGE} {{ y, i = MaxPool<kernel_shape=[3,3]>(x) }}",
    ),
    "average_pool": (
        range(7, 24),
        f"{IMAGE} {{ y = AveragePool<kernel_shape=[3,2], strides=[2,2], pads=[1,0,1,1]>(x) }}",
    ),
    "average_pool_include_pad": (
        range(7, 24),
        f"{IMAGE} {{ y = AveragePool<kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1], count_include_pad=1>(x) }}",
    ),
    "average_pool_ceil": (
        range(10, 24),
        f"{IMAGE} {{ y = AveragePool<kernel_shape=[3,3], strides=[2,2], ceil_mode=1>(x) }}",
    ),
    "average_pool_same": (range(7, 24, 4), f'{IMAGE} {{ y = AveragePool<kernel_shape=[2,3], auto_pad="SAME_LOWER">(x) }}'),
    "lp_pool": (range(7, 24, 4), f"{IMAGE} {{ y = LpPool<kernel_shape=[3,3], p=2>(x) }}"),
    "global_average_pool": (range(7, 24, 4), f"{IMAGE} {{ y = GlobalAveragePool(x) }}"),
    "global_max_pool": (range(7, 24, 4), f"{IMAGE} {{ y = GlobalMaxPool(x) }}"),
    "global_lp_pool": (range(7, 22, 4), f"{IMAGE} {{ y = GlobalLpPool<p=2>(x) }}"),
    # matrix products
    "gemm": (
        range(7, 24, 4),
        "(float[3,4] x, float[5,3] w, float[5] b) => (float y)"
        " { t = Transpose<perm=[1,0]>(x) y = Gemm<alpha=0.5, beta=2.0, transB=1>(t, w, b) }",
    ),
    "gemm_trans_a": (range(11, 24, 4), "(float[3,4] x, float[3,5] w) => (float y) { y = Gemm<transA=1>(x, w) }"),
    "matmul": (range(7, 24, 4), "(float[2,3,4] x, float[4,5] w) => (float y) { y = MatMul(x, w) }"),
    "matmul_batched": (range(7, 24, 4), "(float[2,1,3,4] x, float[5,4,6] w) => (float y) { y = MatMul(x, w) }"),
    "einsum": (range(12, 24, 4), '(float[2,3,4] x, float[2,5,4] w) => (float y) { y = Einsum<equation="bij,bkj->bik">(x, w) }'),
    # normalizations
    "batch_normalization": (
        range(7, 24),
        "(float[1,4,9,10] x, float[4] s, float[4] b, float[4] m, float[4] u) => (float y)"
        " { v = Mul(u, u) y = BatchNormalization<epsilon=0.01>(x, s, b, m, v) }",
    ),
    "instance_normalization": (
        range(7, 24, 4),
        "(float[1,4,9,10] x, float[4] s, float[4] b) => (float y) { y = InstanceNormalization(x, s, b) }",
    ),
    "layer_normalization": (
        range(17, 24),
        "(float[2,3,8] x, float[8] s, float[8] b) => (float y) { y = LayerNormalization<axis=-1>(x, s, b) }",
    ),
    "layer_normalization_statistics": (
        range(17, 24, 3),
        "(float[2,3,8] x, float[8] s) => (float y, float d) { y, m, d = LayerNormalization<axis=2>(x, s) }",
    ),
    "group_normalization_per_group": (
        range(18, 21),
        "(float[1,4,9,10] x) => (float y) { s = Constant<value_floats=[1.0,2.0]>() b = Constant<value_floats=[0.5,3.0]>()"
        " y = GroupNormalization<num_groups=2>(x, s, b) }",
    ),
    "group_normalization": (
        range(21, 24),
        "(float[1,4,9,10] x, float[4] s, float[4] b) => (float y) { y = GroupNormalization<num_groups=2>(x, s, b) }",
    ),
    "rms_normalization": (range(23, 24), "(float[2,3,8] x, float[8] s) => (float y) { y = RMSNormalization(x, s) }"),
    "lrn": (range(7, 24, 4), f"{IMAGE} {{ y = LRN<size=3, alpha=0.1>(x) }}"),
    "lp_normalization": (range(7, 22, 4), f"{MATRIX} {{ y = LpNormalization<axis=1, p=1>(x) }}"),
    # softmax
    "softmax": (range(7, 24), f"{MATRIX} {{ y = Softmax(x) }}"),
    "softmax_axis_0": (range(7, 24, 3), f"{MATRIX} {{ y = Softmax<axis=0>(x) }}"),
    "softmax_last": (range(11, 24, 3), f"{MATRIX} {{ y = Softmax<axis=-1>(x) }}"),
    "softmax_singular": (range(7, 24, 3), "(float[2,5,1,1] x) => (float y) { y = Softmax<axis=1>(x) }"),
    "log_softmax": (range(7, 24), f"{MATRIX} {{ y = LogSoftmax<axis=1>(x) }}"),
    "hardmax": (range(7, 24, 4), f"{MATRIX} {{ y = Hardmax<axis=1>(x) }}"),
    # reductions
    "reduce_mean": (range(7, 18), f"{MATRIX} {{ y = ReduceMean<axes=[1,-1], keepdims=0>(x) }}"),
    "reduce_mean_input": (range(18, 24), f"{MATRIX} {{ a = Constant<value_ints=[-2]>() y = ReduceMean(x, a) }}"),
    "reduce_sum_input": (range(13, 24), f"{MATRIX} {{ a = Constant<value_ints=[0,2]>() y = ReduceSum<keepdims=0>(x, a) }}"),
    "reduce_all": (range(7, 24, 4), f"{MATRIX} {{ y = ReduceMax(x) }}"),
    "reduce_noop": (range(18, 24, 2), f"{MATRIX} {{ t = ReduceSum<noop_with_empty_axes=1>(x) y = Relu(t) }}"),
    **{
        f"reduce_{op}": (range(7, 18, 5), f"{MATRIX} {{ a = Abs(x) y = Reduce{op}<axes=[1]>(a) }}")
        for op in ("Sum", "Max", "Min", "Prod", "L1", "L2", "LogSum", "LogSumExp", "SumSquare")
        if op != "Sum"
    },
    "arg_max": (range(7, 24, 3), "(float[2,3,4] x) => (int64 y) { y = ArgMax<axis=1, keepdims=0>(x) }"),
    "arg_min": (range(12, 24, 3), "(float[2,3,4] x) => (int64 y) { y = ArgMin<axis=-1, select_last_index=1>(x) }"),
    "top_k_attribute": (range(7, 10), "(float[2,3,4] x) => (float y, int64 i) { y, i = TopK<k=2, axis=1>(x) }"),
    "top_k": (
        range(10, 24),
        "(float[2,3,4] x) => (float y, int64 i) { k = Constant<value = int64[1] {3}>() y, i = TopK(x, k) }",
    ),
    "top_k_values_only": (
        range(11, 24, 4),
        f"{MATRIX} {{ k = Constant<value = int64[1] {{3}}>() y, i = TopK<largest=0, axis=0>(x, k) }}".replace("{3}", "{1}"),
    ),
    # layout
    "reshape": (
        range(7, 24),
        f"{MATRIX} {{ s = Constant<value = int64[3] {{0, -1, 2}}>() y = Reshape(x, s) }}",
    ),
    "reshape_allow_zero": (
        range(14, 24, 4),
        f"{MATRIX} {{ s = Constant<value = int64[2] {{6, -1}}>() y = Reshape<allowzero=1>(x, s) }}",
    ),
    "flatten": (range(7, 24, 4), f"{MATRIX} {{ y = Flatten(x) }}"),
    "flatten_axis_3": (range(9, 24, 4), f"{MATRIX} {{ y = Flatten<axis=3>(x) }}"),
    "flatten_negative": (range(11, 24, 4), f"{MATRIX} {{ y = Flatten<axis=-1>(x) }}"),
    "squeeze_attribute": (range(7, 13), "(float[1,3,1,4] x) => (float y) { y = Squeeze<axes=[0,2]>(x) }"),
    "squeeze_input": (
        range(13, 24),
        "(float[1,3,1,4] x) => (float y) { a = Constant<value = int64[1] {-2}>() y = Squeeze(x, a) }",
    ),
    "squeeze_all": (range(7, 24, 4), "(float[1,3,1,4] x) => (float y) { y = Squeeze(x) }"),
    "unsqueeze_attribute": (range(7, 13), f"{MATRIX} {{ y = Unsqueeze<axes=[0,4]>(x) }}"),
    "unsqueeze_input": (
        range(13, 24),
        f"{MATRIX} {{ a = Constant<value = int64[2] {{-1, 1}}>() y = Unsqueeze(x, a) }}",
    ),
    "transpose": (range(7, 24, 4), f"{MATRIX} {{ y = Transpose<perm=[2,0,1]>(x) }}"),
    "transpose_default": (range(7, 24, 4), f"{MATRIX} {{ y = Transpose(x) }}"),
    "expand": (range(8, 24, 4), "(float[3,1] x) => (float y) { s = Constant<value = int64[3] {2,1,6}>() y = Expand(x, s) }"),
    "tile": (range(7, 24, 4), f"{MATRIX} {{ r = Constant<value = int64[3] {{1,2,3}}>() y = Tile(x, r) }}"),
    "concat": (range(7, 24, 4), f"{PAIR} {{ y = Concat<axis=1>(x, z) }}"),
    "concat_negative": (range(11, 24, 4), f"{PAIR} {{ y = Concat<axis=-1>(x, z, x) }}"),
    "split_attribute": (range(7, 13), "(float[2,5] x) => (float y, float z) { y, z = Split<axis=1, split=[2,3]>(x) }"),
    "split_equal": (range(7, 18), "(float[2,6] x) => (float y, float z) { y, z = Split<axis=1>(x) }"),
    "split_input": (
        range(13, 24),
        "(float[2,5] x) => (float y, float z) { s = Constant<value = int64[2] {4,1}>() y, z = Split<axis=-1>(x, s) }",
    ),
    "split_num_outputs": (range(18, 24), "(float[2,5] x) => (float y, float z) { y, z = Split<axis=1, num_outputs=2>(x) }"),
    "slice_attribute": (range(7, 10), f"{MATRIX} {{ y = Slice<starts=[0,-3], ends=[1,1000], axes=[0,2]>(x) }}"),
    "slice": (
        range(10, 24),
        f"{MATRIX} {{ s = Constant<value = int64[2] {{-1,0}}>() e = Constant<value = int64[2] {{-100,9}}>()"
        " a = Constant<value = int64[2] {1,2}>() p = Constant<value = int64[2] {-1,3}>() y = Slice(x, s, e, a, p) }",
    ),
    "slice_leading": (
        range(10, 24, 4),
        f"{MATRIX} {{ s = Constant<value = int64[1] {{1}}>() e = Constant<value = int64[1] {{9223372036854775807}}>()"
        " y = Slice(x, s, e) }",
    ),
    "pad_attribute": (range(7, 11), f"{MATRIX} {{ y = Pad<pads=[0,1,2,1,0,0], value=0.5>(x) }}"),
    "pad": (
        range(11, 24),
        f"{MATRIX} {{ p = Constant<value = int64[6] {{0,1,2,1,0,-1}}>() v = Constant<value = float {{2.5}}>()"
        " y = Pad(x, p, v) }",
    ),
    "pad_reflect": (
        range(11, 24, 4),
        f'{MATRIX} {{ p = Constant<value = int64[6] {{0,1,2,0,0,1}}>() y = Pad<mode="reflect">(x, p) }}',
    ),
    "pad_edge_axes": (
        range(18, 24),
        f'{MATRIX} {{ p = Constant<value = int64[2] {{2,1}}>() a = Constant<value = int64[1] {{-1}}>()'
        ' y = Pad<mode="edge">(x, p, , a) }',
    ),
    "pad_integers": (
        range(11, 24, 4),
        "(int64[2,3] x) => (int64 y) { p = Constant<value = int64[4] {1,0,0,1}>() v = Constant<value = int64 {7}>()"
        " y = Pad(x, p, v) }",
    ),
    "depth_to_space": (range(7, 24, 4), "(float[1,8,2,3] x) => (float y) { y = DepthToSpace<blocksize=2>(x) }"),
    "depth_to_space_crd": (range(11, 24, 4), '(float[1,8,2,3] x) => (float y) { y = DepthToSpace<blocksize=2, mode="CRD">(x) }'),
    "space_to_depth": (range(7, 24, 4), "(float[1,2,4,6] x) => (float y) { y = SpaceToDepth<blocksize=2>(x) }"),
    "identity_dropout": (range(7, 24, 4), f"{MATRIX} {{ i = Identity(x) d, m = Dropout(i) y = Relu(d) }}"),
    "dropout_mask": (range(12, 24, 4), "(float[2,3,4] x) => (float y, bool m) { y, m = Dropout(x) }"),
    # choosing
    "gather": (range(7, 24, 4), "(float[5,4] x, int64[2,3] i) => (float y) { y = Gather<axis=-1>(x, i) }".replace("-1", "1")),
    "gather_constant": (range(7, 24, 4), f"{MATRIX} {{ i = Constant<value = int64 {{1}}>() y = Gather<axis=1>(x, i) }}"),
    "gather_elements": (range(11, 24, 4), "(float[5,4] x, int64[2,4] i) => (float y) { y = GatherElements<axis=0>(x, i) }"),
    "gather_nd": (
        range(11, 24, 4),
        "(float[5,4] x) => (float y) { i = Constant<value = int64[2,2] {0,1,4,3}>() y = GatherND(x, i) }",
    ),
    "scatter": (
        range(9, 11),
        "(float[5,4] x, float[2,2] u) => (float y) { i = Constant<value = int64[2,2] {0,1,4,3}>() y = Scatter(x, i, u) }",
    ),
    "scatter_elements": (
        range(11, 24, 4),
        "(float[5,4] x, float[2,2] u) => (float y) { i = Constant<value = int64[2,2] {0,1,4,3}>()"
        " y = ScatterElements<axis=0>(x, i, u) }",
    ),
    "scatter_nd": (
        range(11, 24, 4),
        "(float[5,4] x, float[2] u) => (float y) { i = Constant<value = int64[2,2] {0,1,4,3}>() y = ScatterND(x, i, u) }",
    ),
    "where": (range(9, 24, 4), f"{PAIR} {{ c = Greater(x, z) y = Where(c, x, z) }}"),
    "one_hot": (
        range(9, 24, 4),
        "(int64[3] x) => (float y) { d = Constant<value = int64 {4}>() v = Constant<value = float[2] {0.0, 2.0}>()"
        " y = OneHot(x, d, v) }",
    ),
    "cumsum": (range(11, 24, 4), f"{MATRIX} {{ a = Constant<value = int64 {{1}}>() y = CumSum<reverse=1>(x, a) }}"),
    "trilu": (range(14, 24, 4), f"{MATRIX} {{ k = Constant<value = int64 {{1}}>() y = Trilu<upper=0>(x, k) }}"),
    # resize
    "upsample_attribute": (range(7, 9), f"{IMAGE} {{ y = Upsample<scales=[1.0,1.0,2.0,3.0]>(x) }}"),
    "upsample": (
        range(9, 10),
        f"{IMAGE} {{ s = Constant<value = float[4] {{1.0,1.0,2.0,1.5}}>() y = Upsample<mode=\"linear\">(x, s) }}",
    ),
    "resize_10": (range(10, 11), f"{IMAGE} {{ s = Constant<value = float[4] {{1.0,1.0,2.0,1.5}}>() y = Resize(x, s) }}"),
    "resize_10_down": (range(10, 11), f"{IMAGE} {{ s = Constant<value = float[4] {{1.0,1.0,0.5,0.7}}>() y = Resize(x, s) }}"),
    "resize_scales": (
        range(11, 24),
        f"{IMAGE} {{ r = Constant<value = float[0] {{}}>() s = Constant<value = float[4] {{1.0,1.0,2.0,0.5}}>()"
        ' y = Resize<mode="linear", coordinate_transformation_mode="align_corners">(x, r, s) }',
    ),
    "resize_sizes": (
        range(13, 24),
        f"{IMAGE} {{ s = Constant<value = int64[4] {{1,4,18,25}}>()"
        ' y = Resize<mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor">(x, , , s) }',
    ),
    "resize_sizes_defaults": (
        range(13, 24, 3),
        f"{IMAGE} {{ s = Constant<value = int64[4] {{1,4,5,25}}>() y = Resize(x, , , s) }}",
    ),
    "resize_cubic": (
        range(13, 24, 3),
        f"{IMAGE} {{ s = Constant<value = float[4] {{1.0,1.0,2.0,2.0}}>()"
        ' y = Resize<mode="cubic", cubic_coeff_a=-0.5, exclude_outside=1>(x, , s) }',
    ),
    "resize_tf_half_pixel": (
        range(11, 13),
        f"{IMAGE} {{ r = Constant<value = float[0] {{}}>() s = Constant<value = float[4] {{1.0,1.0,2.0,1.6}}>()"
        ' y = Resize<nearest_mode="floor", coordinate_transformation_mode="tf_half_pixel_for_nn">(x, r, s) }',
    ),
    "resize_axes": (
        range(18, 24),
        f"{IMAGE} {{ s = Constant<value = float[2] {{2.0,3.0}}>() y = Resize<axes=[2,-1]>(x, , s) }}",
    ),
    "resize_antialias": (
        range(18, 24, 2),
        f'{IMAGE} {{ s = Constant<value = int64[2] {{4,5}}>() y = Resize<axes=[2,3], antialias=1, mode="linear">(x, , , s) }}',
    ),
    "resize_keep_aspect": (
        range(18, 24, 2),
        f'{IMAGE} {{ s = Constant<value = int64[2] {{18,18}}>() y = Resize<axes=[2,3],'
        ' keep_aspect_ratio_policy="not_larger", mode="linear">(x, , , s) }',
    ),
    # pointwise
    "clip_attribute": (range(7, 11), f"{MATRIX} {{ y = Clip<min=-0.5, max=0.75>(x) }}"),
    "clip": (
        range(11, 24),
        f"{MATRIX} {{ a = Constant<value = float {{-0.5}}>() b = Constant<value = float {{0.75}}>() y = Clip(x, a, b) }}",
    ),
    "clip_one_side": (range(11, 24, 4), f"{MATRIX} {{ b = Constant<value = float {{0.75}}>() y = Clip(x, , b) }}"),
    "clip_computed": (range(12, 24, 4), f"{MATRIX} {{ b = ReduceMax<keepdims=0>(x) h = Relu(b) y = Clip(x, , h) }}"),
    "cast": (range(7, 24, 4), "(float[2,3,4] x) => (int32 y) { y = Cast<to=6>(x) }"),
    "cast_like": (range(15, 24, 4), "(float[2,3,4] x, int64[1] z) => (int64 y) { y = CastLike(x, z) }"),
    "cast_bool": (range(9, 24, 4), "(float[2,3,4] x) => (float16 y) { b = Cast<to=9>(x) y = Cast<to=10>(b) }"),
    "prelu": (range(7, 24, 4), "(float[1,4,9,10] x, float[4,1,1] s) => (float y) { y = PRelu(x, s) }"),
    "gelu": (range(20, 24), f'{MATRIX} {{ a = Gelu(x) y = Gelu<approximate="tanh">(a) }}'),
    "hard_swish": (range(14, 24, 4), f"{MATRIX} {{ y = HardSwish(x) }}"),
    "mish": (range(18, 24, 4), f"{MATRIX} {{ y = Mish(x) }}"),
    "mod": (range(10, 24, 4), f"{PAIR} {{ y = Mod<fmod=1>(x, z) }}"),
    "is_nan": (range(9, 24, 4), "(float[2,3,4] x) => (bool y) { y = IsNaN(x) }"),
    "celu_shrink": (range(12, 24, 4), f"{MATRIX} {{ a = Celu<alpha=0.7>(x) y = Shrink<lambd=0.1, bias=0.2>(a) }}"),
    **{
        f"activation_{op}": (range(7, 24, 8), f"{MATRIX} {{ y = {op}(x) }}")
        for op in (
            *("Relu", "LeakyRelu", "Elu", "Selu", "Sigmoid", "HardSigmoid", "Softplus", "Softsign", "Tanh"),
            *("Abs", "Neg", "Ceil", "Floor", "Exp", "Reciprocal", "Sin", "Cos", "Atan"),
        )
    },
    "leaky_relu_alpha": (range(7, 24, 8), f"{MATRIX} {{ y = LeakyRelu<alpha=0.3>(x) }}"),
    "hard_sigmoid": (range(7, 24, 8), f"{MATRIX} {{ y = HardSigmoid<alpha=0.16666667, beta=0.5>(x) }}"),
    "thresholded_relu": (range(10, 24, 8), f"{MATRIX} {{ y = ThresholdedRelu<alpha=0.3>(x) }}"),
    "sqrt_log": (range(7, 24, 8), f"{MATRIX} {{ a = Mul(x, x) b = Sqrt(a) y = Log(b) }}"),
    "erf_sign_round": (range(11, 24, 8), f"{MATRIX} {{ a = Erf(x) b = Sign(a) c = Round(x) y = Add(b, c) }}"),
    **{f"pair_{op}": (range(7, 24, 8), f"{PAIR} {{ y = {op}(x, z) }}") for op in ("Add", "Sub", "Mul", "Div")},
    "pow": (range(7, 24, 8), f"{PAIR} {{ a = Abs(x) y = Pow(a, z) }}"),
    **{
        f"several_{op}": (range(8, 24, 8), f"{PAIR} {{ a = Neg(x) y = {op}(x, z, a) }}")
        for op in ("Sum", "Mean", "Max", "Min")
    },
    "broadcast": (range(7, 24, 8), "(float[2,3,4] x, float[3,1] z) => (float y) { y = Mul(x, z) }"),
    **{f"compare_{op}": (range(9, 24, 7), f"{BOOLEAN} {{ y = {op}(x, z) }}") for op in ("Greater", "Less")},
    **{
        f"compare_{op}": (range(12, 24, 5), f"{BOOLEAN} {{ y = {op}(x, z) }}")
        for op in ("Equal", "GreaterOrEqual", "LessOrEqual")
    },
    "logic": (
        range(9, 24, 7),
        f"{BOOLEAN} {{ a = Greater(x, z) b = Less(x, z) c = And(a, b) d = Or(a, c) e = Xor(d, b) y = Not(e) }}",
    ),
    # no family of their own
    "range_constant": (range(11, 24, 4), "(float[3] x) => (float y) { a = Constant<value = float {0.0}>()"
        " b = Constant<value = float {3.0}>() c = Constant<value = float {1.0}>() r = Range(a, b, c) y = Add(x, r) }"),
    "grid_sample": (range(20, 24), "(float[1,2,5,6] x, float[1,3,4,2] g) => (float y) { y = GridSample(x, g) }"),
    "lstm": (
        range(7, 24, 8),
        "(float[5,1,3] x, float[1,16,3] w, float[1,16,4] r) => (float y) { y = LSTM<hidden_size=4>(x, w, r) }",
    ),
}
UNSUPPORTED_BY_THE_REFERENCE = {("average_pool_ceil", opset) for opset in ()}


def _parameters() -> list[object]:
    """First, middle and last version of every case: all versions in which the operator's definition changed."""
    parameters = []
    for name, (versions, text) in CASES.items():
        chosen = {versions[0], versions[len(versions) // 2], versions[-1]}
        parameters += [pytest.param(text, opset, id=f"{name}-{opset}") for opset in sorted(chosen)]
    return parameters


@pytest.mark.parametrize(("text", "opset"), _parameters())
def test_that_an_operator_computes_the_same_after_import(save, check, text: str, opset: int) -> None:
    check(save(text, opset))


def test_that_every_definition_is_tried() -> None:
    assert onnx.defs.onnx_opset_version() >= 23
