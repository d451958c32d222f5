"""SemCLIP's zero-shot test: the sample of the contract tests; its vector stands beside zero-shot classification's."""

from tests.evaluation.public.test_zeroshot_classification import CLASSES, write_sample

__all__ = ["TRUE", "write_sample"]

TRUE = {
    f"pots/test/{i}/{j}.png": [
        f"this is a photo of a {CLASSES[i]}",
        *(f"this is not a photo of a {other}" for other in CLASSES if other != CLASSES[i]),
    ]
    for i in range(6)
    for j in range(2)
}
