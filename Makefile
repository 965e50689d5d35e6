.PHONY: all test test-all golden run bench

all: ; ./.ci/run
test: ; go test -race ./...
test-all: ; go test -race ./... && go test -run 'TestRace$$' ./adapters/eventlog/sqlite -appends 1000000 -timeout 60m && go test ./cmd/ledgerline -run Killed -v -kills 1000 -timeout 60m
golden: ; UPDATE_GOLDEN=1 go test ./...
run: ; go run ./cmd/ledgerline serve
bench: ; go test -run '^$$' -bench . -benchmem ./... && go test ./cmd/effects -run Figure -v -jobs 50000 && go test ./domain/pace -run UnknownLimits -v
