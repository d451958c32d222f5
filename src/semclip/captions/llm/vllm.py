"""`vllm:NAME`: a chat model run by vLLM in this process, for many captions on one machine with GPUs."""

from collections.abc import Sequence

from semclip.captions.llm.connection import ChatRequest
from semclip.captions.llm.local import Said
from semclip.core.errors import UserError, first_line

VLLM = "vllm:"


class VllmEngine:
    """Asks `vllm.LLM.chat`, with the answer held to its JSON schema. name: an id or folder of transformers.

    When to use: GPUs in this machine and no server wanted; else `vllm serve` and `writer.server.base_url`.
    Raises UserError without the extra `vllm` and for a model that cannot be loaded.
    """

    def __init__(self, name: str) -> None:
        try:
            import vllm
        except ImportError as error:
            fix = "install it: pip install 'semclip[vllm]'"
            raise UserError("vLLM is not installed", where=f"{VLLM}{name}", fix=fix) from error
        try:
            self._llm = vllm.LLM(model=name)
        except (OSError, ValueError, RuntimeError) as error:
            raise UserError(
                f"cannot load the model: {first_line(error)}",
                where=f"{VLLM}{name}",
                fix="name an id or folder that vLLM can read; `vllm serve NAME` tells more",
            ) from error

    def answer(self, questions: Sequence[ChatRequest]) -> list[Said]:
        from vllm import SamplingParams
        from vllm.sampling_params import StructuredOutputsParams

        params = [
            SamplingParams(
                temperature=question.temperature,
                top_p=question.top_p,
                max_tokens=question.max_tokens,
                seed=question.seed,
                structured_outputs=StructuredOutputsParams(json=dict(question.schema)),
            )
            for question in questions
        ]
        conversations = [[dict(message) for message in question.messages] for question in questions]
        found = [result.outputs[0] for result in self._llm.chat(conversations, params, use_tqdm=False)]
        return [Said(said.text, len(said.token_ids), said.finish_reason == "length") for said in found]
