"""Sliding windows over channels-first or channels-last tensors: what depthwise convolution and pooling share."""

from warploom.device.cuda.kernels.codegen.window.fused import NOTHING, Fused
from warploom.device.cuda.kernels.codegen.window.places import channel_lanes, place
from warploom.device.cuda.kernels.codegen.window.sliding import Sliding, Window
from warploom.device.cuda.kernels.codegen.window.storing import store_output
from warploom.device.cuda.kernels.codegen.window.taps import Cell, Tap
from warploom.device.cuda.kernels.codegen.window.walking import Walk

__all__ = ["NOTHING", "Cell", "Fused", "Sliding", "Tap", "Walk", "Window", "channel_lanes", "place", "store_output"]
