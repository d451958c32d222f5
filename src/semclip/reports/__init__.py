"""Reports: from result files to a page that a newcomer understands. No torch.

`semclip.reports.page.write_report(folders, out)` writes the page; `semclip.reports.summary` has the same comparison for
the terminal (`summary_table`) and as Markdown (`write_markdown`).
"""
