package main

import (
	"time"

	"github.com/4e881efc/ecr-credential-helper/ecr-login/ecrtest"
)

// The situations, as results, tables and charts know them.
const (
	staticKeys = "static keys"
	withBundle = "AWS_CA_BUNDLE set"
	overHTTP   = "http"
	overHTTPS  = "https"
)

// sources are the ways to credentials, in the words of the tables; the others are compared with the first.
var sources = []struct {
	name   string
	source ecrtest.Source
}{
	{staticKeys, ecrtest.FromEnvironment},
	{"role", ecrtest.FromRole},
	{"SSO", ecrtest.FromSSO},
	{"process", ecrtest.FromProcess},
	{"container", ecrtest.FromECS},
	{"EC2", ecrtest.FromEC2},
}

var (
	entryCounts  = []int{1, 100, 1_000, 10_000}
	volleyCounts = []int{1, 10, 100}
)

// latency is what the fake API takes to answer a cold get.
const (
	latency   = 100 * time.Millisecond
	latencyMS = float64(latency) / float64(time.Millisecond)
)

// results are all that was measured: what the document is made of.
type results struct {
	Date     time.Time
	Machine  machine
	Runs     int
	Programs []listed
	Peers    []string // their IDs, as they were given; the first is the one that the targets are about
	Bundle   string   // the file in AWS_CA_BUNDLE

	Warm         measurement // programs, and staticKeys or withBundle
	Sources      measurement // those of sources
	Entries      measurement // entryScene
	EntriesNoted string      // why the peer is not in Entries, or ""
	Cold         measurement // overHTTP and overHTTPS
	CLI          measurement // a cold get against the AWS command line
	CLIMissing   string      // why not
	ParallelWarm volleys
	ParallelCold volleys
	Costs        []cost // as Warm
	Size         size
	ParseNanos   figure // registry.Parse, per call
	ParseAllocs  figure
}

// listed is a program in the list of what was compared.
type listed struct{ ID, Name, Details string }

// cost finds what was counted; nil when that was not.
func (r *results) cost(program, scene string) *cost {
	for i := range r.Costs {
		if r.Costs[i].Program == program && r.Costs[i].Scene == scene {
			return &r.Costs[i]
		}
	}
	return nil
}
