# SPDX-License-Identifier: GPL-2.0-or-later
"""What kmemctl says of itself (its help), its manual pages, its completions and the documents agree. Needs no guest.

    /usr/bin/python3 -m pytest tests/manual        KMEMCTL=path of the program, else build/kmemctl
"""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
MAN = TOP / "man"
PROGRAM = pathlib.Path(os.environ.get("KMEMCTL", TOP / "build" / "kmemctl")).resolve()
# Verbs that only say that they are not, and those that need no page. kmemctl(1) describes both.
REFUSING = {"split-acpi", "migrate-device-model"}
WITHOUT_PAGE = REFUSING | {"help", "version"}
SHELLS = ("bash", "zsh", "fish")
_OPTION = re.compile(r" +(?:-(?P<letter>.), )?--(?P<name>[a-z-]+)(?P<value>\[?=[^ ]+)? +\S")
# What the programs are answered that complete names of devices.
_LIST = '[{"chardev":"dax7.0","identities":["hmem:0x1+0x2"]},{"chardev":"dax8.3"}]'
_REGIONS = '[{"path":"x","id":7},{"path":"y","id":8}]'
_STATUS = '{"devices":[{"device":"mem5","identity":"cxl-ram:0x77","serial":"0x77","regions":[{"region":"region3"}],"daxdevs":[{"chardev":"dax8.3"}]}]}'


def kmemctl(*arguments):
    """What kmemctl prints."""
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=True, timeout=30).stdout


def options_of(*verb):
    """The options in a verb's help, or without one in kmemctl's own: name -> (letter or None, value or None)."""
    found = (_OPTION.match(line) for line in kmemctl("help", *verb).splitlines())
    return {match["name"]: (match["letter"], match["value"]) for match in found if match}


VERBS = kmemctl("--list-cmds").split()
PAGES = sorted(MAN.glob("*.[1-8]"))


def section(text, name):
    """The lines of a section of a page."""
    match = re.search(rf"^\.Sh {name}\n(.*?)(?=^\.Sh |\Z)", text, re.MULTILINE | re.DOTALL)
    return match[1].splitlines() if match else []


def options_in_page(text):
    """The options that the list in OPTIONS describes: name -> letter or None."""
    options = {}
    for line in section(text, "OPTIONS"):
        if line.startswith(".It Fl "):
            name = re.search(r"Fl -([a-z-]+)", line)
            letter = re.search(r"Fl ([A-Za-z])\b", line)
            options[name[1] if name else None] = letter[1] if letter else None
    return options


@pytest.mark.parametrize("path", PAGES, ids=[path.name for path in PAGES])
def test_page_is_clean(path):
    if not shutil.which("mandoc"):
        pytest.skip("mandoc is not installed")
    found = subprocess.run(["mandoc", "-Tlint", "-Wwarning", path], capture_output=True, text=True, check=False, timeout=30)
    assert (found.stdout + found.stderr, found.returncode) == ("", 0)


def test_every_verb_has_a_page_and_every_page_a_verb():
    assert {path.stem for path in MAN.glob("kmemctl-*.1")} == {f"kmemctl-{verb}" for verb in set(VERBS) - WITHOUT_PAGE}


@pytest.mark.parametrize("verb", VERBS)
def test_overview_names_verb(verb):
    overview = "\n".join(section((MAN / "kmemctl.1").read_text(), "VERBS"))
    assert (f".It Cm {verb}" if verb in WITHOUT_PAGE else f".It Xr kmemctl-{verb} 1") in overview


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb not in WITHOUT_PAGE])
def test_page_has_the_options_of_its_verb(verb):
    text = (MAN / f"kmemctl-{verb}.1").read_text()
    real = {name: letter for name, (letter, _) in options_of(verb).items()}
    assert options_in_page(text) == real
    letters = {letter for letter in real.values() if letter} | {f"-{name}" for name in real}
    in_synopsis = set(re.findall(r"Fl (-?[A-Za-z][a-z-]*)", "\n".join(section(text, "SYNOPSIS"))))
    assert in_synopsis - letters == set()
    # Each stands in the synopsis as well, by its letter or its name.
    assert {name for name, letter in real.items() if letter not in in_synopsis and f"-{name}" not in in_synopsis} <= {
        "help", "devices", "regions", "no-movable"} - ({"no-movable"} & in_synopsis)


