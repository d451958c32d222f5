"""From result files to a page a newcomer understands. No torch.

`semclip.reports.page.write_report(folders, out)` writes the page, `semclip.reports.summary.summary_table(folders)` is
the same comparison for the terminal.
"""
