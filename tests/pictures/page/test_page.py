"""The page that plays both passes, in a real browser, held to what the commands print."""

import json
import math
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import autodiff

from ...conftest import printed
from ...support.transcripts import ROOT, steps

playwright = pytest.importorskip("playwright.sync_api", reason="no playwright: the page was not tried in a browser")
CHROMIUM = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium: the page was not tried in a browser"),
    pytest.mark.xdist_group("browser"),
]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

GALLERY = [
    command.removeprefix("autodiff grad ").rpartition(" --render ")[0]
    for command, _ in steps((ROOT / "docs" / "gallery.md").read_text("utf-8"), ".md")
]
NEURON = GALLERY[0]
PROGRAMS = [
    *GALLERY,
    "'(x*y + sin(x))*4' x=2 y=3",
    "'relu(w @ x + b)' w=[2,-3] x=[-1,-2] b=6.88",
    "'max(x, y, z)*x' x=3 y=5 z=5",
    "'where(x > 0, log(x), x^2) + clip(y, 0, 1)' x=-2 y=3",
    "'exp(-t/0.35)*cos(tau*t)' t=0.2",
    "'leaky_relu(x) + elu(-x) + abs(x)' x=-1.5",
    "'norm(v)^2 + hypot(v[0], 1)' v=[3,-4]",
    "'x*x*x - 2*x' x=1e-9",
    "'atan2(y, x) + x % y' x=7 y=2.5",
    "'sqrt(x) + 1/x' x=0",
    "'f(u) = u^2; f(x) + f(2*x)' x=3",
    "'erf(x)*gelu(x) + lgamma(y)' x=0.3 y=2.5",
    "'1e200*x + 1e-200*y' x=3e100 y=3e-101",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        yield driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)


LOOKS = ("--style", "--local", "--collapse")


class Page:
    """A page in the browser, with whatever it asked of the network or complained of."""

    def __init__(self, browser: Any, file: Path, **options: Any) -> None:
        self.tab = browser.new_context(reduced_motion="reduce", **options).new_page()
        self.complaints: list[str] = []
        self.tab.on("console", lambda message: self.complaints.append(message.text))
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("request", lambda request: self.complaints.append(request.url))
        self.address = file.as_uri()
        self.tab.goto(self.address)

    def complained(self) -> list[str]:
        """Console messages, errors and requests, but for the page itself and its empty icon."""
        return [text for text in self.complaints if not text.startswith((self.address, "data:,"))]

    def press(self, key: str) -> None:
        self.tab.keyboard.press(key)

    def status(self) -> str:
        return str(self.tab.locator("#status").inner_text())

    def numbers(self) -> list[float]:
        """All numbers of the status line, to the last digit."""
        return [float(x) for x in self.tab.locator("#status data").evaluate_all("all => all.map(e => e.value)")]

    def shown(self, kind: str) -> dict[str, float]:
        """The values or gradients in the boxes of the picture."""
        script = "all => all.map(e => [e.closest('[data-node]').dataset.node, e.dataset.number])"
        pairs = self.tab.locator(f"[data-node] .{kind}").evaluate_all(script)
        return {name: float(number) for name, number in pairs if number}


def made(tmp_path: Path, arguments: str, command: str = "grad") -> Path:
    file = tmp_path / "page.html"
    code, _ = printed(command, *shlex.split(arguments), "--render", str(file), "--quiet")
    assert code == 0
    return file


def answer(command: str, arguments: str) -> Any:
    words = shlex.split(arguments)
    # They say how a page looks, which JSON does not.
    plain = [word for i, word in enumerate(words) if word not in LOOKS and words[i - 1] != "--style"]
    code, text = printed(command, *plain, "--format", "json")
    assert code == 0
    return json.loads(text)


def close(ours: float | None, shown: float) -> bool:
    """Equal but for what the last digits of a browser's exp and log may differ by; null in JSON is not finite."""
    if ours is None:
        return not math.isfinite(shown)
    return math.isclose(ours, shown, rel_tol=1e-12, abs_tol=5e-324)