def test_overview_has_the_options_before_a_verb():
    """Those that may stand before a verb, which its own help does not tell."""
    described = options_in_page((MAN / "kmemctl.1").read_text())
    for name, (letter, _) in options_of().items():
        assert described.pop(name) == letter
    for name in described:
        result = subprocess.run([PROGRAM, f"--{name}{'=1' if name in ('timeout', 'inventory', 'policy') else ''}", "--version"],
                                capture_output=True, text=True, check=False, timeout=30)
        assert result.returncode == 0, f"--{name}: {result.stderr}"


@pytest.mark.parametrize("path", PAGES, ids=[path.name for path in PAGES])
def test_references_lead_somewhere(path):
    for name, number in re.findall(r"^\.(?:It )?Xr (\S+) (\d)", path.read_text(), re.MULTILINE):
        if name.startswith("kmem"):
            assert (MAN / f"{name}.{number}").is_file(), f"{name}({number})"


def test_every_page_is_installed():
    """By the loop of the Makefile, which takes all files of man/ that are called so."""
    assert [path.name for path in MAN.iterdir() if not re.fullmatch(r"[a-z.-]+\.[1-8]", path.name)] == []
    assert re.search(r"for page in man/\*\.\[1-8\]", (TOP / "Makefile").read_text())


def test_plan_without_a_device(tmp_path):
    """Says so, as its page has it, and prints no plan."""
    inventory = tmp_path / "inventory.json"
    inventory.write_text('{"version": 1, "host": {"kernel": "6.12", "block_size": 134217728}}')
    done = subprocess.run([PROGRAM, "plan", "--inventory", inventory], capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "kmemctl: there is no device\n")


# -- completions -------------------------------------------------------------------------------------------------------------

@pytest.fixture(scope="session")
def shell_path(tmp_path_factory):
    """PATH with a kmemctl in front that is the real one, but has devices."""
    folder = tmp_path_factory.mktemp("bin")
    wrapper = folder / "kmemctl"
    wrapper.write_text(f"""#!/bin/sh
case "$1 $2" in
"list -R") echo '{_REGIONS}' ;;
"list "*) echo '{_LIST}' ;;
"status "*) echo '{_STATUS}' ;;
*) exec '{PROGRAM}' "$@" ;;
esac
""")
    wrapper.chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


_BASH = """
. /usr/share/bash-completion/bash_completion
. completions/kmemctl.bash
while IFS= read -r COMP_LINE; do
	COMP_WORDS=() COMPREPLY=()
	# As readline breaks words: at blanks, and before and behind an equals sign.
	for word in $COMP_LINE; do
		case $word in
		*=*) COMP_WORDS+=("${word%%=*}" =); [[ $word == *= ]] || COMP_WORDS+=("${word#*=}") ;;
		*) COMP_WORDS+=("$word") ;;
		esac
	done
	[[ $COMP_LINE == *[\\ =] ]] && COMP_WORDS+=('')
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_POINT=${#COMP_LINE}
	_kmemctl 2>/dev/null
	echo "${COMPREPLY[*]}"
done
"""
# zsh's completion needs a terminal: what _kmemctl hands to its machinery is printed instead.
_ZSH = """
_arguments() { [[ "$*" == *'->argument'* ]] && state=argument; print -rn -- "${(pj:\\x01:)@}"; print -rn -- $'\\x01' }
_describe() { print -rn -- "${(pj:\\x01:)${(@)${(@P)4}%%:*}}" }
_wanted() { shift 4; print -rn -- "${(pj:\\x01:)${(@P)${@[-1]}}}" }
words=(nothing) state=
. completions/kmemctl.zsh >/dev/null
while IFS= read -r line; do
	words=(${(z)line}) state= PREFIX=
	eval "${words[1]}" >/dev/null 2>&1 || true
	if [[ $words[1] == _* ]]; then $words; else _kmemctl; fi
	print
done
"""
_FISH = """
source completions/kmemctl.fish
while read -l line
    echo (complete -C $line | string replace -r '\\t.*' '')
end
"""


def ask(shell, lines, path):
    """What a shell answers to each line."""
    script = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}[shell]
    command = {"bash": ["bash", "--norc", "-c", script], "zsh": ["zsh", "-f", "-c", script], "fish": ["fish", "--no-config", "-c", script]}[shell]
    done = subprocess.run(command, input="".join(line + "\n" for line in lines), capture_output=True, text=True, check=False, timeout=120,
                          cwd=TOP, env={**os.environ, "PATH": path})
    answers = done.stdout.split("\n")[:-1]
    assert len(answers) == len(lines), done.stdout + done.stderr
    return answers


@pytest.fixture(params=SHELLS)
def shell(request):
    """A shell that is there."""
    if not shutil.which(request.param):
        pytest.skip(f"{request.param} is not installed")
    if request.param == "bash" and not os.path.exists("/usr/share/bash-completion/bash_completion"):
        pytest.skip("bash-completion is not installed")
    return request.param


