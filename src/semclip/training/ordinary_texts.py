"""Forty ordinary sentences, each in other words as well: what any text tower can tell apart, whatever the data are."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from semclip.models.backends.base import Encoder

PAIRS: tuple[tuple[str, str], ...] = (
    ("a dog runs along the beach", "on the beach a dog is running"),
    ("two children play football in a park", "a pair of kids play soccer in the park"),
    ("a red car is parked in front of a house", "in front of a house stands a red automobile"),
    ("a woman reads a newspaper in a cafe", "in a coffee shop a lady is reading the paper"),
    ("a plate of pasta with tomato sauce", "spaghetti in a tomato sauce on a dish"),
    ("a man rides a bicycle through the rain", "someone cycles while it is raining"),
    ("a cat sleeps on a sofa", "a couch with a sleeping cat on it"),
    ("snow covers the mountains", "mountains that are white with snow"),
    ("a train arrives at the station", "a railway station as the train pulls in"),
    ("people dance at a wedding", "guests of a wedding party are dancing"),
    ("a bowl of fruit on a wooden table", "a wooden table with some fruit in a bowl"),
    ("a surfer rides a big wave", "a person is surfing on a large wave"),
    ("an old man feeds pigeons", "pigeons are fed by an elderly man"),
    ("a city skyline at night", "skyscrapers of a town after dark"),
    ("a horse stands in a green field", "a green meadow with a horse"),
    ("a baby laughs in a high chair", "a laughing infant sits in a highchair"),
    ("a fisherman repairs his net", "a net is being mended by a man who fishes"),
    ("a blue bird sits on a branch", "on a twig there is a blue bird"),
    ("students listen to a lecture", "a lecture hall with listening students"),
    ("a plane takes off from the runway", "an aircraft leaves the ground at an airport"),
    ("a chef cuts vegetables in a kitchen", "in the kitchen a cook is chopping vegetables"),
    ("a boat on a quiet lake", "calm water with a small boat on it"),
    ("a girl blows out birthday candles", "candles on a birthday cake are blown out by a girl"),
    ("a tennis player serves the ball", "a serve in a game of tennis"),
    ("an elephant drinks from a river", "at the river an elephant takes a drink"),
    ("a lighthouse above the cliffs", "cliffs with a lighthouse on top"),
    ("a violinist plays on a stage", "on stage a musician performs on the violin"),
    ("a street market sells flowers", "flowers are for sale at a stall in the street"),
    ("workers build a bridge", "a bridge under construction, with builders"),
    ("a goat climbs a rock", "on a boulder a goat is climbing"),
    ("a desk with a laptop and a cup of coffee", "a computer and a mug stand on a desk"),
    ("a desert under a clear sky", "sand dunes and a cloudless sky"),
    ("a doctor talks to a patient", "a patient in conversation with a physician"),
    ("a fire burns in the fireplace", "flames in an open hearth"),
    ("sheep graze on a hill", "a hillside where sheep are eating grass"),
    ("a library full of books", "shelves and shelves of books in a reading room"),
    ("a skateboarder jumps down the stairs", "someone leaps over steps on a skateboard"),
    ("an umbrella lies on wet ground", "on the wet pavement there is an umbrella"),
    ("a waterfall in the jungle", "water falls from a rock in a rain forest"),
    ("a clown entertains the crowd", "the audience watches a clown"),
)


@torch.no_grad()
def recall(encoder: Encoder) -> float:
    """Share of the sentences whose rewording is nearer to them than to any other one; chance is 1/40.

    R = mean_i [ argmax_j cos(n(r_i), n(s_j)) = i ], ties counted against it, so constant embeddings give 0.
    """
    sentences, rewordings = (_unit(encoder, [pair[i] for pair in PAIRS]) for i in (0, 1))  # (40, D) each
    cosines = rewordings @ sentences.T  # (40, 40)
    own = cosines.diagonal()[:, None]  # (40, 1)
    return float(((cosines >= own).sum(1) == 1).double().mean())


def _unit(encoder: Encoder, texts: Sequence[str]) -> Tensor:
    device = encoder.log_logit_scale.device
    return F.normalize(encoder.encode_text(encoder.tokenize(texts).to(device)).double(), dim=-1)