@pytest.mark.parametrize("arguments", [NEURON, *(pytest.param(each, marks=pytest.mark.slow) for each in PROGRAMS[1:])])
def test_every_stage_says_what_explain_says(browser: Any, tmp_path: Path, arguments: str) -> None:
    page, board = Page(browser, made(tmp_path, arguments)), answer("explain", arguments)
    # With --collapse some are inside of another.
    drawn = page.tab.locator("[data-node]").evaluate_all("all => all.map(e => e.dataset.node)")
    assert len(drawn) > len(board["inputs"])
    for stage in board["forward"]:
        page.press("ArrowRight")
        assert page.status().startswith(f"{stage['name']} = {stage['formula']}")
        assert close(stage["value"], page.numbers()[-1])
        if stage["name"] in drawn:
            assert close(stage["value"], page.shown("value")[stage["name"]])
    page.press("ArrowRight")
    for step in board["backward"]:
        page.press("ArrowRight")
        sign = "+=" if "add up" in step["gate"] else "="
        assert page.status().startswith(("d", step["to"]))
        assert step["gate"] in page.status()
        assert f" {sign} " in page.status()
        if step["to"] in drawn:
            assert close(step["total"], page.shown("gradient")[step["to"]])
        if step["local"] is not None and step["formula"] is not None:
            *_, adjoint, local, total = page.numbers()
            for number, key in ((adjoint, "adjoint"), (local, "local"), (total, "total")):
                assert close(step[key], number)
    assert page.tab.get_by_role("button", name="Step forward").is_disabled()
    assert page.complained() == []


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [each for each in PROGRAMS if "1e" not in each])
def test_a_slider_gives_the_gradient_at_the_new_value(browser: Any, tmp_path: Path, arguments: str) -> None:
    page = Page(browser, made(tmp_path, arguments))
    page.press("End")
    for slider in page.tab.get_by_role("slider").all():
        slider.focus()
        for _ in range(3):
            page.press("PageUp")
    fields = page.tab.locator(".inputs").get_by_role("textbox").all()
    names = page.tab.locator(".inputs label").all_inner_texts()
    given = {name: field.input_value() for name, field in zip(names, fields, strict=True)}
    page.tab.locator("h1").click()
    page.press("End")
    program, *words = shlex.split(arguments)
    options = words.index("--gates") if "--gates" in words else words.index("--wrt") if "--wrt" in words else len(words)
    changed = [program, *words[options : options + 2]]
    for name in (word.split("=")[0] for word in words if "=" in word):
        elements = [given[key] for key in given if key.startswith(f"{name}[")]
        changed.append(f"{name}={given[name]}" if name in given else f"{name}=[{','.join(elements)}]")
    gradient = answer("grad", shlex.join(changed))["gradient"]
    shown = page.shown("gradient")
    for name, derivative in gradient.items():
        elements = {f"{name}[{k}]": d for k, d in enumerate(derivative)} if isinstance(derivative, list) else {}
        for key, number in (elements or {name: derivative}).items():
            assert close(number, shown.get(key, 0.0)), (key, changed)
    assert page.complained() == []


@pytest.mark.slow
def test_steps_go_back_and_forth_by_keyboard_alone(browser: Any, tmp_path: Path) -> None:
    page = Page(browser, made(tmp_path, NEURON))
    seen = [page.status()]
    while page.tab.locator("#forward").is_enabled():
        page.press("ArrowRight")
        seen.append(page.status())
    assert len(set(seen)) == len(seen) == 13
    for before in seen[-2::-1]:
        page.press("ArrowLeft")
        assert page.status() == before
    assert page.shown("gradient") == {}
    page.tab.locator("#speed").select_option("16")
    page.tab.locator("#picture").focus()
    page.press(" ")
    playwright.expect(page.tab.locator("#forward")).to_be_disabled()
    assert page.status() == seen[-1]
    assert page.complained() == []


@pytest.mark.slow
def test_the_quiz_takes_a_number_within_one_percent(browser: Any, tmp_path: Path) -> None:
    page = Page(browser, made(tmp_path, NEURON))
    page.tab.get_by_label("Quiz").focus()
    page.press(" ")
    page.tab.locator("#picture").focus()
    steps = answer("explain", NEURON)["backward"]
    for _ in range(5):  # the four stages forward, and df = 1
        page.press("ArrowRight")
    for k, step in enumerate(steps):
        page.press("ArrowRight")
        assert page.status().splitlines()[0].endswith("= ?")
        assert page.shown("gradient").get(step["to"]) != step["total"] or step["total"] == 1
        if k == 1:  # wrong by two percent, then a hint
            page.tab.keyboard.type(f"{step['total'] * 1.02}")
            page.press("Enter")
            assert page.tab.locator("#verdict").inner_text() == "Not yet."
            page.tab.get_by_role("button", name="Hint").press("Enter")
            hint = page.tab.locator("#verdict").inner_text()
            assert hint == f"upstream {step['adjoint']:g} times local {step['local']:g}"
        page.tab.keyboard.type(f"{step['total'] * 1.009}")
        page.press("Enter")
        assert page.tab.locator("#verdict").inner_text() == "Right."
    assert page.tab.locator("#score").inner_text() == f"Score: {len(steps) - 1} of {len(steps)} at the first try"
    assert page.complained() == []


