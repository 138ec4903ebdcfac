# A thin front for Meson. `make help` lists what there is.
SHELL := /bin/bash
BUILD ?= build
ROOT := $(CURDIR)
# A mirror of the standard pack beside the tree is used when it is there.
export MIEN_MODEL_MIRROR ?= $(if $(wildcard ../shared/models/manifest.json),$(abspath ../shared/models))
export MIEN_MODEL_DIR = $(ROOT)/build/models
export MIEN_INFER_LIBRARY = $(ROOT)/models/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1

.PHONY: all help setup models demo test bench lint format checks asan tsan clang neon fuzz container container-whole docs deb install clean

all: $(BUILD)/build.ninja ## build the program
	@ninja -C $(BUILD)

help:
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-15s %s\n", $$1, $$2}' Makefile

setup: ## install what is needed (Debian 12)
	@tools/setup

$(BUILD)/build.ninja: | setup
	@meson setup $(BUILD) >/dev/null || { cat $(BUILD)/meson-logs/meson-log.txt; exit 1; }

models: all ## get and make the model packs
	@tools/models $(BUILD)

demo: setup models ## enrol and identify people in the sample photographs
	@tools/demo $(BUILD)

test: setup models ## run every test
	@tools/test $(BUILD)

bench: setup models ## measure, side by side (needs: tools/setup --bench)
	@bench/run $(BUILD)

# ---- further checks; .ci/run runs them all -------------------------------------------------------------------
checks: lint clang asan tsan neon fuzz ## the next six

lint: all ## formatting, clang-tidy, banned calls, sizes, rooms
	@tools/lint $(BUILD)

format: ## rewrite the C files to the house style
	@git ls-files '*.c' '*.h' | xargs clang-format-14 -i

clang: models ## build and test with clang
	@tools/variant clang

asan: models ## the tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@tools/variant asan

tsan: models ## the threaded tests under ThreadSanitizer
	@tools/variant tsan

neon: ## the NEON kernels under an emulator
	@tools/test-neon

fuzz: models ## every fuzzer for a short while
	@tools/variant fuzz

container: models ## the container file's image, with this build in it: made and run (root, buildah, debootstrap)
	@MIEN="$(ROOT)/$(BUILD)/mien" python3 -B tests/packaging/container.py

container-whole: models ## the same, with everything compiled anew inside
	@MIEN="$(ROOT)/$(BUILD)/mien" python3 -B tests/packaging/container.py --whole

docs: all ## regenerate the generated pages
	@tools/docs $(BUILD)

deb: models ## make a Debian package of the program, its library and models
	@tools/deb $(BUILD)

install: models ## install program, library and models (DESTDIR and the Meson prefix apply)
	@meson install -C $(BUILD)

clean: ## remove everything that was built
	@rm -rf build build-*
