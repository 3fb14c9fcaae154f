package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// host is the registry that every program is asked for.
var host = registry.Registry{Account: ecrtest.Account, Region: ecrtest.Region, Partition: "aws", Service: registry.Private}.Host()

// measure runs all measurements.
func measure(ctx context.Context, o options, log io.Writer) (*results, error) {
	r := &results{Date: time.Now(), Machine: thisMachine(), Runs: o.runs}
	dir, err := os.MkdirTemp("", "ecr-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	server, err := ecrtest.Start(ecrtest.Options{})
	if err != nil {
		return nil, err
	}
	defer server.Close()
	b := &bench{ctx: ctx, server: server, dir: dir, log: log, runs: o.runs, question: filepath.Join(dir, "question")}
	if err := os.WriteFile(b.question, []byte(host), 0o600); err != nil {
		return nil, err
	}
	if b.stderr, err = os.OpenFile(filepath.Join(dir, "stderr"), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600); err != nil {
		return nil, err
	}
	defer b.stderr.Close()
	if err := b.programs(o, r); err != nil {
		return nil, err
	}
	for _, part := range []func(*results) error{
		b.measureWarm, b.measureSources, b.measureEntries, b.measureParallel, b.measureCold, b.measureCLI, b.measureSize, b.measureParse,
	} {
		if err := part(r); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// programs finds the programs to compare, copies each, and describes it.
func (b *bench) programs(o options, r *results) (err error) {
	if b.empty, err = buildEmpty(b.ctx, b.dir); err != nil {
		return err
	}
	b.ours = helper(oursID, "this helper", o.helper)
	for i, path := range o.peers {
		id := peerID
		if i > 0 {
			id += strconv.Itoa(i + 1)
		}
		b.peers = append(b.peers, helper(id, "peer", path))
		r.Peers = append(r.Peers, id)
	}
	bin := filepath.Join(b.dir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		return err
	}
	for _, p := range append([]*program{b.empty, b.ours}, b.peers...) {
		name, details, kind, err := describe(p.path)
		switch {
		case err != nil:
			return err
		case p == b.ours:
			details = name + ": " + details
		case p != b.empty && len(b.peers) > 1:
			p.name = name + " (" + kind + ")"
		case p != b.empty:
			p.name = name
		}
		r.Programs = append(r.Programs, listed{p.id, p.name, details})
		if err := p.install(bin); err != nil {
			return err
		}
	}
	path, err := exec.LookPath("aws")
	if err != nil {
		r.CLIMissing = "the AWS command line is not installed"
		return nil
	}
	details, err := commandLine(b.ctx, path)
	if err != nil {
		r.CLIMissing = "the AWS command line does not run here"
		return nil
	}
	b.cli = awsCLI(path)
	r.Programs = append(r.Programs, listed{cliID, b.cli.name, details})
	return nil
}

// helpers returns scenes for this helper and a number of peers, each in a home with a source of
// credentials.
func (b *bench) helpers(source ecrtest.Source, peers int) ([]*scene, error) {
	var scenes []*scene
	for _, p := range append([]*program{b.ours}, b.peers[:min(peers, len(b.peers))]...) {
		s, err := b.newScene(p, source)
		if err != nil {
			return nil, err
		}
		scenes = append(scenes, s)
	}
	return scenes, nil
}
