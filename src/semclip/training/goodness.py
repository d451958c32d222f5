"""Which of two values of a metric is the better one."""

from semclip.evaluation.metrics.result import Metric


def goodness(metric: Metric, value: float) -> float:
    """A number that is the higher the better: the value or, where lower is better, 1 - value, as right is for wrong.

    value: the metric's own, or another on its scale, such as an end of its interval.
    """
    return value if metric.higher_is_better else 1 - value