def zsh_options(answer):
    """The options in the specifications for _arguments."""
    found = set()
    for spec in answer.split("\x01"):
        match = re.match(r"(?:\([^)]*\))?(-[A-Za-z]|--[a-z-]+?)(?:=-|=|\+)?\[", spec)
        if match:
            found.add(match[1])
    return found


def test_completion_has_verbs(shell, shell_path):
    line = {"zsh": "_kmemctl_verbs"}.get(shell, "kmemctl ")
    assert set(re.split(r"[ \x01]", ask(shell, [line], shell_path)[0])) == set(VERBS) - REFUSING


def test_completion_has_the_options_of_every_verb(shell, shell_path):
    verbs = [verb for verb in VERBS if verb not in REFUSING]
    if shell == "fish":     # offers long ones where two dashes were typed, and all others otherwise
        lines = [f"kmemctl {verb} {dashes}" for verb in verbs for dashes in ("-", "--")]
        answers = ask(shell, lines, shell_path)
        answers = [f"{short} {long}" for short, long in zip(answers[::2], answers[1::2])]
    else:
        answers = ask(shell, [verb if shell == "zsh" else f"kmemctl {verb} -" for verb in verbs], shell_path)
    for verb, answer in zip(verbs, answers, strict=True):
        if shell == "zsh":  # what may stand before the verb is in front
            offered = zsh_options(answer.partition("*::argument:->argument")[2])
        else:
            offered = {word.rstrip("=") for word in answer.split()}
        real = options_of(verb)
        assert offered == {f"--{name}" for name in real} | {f"-{letter}" for letter, _ in real.values() if letter}, verb


VALUES = {
    "kmemctl reconfigure-device -m ": "system-ram devdax", "kmemctl reconfigure-device --mode=d": "devdax", "kmemctl create-device -a ": "4K 2M 1G",
    "kmemctl list --json=": "pretty short off", "kmemctl list -d ": "all dax7.0 dax8.3", "kmemctl online-memory -r ": "all 7 8",
    "kmemctl online-memory ": "all dax7.0 dax8.3", "kmemctl list dax8": "dax8.3", "kmemctl drain ": "mem5 region3 dax8.3",
    "kmemctl drain 0x": "0x77", "kmemctl drain dax8.3 ": "mem5 region3 dax8.3", "kmemctl -p /tmp memmap -t 5 mem5 ": "on off", "kmemctl policy ": "check show import",
    "kmemctl create-region ": "mem5", "kmemctl destroy-region -f ": "region3", "kmemctl drain --region reg": "region3",
    "kmemctl help expl": "explain", "kmemctl apply -t ": "", "kmemctl monitor ": "",
}


@pytest.mark.parametrize("shell", ["bash", "fish"], indirect=True)  # zsh chooses among the values itself, on a terminal
def test_completion_has_values(shell, shell_path):
    answers = dict(zip(VALUES, ask(shell, VALUES, shell_path), strict=True))
    # fish and readline want the whole word back where they do not break it.
    answers = {line: {word.rpartition("=")[2] for word in answer.split()} for line, answer in answers.items()}
    assert answers == {line: set(words.split()) for line, words in VALUES.items()}


def test_zsh_completes_devices(shell_path):
    if not shutil.which("zsh"):
        pytest.skip("zsh is not installed")
    answers = ask("zsh", ["_kmemctl_dax_or_all", "_kmemctl_devices", "_kmemctl_regions", "_kmemctl_memdevs", "_kmemctl_cxl_regions"], shell_path)
    assert [set(answer.split("\x01")) for answer in answers] == [{"all", "dax7.0", "dax8.3"}, {"mem5", "region3", "dax8.3"}, {"all", "7", "8"},
                                                                 {"mem5"}, {"region3"}]


# -- documents ---------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("document", ["README.md", *(f"docs/{path.name}" for path in sorted((TOP / "docs").glob("*.md")))])
def test_documents_lead_somewhere(document):
    """Relative links, pages of the manual, and tests that are named as proof."""
    path = TOP / document
    text = path.read_text()
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        assert "://" in link or (path.parent / link).exists(), link
    for name in re.findall(r"\b(kmemctl-[a-z-]+|kmemd\.policy)\(\d\)", text):
        assert list(MAN.glob(f"{name}.[1-8]")), name
    for file, name in re.findall(r"`(tests/[\w./-]+?)::(\w+)", text):
        assert re.search(rf"^(?:def|static void) {name}\(", (TOP / file).read_text(), re.MULTILINE), f"{file}::{name}"
