#!/bin/sh
# Build wheel and sdist, and install the wheel in a clean environment, .venv-package: sh scripts/package.sh PYTHON
# The demo is run from there in an empty folder; then every extra is installed. PYTHON is 3.11 or newer.
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

extras=$("$bin/python" -c 'from importlib.metadata import metadata; print(*metadata("s1m").get_all("Provides-Extra"))')
for extra in $extras; do
    $install "${wheel}[$extra]"
    echo "s1m[$extra] installs"
done
"$bin/pip" --disable-pip-version-check check
