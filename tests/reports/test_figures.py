from semclip.reports.figures import separate_ids


def test_separate_ids_keeps_references_whole() -> None:
    svg = '<g id="a"/><use xlink:href="#a"/><g clip-path="url(#a)"/>'
    assert separate_ids(svg, "f") == '<g id="f-a"/><use xlink:href="#f-a"/><g clip-path="url(#f-a)"/>'
