#!/usr/bin/env bash
# Makes .venv with edgeq in it and installs the compilers and simulators that are missing; safe to run again.
#
#   PYTHON              interpreter to use (3.11 or newer; default: the newest found)
#   EDGEQ_SKIP_APT=1    leave the system's packages alone (edgeq doctor then tells what is missing)
#   EDGEQ_TORCH_INDEX   package index that has a CPU build of torch; the default Linux build is gigabytes of CUDA
set -euo pipefail
cd "$(dirname "$0")"

stamp=.venv/.edgeq-ready
state=$(cat setup.sh pyproject.toml | cksum)
tools=(make gcc g++ arm-none-eabi-gcc riscv64-unknown-elf-gcc qemu-system-arm qemu-system-riscv32)
optional=(ccache cmake cppcheck) # builds share the objects of equal kernels; tests of edgeq export; static analysis

missing_tools() {
  local tool
  for tool in "${tools[@]}"; do command -v "$tool" >/dev/null || return 0; done
  return 1
}

if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$state" ] && ! missing_tools; then exit 0; fi

package_of() {
  case $1 in
    arm-none-eabi-gcc) echo gcc-arm-none-eabi libnewlib-arm-none-eabi ;;
    riscv64-unknown-elf-gcc) echo gcc-riscv64-unknown-elf ;;
    qemu-system-arm) echo qemu-system-arm ;;
    qemu-system-riscv32) echo qemu-system-misc ;;
    gcc) echo gcc libc6-dev ;;
    *) echo "$1" ;;
  esac
}

packages=()
for tool in "${tools[@]}" "${optional[@]}"; do
  if ! command -v "$tool" >/dev/null; then
    read -ra names <<<"$(package_of "$tool")"
    packages+=("${names[@]}")
  fi
done
# An interpreter that really runs (version managers leave stubs), is new enough and can make environments.
suits() { "$1" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
  local candidate
  for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
    if suits "$candidate"; then echo "$candidate"; return; fi
  done
}

python=$(find_python)
[ -n "$python" ] || packages+=(python3 python3-venv)

if [ ${#packages[@]} -gt 0 ]; then
  if [ "${EDGEQ_SKIP_APT:-0}" != 1 ] && command -v apt-get >/dev/null; then
    sudo=()
    [ "$(id -u)" = 0 ] || sudo=(sudo)
    echo "installing ${packages[*]}"
    "${sudo[@]}" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
  else
    echo "setup: missing on this machine; install with your package manager: ${packages[*]}" >&2
  fi
fi

python=$(find_python)
if [ -z "$python" ]; then
  echo "setup: edgeq needs Python 3.11 or newer with venv; install one, or name it with PYTHON=..." >&2
  exit 1
fi
[ -x .venv/bin/python ] || "$python" -m venv .venv
pip=(.venv/bin/python -m pip install -q --disable-pip-version-check)
if ! .venv/bin/python -c 'import torch' 2>/dev/null; then
  echo "installing PyTorch"
  index=()
  [ -z "${EDGEQ_TORCH_INDEX:-}" ] || index=(--index-url "$EDGEQ_TORCH_INDEX")
  # The version that the suite was last run with; where it isn't offered, any that pyproject.toml accepts.
  "${pip[@]}" "${index[@]}" torch==2.13.0 || "${pip[@]}" "${index[@]}" 'torch>=2.8'
fi
echo "installing edgeq"
"${pip[@]}" -e '.[dev,zig]'
echo "$state" > "$stamp"
