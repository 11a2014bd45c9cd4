# make demo    build the keyword spotter for the 8-core RISC-V board, run it, print what it costs
# make speech  build the small speech recogniser for the Cortex-M55 board and let it read the recordings shipped
# make test    the whole test suite
# make analyze GCC's analyzer and cppcheck over the whole C runtime and generated networks
# make bench   instructions, bytes and estimated cycles of the examples on every board, beside published figures
.PHONY: setup demo speech test analyze bench lint clean

PYTHON_BIN = .venv/bin

setup:
	@./setup.sh

demo: setup
	@rm -rf out/demo
	$(PYTHON_BIN)/edgeq build examples/kws/kws.pt2 --board riscv-8core -o out/demo \
	  --calib examples/kws/demo_calib.npz --eval examples/kws/demo.npz --simulate-samples 240

speech: setup
	@rm -rf out/speech
	$(PYTHON_BIN)/edgeq build examples/asr/asr.pt2 --board cortex-m55 -o out/speech --calib examples/asr/demo_calib.npz --stream \
	  --simulate-samples 1
	$(PYTHON_BIN)/edgeq run out/speech --inputs examples/asr/demo

test: setup
	$(PYTHON_BIN)/python -m pytest -n 2 --dist worksteal

analyze: setup
	$(PYTHON_BIN)/python -m pytest tests/hardening/test_static_analysis.py -m "sweep or not sweep"

bench: setup
	@$(PYTHON_BIN)/python examples/bench.py --layers

lint: setup
	$(PYTHON_BIN)/ruff check edgeq tests examples
	$(PYTHON_BIN)/ruff format --check edgeq tests examples
	$(PYTHON_BIN)/mypy

clean:
	rm -rf out build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
