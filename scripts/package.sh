#!/bin/sh
# Build wheel and sdist, and install the wheel in a clean environment, .venv-package: sh scripts/package.sh PYTHON
# The demo is run from there in an empty folder; then every extra is installed. PYTHON is 3.11 or newer.
# The other Pythons that s1m promises get the wheel alone, without torch, and draw a recorded run.
set -eu
python=$1
rm -rf dist .venv-package
"$python" -m venv .venv-package
bin=$PWD/.venv-package/bin
install="$bin/pip install --quiet --disable-pip-version-check --constraint $PWD/constraints/cpu.txt"

$install build twine
"$bin/python" -m build --outdir dist . >dist.log 2>&1 || { cat dist.log; exit 1; }
rm dist.log
"$bin/twine" check --strict dist/*

wheel=$(ls "$PWD"/dist/*.whl)
$install "${wheel}[local]"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
(cd "$folder" && "$bin/s1m" demo --out demo)

# pyenv's python3.12 on PATH is there before any 3.12 is: only one that says its version counts.
for version in 3.12 3.13; do
    other=python$version
    "$other" --version >/dev/null 2>&1 ||
        other=$(ls "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version".*/bin/python 2>/dev/null | tail -n 1)
    if [ -z "$other" ]; then
        echo "Python $version is not on this machine: not tried"
        continue
    fi
    "$other" -m venv "$folder/$version"
    "$folder/$version/bin/pip" install --quiet --disable-pip-version-check --constraint constraints/cpu.txt "$wheel"
    cp -r tests/data_runs/sequential "$folder/run-$version"
    (cd "$folder" && "$version/bin/s1m" --help >help.txt && "$version/bin/s1m" report "run-$version")
    echo "s1m installs on $("$folder/$version/bin/python" --version) and draws a report"
done

extras=$("$bin/python" -c 'from importlib.metadata import metadata; print(*metadata("s1m").get_all("Provides-Extra"))')
for extra in $extras; do
    $install "${wheel}[$extra]"
    echo "s1m[$extra] installs"
done
"$bin/pip" --disable-pip-version-check check
