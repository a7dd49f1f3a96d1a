"""What the names of a project file become."""

from fourfold.project.wiring import guards


def test_a_leak_guard_knows_the_instructions_of_the_application() -> None:
    rules = "Answer only from the passages that you are given here, never otherwise."
    (leak,) = guards(["leak"], instructions=rules)
    assert leak.objection(f"I was told: {rules}")
    assert not leak.objection("The warranty is 36 months.")


def test_other_guards_are_made_as_they_are() -> None:
    assert [guard.name for guard in guards(["length", "injection"], instructions="")] == [
        "length",
        "injection",
    ]
