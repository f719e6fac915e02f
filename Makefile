# SPDX-License-Identifier: Apache-2.0
# Short cuts: Meson and the programs in tools/ do the work.  The first call of a
# target installs the Debian packages it needs (tools/packages), with sudo where
# it is not run by root.

.PHONY: build demo fleet check install image format lint fuzz bench curves figures week reliability clean help
.DEFAULT_GOAL := build

PREFIX ?=
DESTDIR ?=
FUZZ_SECONDS ?= 60
CHECK ?=

export PREFIX

build:
	@tools/setup build
	@tools/build dev
	@echo "build: the programs are in build/: quoted, quote, quoted-market"

demo:
	@tools/setup build demo
	@tools/build dev
	@tools/demo

fleet:
	@tools/fleet

check:
	@tools/setup build test
	@tools/check $(CHECK)

install: build
	@echo "install: into $(DESTDIR)$(or $(PREFIX),the prefix of build/)"
	@meson install -C build --no-rebuild --quiet $(if $(DESTDIR),--destdir "$(abspath $(DESTDIR))")

image:
	@deploy/docker/build

format:
	@tools/setup test
	@echo "format: clang-format over every .c and .h"
	@tools/lint --fix format

lint:
	@tools/setup build test
	@tools/build dev
	@tools/lint

fuzz:
	@tools/setup build test
	@tools/build fuzz
	@FUZZ_SECONDS=$(FUZZ_SECONDS) tools/fuzz

bench:
	@tools/setup build test
	@tools/build release
	@bench/bench --build build/release --json build/bench.json
	@echo
	@bench/bench --table build/bench.json

curves:
	@tools/setup build test
	@tools/build release
	@bench/curves --build build/release

figures:
	@tools/setup build test
	@tools/build dev
	@tools/figures

week:
	@tools/setup build test
	@tools/build dev
	@tools/week

reliability:
	@tools/setup build test
	@tools/build dev
	@tools/reliability

clean:
	@echo "clean: removing build/"
	@rm -rf build

help:
	@echo "make [build]   compile into build/ (gcc)"
	@echo "make demo      ten prices of one server; then three behind nginx, of which one is killed"
	@echo "make check     every test, also under the sanitizers; CHECK='unit --build dev' for some"
	@echo "make install   into PREFIX (/usr/local), below DESTDIR where that is set"
	@echo "make fleet     the same fleet in Docker, by deploy/compose"
	@echo "make image     the Docker image quoted:VERSION, with the engine that runs here"
	@echo "make format    put every C file into the form of .clang-format"
	@echo "make lint      clang-format, tidy, clang-tidy, cppcheck, scripts"
	@echo "make fuzz      each fuzz target for FUZZ_SECONDS (60) from its corpus"
	@echo "make bench     beside Redis, nginx and others, as ratios, and the table of targets; 12 minutes"
	@echo "make curves    the same over connections, symbols, watchers..., into bench/results.md; 10 minutes"
	@echo "make figures   every figure of the report that this grew from, into docs/figures.md"
	@echo "make week      a week of a free key, in virtual time, into docs/week.md"
	@echo "make reliability  what clients notice while servers fail, into docs/reliability.md"
	@echo "make clean     remove build/"
