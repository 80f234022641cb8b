"""What a stage costs: the protocol that schedulers ask, and its implementations."""

from warploom.cost.plans import ForkModel, KernelModel, MergeModel, OperatorResources, PlanCostModel, ResourceModel
from warploom.cost.protocol import Cost, CostModel

__all__ = [
    "Cost",
    "CostModel",
    "ForkModel",
    "KernelModel",
    "MergeModel",
    "OperatorResources",
    "PlanCostModel",
    "ResourceModel",
]
