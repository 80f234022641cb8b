"""The Python API: optimize a model, build a plan of it, load the plan and call it.

`import warploom` gives all of this without loading anything; what is heavy is imported when it is called.
"""

from warploom.api.building import build
from warploom.api.optimizing import optimize
from warploom.samples.network import Network
from warploom.serving.opening import load_plan
from warploom.serving.plan import Plan, PlanContext

__all__ = ["Network", "Plan", "PlanContext", "build", "load_plan", "optimize"]
