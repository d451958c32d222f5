"""`python -m semclip`: the command `semclip`, as launchers such as torchrun start it."""

from semclip.cli.main import run

if __name__ == "__main__":
    run()
