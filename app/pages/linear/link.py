"""Links of the page of linear networks."""

from app.kit.link import Links
from spncore.studies.linear import LinearStudy

LINKS = Links(
    LinearStudy,
    {1: "p=4&dimension=2&condition=10&num_layers=2&init_scale=0.3&each_at=best&learning_rate=0.2"},
)