@pytest.mark.slow
def test_nothing_of_a_program_becomes_markup(browser: Any, tmp_path: Path) -> None:
    program = 'x_ = a*b # </script><img src=x onerror=alert(1)> <!-- PICTURE "DATA" /* SCRIPT */\nx_ < b'
    page = Page(browser, made(tmp_path, f"{shlex.quote(program)} a=2 b=3"))
    assert page.tab.locator("h1").inner_text().replace("\n", " ").startswith("x_ = a*b # </script><img")
    assert page.tab.locator("img").count() == 0
    assert page.complained() == []


@pytest.mark.slow
def test_an_address_holds_values_and_stage(browser: Any, tmp_path: Path) -> None:
    file = made(tmp_path, NEURON)
    page = Page(browser, file)
    page.tab.get_by_role("textbox", name="x").fill("-1.25")
    page.tab.get_by_role("link", name="t2 = t1 + b").click()
    playwright.expect(page.tab).to_have_url(re.compile("x=-1.25.*stage:=2$"))
    again = Page(browser, file)
    again.tab.goto(page.tab.url)
    assert again.status() == page.status()
    assert again.tab.get_by_role("textbox", name="x").input_value() == "-1.25"


@pytest.mark.slow
def test_each_of_several_outputs_has_its_passes(browser: Any, tmp_path: Path) -> None:
    arguments = "'x*y, x + y' x=3 y=2"
    page = Page(browser, made(tmp_path, arguments))
    for k, gradient in enumerate(answer("grad", arguments)["gradient"]):
        page.tab.get_by_label("output").select_option(str(k))
        page.tab.locator("#picture").focus()
        page.press("End")
        shown = page.shown("gradient")
        assert {name: shown[name] for name in gradient} == gradient


@pytest.mark.slow
def test_an_eval_page_has_the_forward_pass_only(browser: Any, tmp_path: Path) -> None:
    page = Page(browser, made(tmp_path, NEURON, "eval"))
    page.press("End")
    assert page.status().startswith("f = t3 + a")
    assert page.tab.locator("[data-node] .gradient").count() == 0
    assert page.tab.get_by_label("Quiz").is_hidden()


@pytest.mark.slow
def test_kinks_and_warnings_follow_the_values(browser: Any, tmp_path: Path) -> None:
    page = Page(browser, made(tmp_path, "'relu(x) + log(y)' x=1 y=2"))
    remarks = page.tab.locator("#remarks")
    assert remarks.inner_text() == ""
    page.tab.get_by_role("textbox", name="x").fill("0")
    assert remarks.inner_text() == "note: x is at a kink of relu(x): 0 from the left, 1 from the right; printed 0"
    page.tab.get_by_role("textbox", name="y").fill("1,5")
    assert page.tab.get_by_role("textbox", name="y").get_attribute("aria-invalid") == "true"
    page.tab.get_by_role("textbox", name="y").fill("-1")
    assert page.tab.get_by_role("textbox", name="y").get_attribute("aria-invalid") == "false"
    assert "the value is nan: log(y) is nan at -1" in remarks.inner_text()


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("style", ["record", "circuit"])
def test_axe_finds_nothing_serious(browser: Any, tmp_path: Path, scheme: str, style: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe: accessibility was not tried")
    file = made(tmp_path, f"'w @ x + relu(b), b' w=[1,2] x=[3,4] b=0 --style {style}")
    page = Page(browser, file, color_scheme=scheme)
    page.press("End")
    page.tab.get_by_label("Quiz").check()
    found = axe.Axe().run(page.tab).response["violations"]
    assert [(each["id"], each["help"]) for each in found if each["impact"] in ("serious", "critical")] == []


@pytest.mark.slow
def test_a_notebook_has_the_same_page_in_a_frame(browser: Any, tmp_path: Path) -> None:
    player = autodiff.parse("sigmoid(a*x + b) + a").player(a=0.2, x=2, b=0.6)
    cell = tmp_path / "cell.html"
    cell.write_text(f"<!doctype html><title>cell</title>{player._repr_html_()}", "utf-8")
    page = Page(browser, cell)
    frame = page.tab.frame_locator("iframe")
    frame.locator("#picture").focus()
    page.press("End")
    frame.get_by_role("link", name="da += dt1 * x").click()  # a frame has no address to change
    assert frame.locator("#status").inner_text().startswith("da += dt1 * x = 1 + 0.196612 * 2 = 1.39322")
    assert page.complained() == []
    assert player.html.encode() == made(tmp_path, NEURON).read_bytes()
