"""The Graph: Operators over Tensors with static shapes, in topological order."""

from warploom.graph.constant import ArrayConstant, Constant, FillConstant, MissingConstant
from warploom.graph.dtype import DType
from warploom.graph.graph import Graph
from warploom.graph.log import LogEntry
from warploom.graph.operator import Attributes, AttributeValue, Operator, OperatorKind, Primitive, attributes
from warploom.graph.precision import UNIFORM, Precision
from warploom.graph.precision_plan import PrecisionPlan
from warploom.graph.tensor import Tensor

__all__ = [
    "UNIFORM",
    "ArrayConstant",
    "AttributeValue",
    "Attributes",
    "Constant",
    "DType",
    "FillConstant",
    "Graph",
    "LogEntry",
    "MissingConstant",
    "Operator",
    "OperatorKind",
    "Precision",
    "PrecisionPlan",
    "Primitive",
    "Tensor",
    "attributes",
]
