package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
	"github.com/4e881efc/ecr-credential-helper/ecr-login/registry"
)

// host is what every program is asked for.
var host = registry.Registry{Account: ecrtest.Account, Region: ecrtest.Region, Partition: "aws", Service: registry.Private}.Host()

// measure does all the work.
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

// programs gathers what is compared, copies each, and describes it.
func (b *bench) programs(o options, r *results) (err error) {
	if b.empty, err = buildEmpty(b.ctx, b.dir); err != nil {
		return err
	}
	b.ours = helper(oursID, "this helper", o.helper)
	all := []*program{b.empty, b.ours}
	if o.peer != "" {
		b.peer = helper(peerID, "peer", o.peer)
		all = append(all, b.peer)
	}
	bin := filepath.Join(b.dir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		return err
	}
	for _, p := range all {
		name, details, err := describe(p.path)
		if err != nil {
			return err
		}
		switch p {
		case b.peer:
			p.name, r.PeerName = name, name
		case b.ours:
			r.Programs = append(r.Programs, listed{p.id, p.name, name + ": " + details})
		}
		if p != b.ours {
			r.Programs = append(r.Programs, listed{p.id, p.name, details})
		}
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

// helpers are ours and, when there is one, the peer, each in a home with that source of credentials.
func (b *bench) helpers(source ecrtest.Source) ([]*scene, error) {
	var scenes []*scene
	for _, p := range []*program{b.ours, b.peer} {
		if p == nil {
			continue
		}
		s, err := b.newScene(p, source)
		if err != nil {
			return nil, err
		}
		scenes = append(scenes, s)
	}
	return scenes, nil
}
